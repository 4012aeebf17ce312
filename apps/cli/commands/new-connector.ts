import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { shapeOfSample, type SampleShape } from '#libs/connector-sdk/scaffold/read-sample';
import { scaffoldConnector, type NewConnector } from '#libs/connector-sdk/scaffold/scaffold-connector';
import { YiciError } from '#libs/kernel/errors';
import { projectRoot } from '#libs/platform/project-root';
import { Terminal, type OutputOptions } from '../terminal.js';

interface Options extends OutputOptions {
  sample?: string;
  columns?: string;
  key?: string;
  name?: string;
  nameEn?: string;
  owner: string;
  category: string;
  dir?: string;
  exchange?: NewConnector['exchange'];
}

export function newConnectorCommand(program: Command): void {
  program.command('new-connector <id>')
    .description('make a connector folder to begin with: valid, with a fixture, and certified as far as it goes')
    .option('--sample <file>', 'one real file of the system with a header: its format and columns are looked at, its rows are not kept')
    .option('--columns <names>', 'instead of a sample: the columns, joined by commas')
    .option('--key <column>', 'column that names a record for ever (default: guessed)')
    .option('--name <name>', 'name of the system in Chinese (default: the id)')
    .option('--name-en <name>', 'and in English (default: the id)')
    .option('--owner <department>', 'department that owns it', '（部门）')
    .option('--category <category>', '人口管理, 综治平台, 民生服务, 智慧社区 or 党建自治', '民生服务')
    .addOption(new Option('--exchange <transport>', 'live from the beginning: files laid into a folder and taken from another').choices(['folder', 'ftp', 'sftp']))
    .option('--dir <dir>', 'folder of connector folders (default: YICI_CONNECTORS_DIR or connectors/)')
    .option('--json', 'print the result as one JSON object')
    .action((id: string, o: Options) => {
      const shape = shapeOf(o);
      const files = scaffoldConnector({ ...shape, id, name: o.name ?? id, nameEn: o.nameEn ?? id, owner: o.owner, category: o.category, key: o.key, exchange: o.exchange });
      const folder = path.resolve(o.dir ?? process.env['YICI_CONNECTORS_DIR'] ?? path.join(projectRoot(), 'connectors'), id);
      if (existsSync(folder)) throw new YiciError({ code: 'YICI_CONNECTOR_EXISTS', stage: 'config', message: `${folder} exists already.`, fix: 'Choose another id, or edit the folder that is there.' });
      for (const [name, content] of files) {
        const file = path.join(folder, name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
      loadConnector(folder);
      const shown = path.relative('', folder) || folder;
      new Terminal(o).result({ folder, files: [...files.keys()], columns: shape.columns }, () => [
        `${shown}/`, ...[...files.keys()].map((f) => `  ${f}`), '',
        `${shape.columns.length} columns, ${shape.encoding}. Search the folder for DECIDE, then:`,
        `  npx yici certify ${id}`,
        'docs/adding-a-connector.md goes on from here.',
      ].join('\n'));
    });
}

function shapeOf({ sample, columns }: Options): SampleShape {
  if (sample !== undefined) return shapeOfSample(sample, readFileSync(sample));
  if (columns === undefined) {
    throw new YiciError({ code: 'YICI_CONNECTOR_NO_COLUMNS', stage: 'config', message: 'Nothing says what columns the system has.', fix: 'Give --sample FILE (a delimited file with a header) or --columns A,B,C.' });
  }
  return { filePattern: 'EXPORT_{date:yyyyMMdd}.csv', encoding: 'utf-8', delimiter: ',', quoting: 'rfc4180', columns: columns.split(',').map((c) => c.trim()) };
}
