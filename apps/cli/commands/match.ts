import { readFileSync } from 'node:fs';
import { createReadStream, createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify';
import { YiciError } from '#libs/kernel/errors';
import { matchPersonTable, PERSON_COLUMNS } from '#libs/matching/table/person-table';
import { readTableConfig } from '#libs/matching/table/table-config';
import { matchRows, type TableRow } from '#libs/matching/table/table-engine';
import { Divisions } from '#libs/values/divisions';
import { modelOf } from '../match-model-file.js';
import { readParquet } from '../read-parquet.js';
import { Terminal, type OutputOptions } from '../terminal.js';

interface Options extends OutputOptions {
  config: string;
  out: string;
  divisions?: string;
  model?: string;
}

export function matchCommand(program: Command): void {
  program.command('match')
    .description('find the rows of a table that are the same; built-in config "person" reads the flat person table')
    .argument('<file>', 'CSV with a header, or Parquet')
    .requiredOption('--config <config>', '"person", or a JSON file that names columns, comparisons and blocking')
    .requiredOption('--out <file>', 'CSV to write: record_id,cluster_id')
    .option('--divisions <file>', 'divisions.csv of the city, with --config person')
    .option('--model <file>', 'match model made by yici train, with --config person (default: the one that ships)')
    .option('--json', 'print the result as one JSON object')
    .action((file: string, o: Options) => match(file, o));
}

async function match(file: string, o: Options): Promise<void> {
  const terminal = new Terminal(o);
  const started = performance.now();
  const rows: TableRow[] = [];
  for await (const row of readRows(file)) {
    rows.push(row);
    if (rows.length % 10_000 === 0) terminal.progress('read', rows.length, 0, 'rows');
  }
  const clusters = o.config === 'person' ? matchPersons(rows, o) : matchTable(rows, o.config);
  terminal.endProgress();
  await pipeline(Readable.from([['record_id', 'cluster_id'], ...clusters]), stringify(), createWriteStream(o.out));
  const found = new Set(clusters.map(([, cluster]) => cluster)).size;
  terminal.result({ records: rows.length, clusters: found, file: o.out, seconds: Math.round((performance.now() - started)) / 1000, peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024) },
    (r) => `${r.records} rows are ${r.clusters} clusters (${r.seconds} s); ${r.file}`);
}

function readRows(file: string): AsyncIterable<TableRow> {
  if (file.endsWith('.parquet')) return readParquet(file);
  return createReadStream(file).pipe(parse({ columns: (header: string[]) => header.map((h) => h.trim()), bom: true, trim: true, skip_empty_lines: true, max_record_size: 1 << 20 }));
}

function matchPersons(rows: readonly TableRow[], { divisions, model }: Pick<Options, 'divisions' | 'model'>): [string, string][] {
  const missing = PERSON_COLUMNS.filter((c) => rows[0] !== undefined && !(c in rows[0]));
  if (missing.length > 0) throw badTable(`The table lacks the columns ${missing.join(', ')}.`, `The flat person table has ${PERSON_COLUMNS.join(', ')}.`);
  const known = divisions === undefined ? new Divisions([]) : Divisions.parse(readFileSync(divisions, 'utf8'));
  return matchPersonTable(rows, known, modelOf(model)).map((m) => [m.recordId, m.clusterId]);
}

function matchTable(rows: readonly TableRow[], file: string): [string, string][] {
  const config = readTableConfig(JSON.parse(readFileSync(path.resolve(file), 'utf8')));
  if (rows[0] !== undefined && !(config.recordId in rows[0])) throw badTable(`The table has no column ${config.recordId}.`, 'recordId of the config names the column that identifies a row.');
  const labels = matchRows(rows, config);
  return rows.map((r, i) => [r[config.recordId]!, labels[i]!]);
}

function badTable(message: string, fix: string): YiciError {
  return new YiciError({ code: 'YICI_MATCH_TABLE', stage: 'receiving', message, fix });
}
