import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { YiciError } from '#libs/kernel/errors';
import type { CanonicalFields } from '#libs/mapping/encode-out';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Divisions } from '#libs/values/divisions';
import type { Connector } from '../connector.js';
import { encodeText } from '../formats/encode-text.js';
import { memoryFile } from '../formats/memory-file.js';
import { OutMapper } from '../out-mapper.js';
import { SnapshotReader } from '../read-snapshot.js';
import type { RowOutcome } from '../table-mapper.js';
import { expectThat } from './certificate.js';

/** fixtures/in/<case>.case.yaml, as connectors/README.md describes it. */
const caseSchema = z.strictObject({
  table: z.string(),
  why: z.string().min(1),
  fileName: z.string().optional(),
  snapshotDate: z.string().default('2026-03-31'),
  beside: z.record(z.string(), z.string()).default({}),
});

/** Names of a folder's cases: one whole file and what must come of it, or canonical values and what is written. */
export function fixtureCases(dir: string, kind: 'in' | 'out'): string[] {
  const folder = path.join(dir, 'fixtures', kind);
  const ending = kind === 'in' ? '.case.yaml' : '.golden.json';
  return existsSync(folder) ? readdirSync(folder).filter((n) => n.endsWith(ending)).map((n) => n.slice(0, -ending.length)).sort() : [];
}

/** Reads one case of fixtures/in and holds it to its expectation. Returns the codes of the quality issues it met; throws what differs. */
export async function judgeRead(connector: Connector, name: string, divisions: Divisions): Promise<Set<string>> {
  const dir = path.join(connector.dir, 'fixtures/in');
  const rejected = path.join(dir, `${name}.rejected.json`);
  if (existsSync(rejected)) {
    const { code } = JSON.parse(readFileSync(rejected, 'utf8')) as { code: string };
    await expectRefused(readCase(connector, name, divisions), code);
    return new Set();
  }
  const expected = JSON.parse(readFileSync(path.join(dir, `${name}.expected.json`), 'utf8')) as { accepted: unknown[]; void?: unknown[]; dead?: unknown[]; never?: string[] };
  const rows = await readCase(connector, name, divisions);
  const records: AnySourceRecord[] = rows.flatMap((r) => (r.kind === 'accepted' ? r.records : []));
  const dead = rows.flatMap((r) => (r.kind === 'dead' ? [{ position: r.position, code: r.code }] : []));
  const voids = rows.flatMap((r) => (r.kind === 'void' ? [{ position: r.position, why: r.why }] : []));
  expectSame(dead, expected.dead ?? [], 'dead letters');
  expectSame(voids, expected.void ?? [], 'void rows');
  expectThat(records.length === expected.accepted.length, `${expected.accepted.length} records were expected, ${records.length} were read`);
  records.forEach((record, i) => expectSubset(plain(record), expected.accepted[i], `record ${i + 1}`));
  expectNever(connector, rows, records, expected.never ?? []);
  return new Set(records.flatMap((r) => r.issues?.map((i) => i.code) ?? []));
}

/** Writes one case of fixtures/out and holds the columns to its expectation. */
export function judgeWritten(connector: Connector, name: string): void {
  const read = (ending: string): unknown => JSON.parse(readFileSync(path.join(connector.dir, 'fixtures/out', `${name}.${ending}.json`), 'utf8'));
  const golden = read('golden') as { type: 'person'; fields: CanonicalFields; held?: CanonicalFields; ticket?: { number: string; kind: 'contestedId'; text: string } };
  const expected = read('expected') as { columns: object; refused?: object[] };
  const out = new OutMapper(connector);
  const row = golden.ticket !== undefined
    ? out.ticket(golden.ticket, golden.fields)
    : golden.held === undefined ? out.encode(golden.type, golden.fields) : out.changes(golden.type, golden.fields, golden.held);
  expectSame(row.columns, expected.columns, 'columns');
  expectSame(row.refused.map(({ column, code }) => ({ column, code })), expected.refused ?? [], 'refused columns');
}

async function readCase(connector: Connector, name: string, divisions: Divisions): Promise<RowOutcome[]> {
  const dir = path.join(connector.dir, 'fixtures/in');
  const { table, fileName = firstName(connector, name, dir), snapshotDate, beside } = caseSchema.parse(parse(readFileSync(path.join(dir, `${name}.case.yaml`), 'utf8')));
  const others = Object.fromEntries(Object.entries(beside).map(([n, file]) => [n, readFileSync(path.join(dir, file))]));
  const files = [memoryFile(fileName, readFileSync(path.join(dir, `${name}.raw`)), others), ...Object.entries(others).map(([n, bytes]) => memoryFile(n, bytes, others))];
  const reader = new SnapshotReader(connector, files, { divisions, snapshotDate, observedAt: `${snapshotDate}T00:00:00+08:00` });
  const file = reader.files.find((f) => f.file.name === fileName);
  expectThat(file?.table.id === table, `${fileName} is no file of table ${table}`);
  const rows: RowOutcome[] = [];
  for await (const batch of reader.read(file!)) rows.push(...batch.rows);
  return rows;
}

/** The first file name that fits, for a case that does not care. */
function firstName(connector: Connector, name: string, dir: string): string {
  const { table, snapshotDate } = caseSchema.parse(parse(readFileSync(path.join(dir, `${name}.case.yaml`), 'utf8')));
  const pattern = connector.manifest.snapshot.tables.find((t) => t.id === table)?.file ?? '';
  const digits = snapshotDate.replaceAll('-', '');
  return pattern.replace('{date:yyyyMMdd}', digits).replace('{date:yyyyMM}', digits.slice(0, 6)).replace('{sequence}', '0001');
}

async function expectRefused(work: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await work.then(() => undefined, (e: unknown) => e);
  expectThat(error instanceof YiciError && error.code === code, `the file was to be refused with ${code}, and ${error === undefined ? 'was read' : `failed with ${(error as Partial<YiciError>).code ?? String(error)}`}`);
}

/** Texts of forbidden columns are in no record and no dead letter, whatever the encoding of the row. */
function expectNever(connector: Connector, rows: readonly RowOutcome[], records: readonly AnySourceRecord[], texts: readonly string[]): void {
  // Latin-1 keeps bytes apart, so that a text is found whatever the encoding.
  const left = rows.map((r) => (r.kind === 'accepted' ? JSON.stringify(r.records) : r.kind === 'dead' ? Buffer.from(r.bytes).toString('latin1') : '')).join('\n');
  for (const text of texts) {
    for (const spelt of [text, Buffer.from(text, 'utf8').toString('latin1'), encodeText(text, 'gb18030').toString('latin1')]) expectThat(!left.includes(spelt), 'a text of a forbidden column came through');
  }
  for (const record of records) for (const column of connector.manifest.never) expectThat(record.legacy?.[column] === undefined, `${column} must never enter and was kept`);
}

function expectSame(found: unknown, expected: unknown, what: string): void {
  expectThat(isDeepStrictEqual(plain(found), plain(expected)), `${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}

/** Every part that the expectation names is there; arrays have its length. */
function expectSubset(found: unknown, expected: unknown, where: string): void {
  if (Array.isArray(expected)) {
    expectThat(Array.isArray(found) && found.length === expected.length, `${where}: expected ${expected.length} items`);
    expected.forEach((e, i) => expectSubset((found as unknown[])[i], e, `${where}.${i}`));
  } else if (expected !== null && typeof expected === 'object') {
    expectThat(found !== null && typeof found === 'object', `${where} is missing`);
    for (const [key, value] of Object.entries(expected)) expectSubset((found as Record<string, unknown>)[key], value, `${where}.${key}`);
  } else expectThat(Object.is(found, expected), `${where}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
