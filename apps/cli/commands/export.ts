import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Argument, type Command } from 'commander';
import { stringify } from 'csv-stringify';
import { systemClock } from '#libs/kernel/clock';
import { AuditStore } from '#libs/store/audit-store';
import { EXPORTS, exportRows, type ExportKind } from '../export-rows.js';
import { withStore, type StoreOptions } from '../store-context.js';
import { Terminal, type OutputOptions } from '../terminal.js';

type Options = StoreOptions & OutputOptions & { out: string };

export function exportCommand(program: Command): void {
  program.command('export')
    .description('write what the store holds as CSV; every export is in the audit log')
    .addArgument(new Argument('<what>').choices(EXPORTS))
    .requiredOption('--out <file>', 'CSV file to write')
    .option('--data-dir <dir>', 'data directory (default: YICI_DATA_DIR or .yici)')
    .option('--json', 'print the result as one JSON object')
    .action((what: ExportKind, o: Options) => withStore(o, async ({ store }) => {
      const terminal = new Terminal(o);
      await store.unitOfWork.run((tx) => new AuditStore(store.sealing, systemClock).append(tx, [{ actor: 'command line', action: `export ${what}` }]));
      let rows = 0;
      const counted = (async function* () {
        for await (const row of exportRows(what, store)) {
          rows += 1;
          if (rows % 1000 === 0) terminal.progress(what, rows, 0, 'rows');
          yield row;
        }
      })();
      await pipeline(Readable.from(counted), stringify(), createWriteStream(o.out, { mode: 0o600 }));
      terminal.endProgress();
      terminal.result({ what, file: o.out, rows: Math.max(0, rows - 1) }, (r) => `${r.rows} rows of ${r.what} in ${r.file}`);
    }));
}
