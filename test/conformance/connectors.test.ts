import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Connector } from '#libs/connector-sdk/connector';
import { encodeText } from '#libs/connector-sdk/formats/encode-text';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { OutMapper } from '#libs/connector-sdk/out-mapper';
import { SnapshotReader } from '#libs/connector-sdk/read-snapshot';
import type { SnapshotFile } from '#libs/connector-sdk/row';
import type { RowOutcome } from '#libs/connector-sdk/table-mapper';
import { Divisions } from '#libs/values/divisions';

/** Every connector folder proves its own reading rules: connectors/README.md, "Fixtures". */
const ROOT = path.resolve(import.meta.dirname, '../../connectors');
const DIVISIONS = Divisions.parse(readFileSync(path.resolve(import.meta.dirname, '../fixtures/sample-city/divisions.csv'), 'utf8'));
const folders = readdirSync(ROOT, { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name);

interface Case {
  table: string;
  why: string;
  fileName?: string;
  snapshotDate?: string;
  beside?: Record<string, string>;
}

function memoryFile(name: string, bytes: Buffer, beside: ReadonlyMap<string, Buffer>): SnapshotFile {
  const other = (n: string): SnapshotFile | undefined => {
    const found = beside.get(n);
    return found === undefined ? undefined : memoryFile(n, found, beside);
  };
  return { name, bytes: bytes.length, open: () => Readable.from([bytes]), beside: other };
}

/** The first file name that fits, for a case that does not care. */
function firstName(connector: Connector, table: string, date: string): string {
  const { file } = connector.manifest.snapshot.tables.find((t) => t.id === table)!;
  const digits = date.replaceAll('-', '');
  return file.replace('{date:yyyyMMdd}', digits).replace('{date:yyyyMM}', digits.slice(0, 6)).replace('{sequence}', '0001');
}

async function readCase(connector: Connector, name: string): Promise<RowOutcome[]> {
  const dir = path.join(connector.dir, 'fixtures/in');
  const spec = parse(readFileSync(path.join(dir, `${name}.case.yaml`), 'utf8')) as Case;
  const snapshotDate = spec.snapshotDate ?? '2026-03-31';
  const beside = new Map(Object.entries(spec.beside ?? {}).map(([n, file]) => [n, readFileSync(path.join(dir, file))]));
  const fileName = spec.fileName ?? firstName(connector, spec.table, snapshotDate);
  const files = [memoryFile(fileName, readFileSync(path.join(dir, `${name}.raw`)), beside), ...[...beside].map(([n, b]) => memoryFile(n, b, beside))];
  const reader = new SnapshotReader(connector, files, { divisions: DIVISIONS, snapshotDate, observedAt: `${snapshotDate}T00:00:00+08:00` });
  const file = reader.files.find((f) => f.file.name === fileName);
  expect(file?.table.id).toBe(spec.table);
  const rows: RowOutcome[] = [];
  for await (const batch of reader.read(file!)) rows.push(...batch.rows);
  return rows;
}

const cases = (id: string, kind: 'in' | 'out', ending: string): string[] => {
  const dir = path.join(ROOT, id, 'fixtures', kind);
  return existsSync(dir) ? readdirSync(dir).filter((n) => n.endsWith(ending)).map((n) => n.slice(0, -ending.length)) : [];
};
const readJson = (id: string, ...parts: string[]): unknown => JSON.parse(readFileSync(path.join(ROOT, id, 'fixtures', ...parts), 'utf8'));

describe.each(folders)('connector %s', (id) => {
  let connector: Connector | undefined;
  const load = (): Connector => (connector ??= loadConnector(path.join(ROOT, id)));
  const seen = { issues: new Set<string>() };

  it('is well-formed', () => {
    expect(load().id).toBe(id);
    expect(cases(id, 'in', '.case.yaml').length).toBeGreaterThan(0);
  });

  it('says the same code both ways', () => {
    for (const [name, map] of load().codes) {
      for (const [canonical, source] of map.out) {
        const back = source === '' ? undefined : map.in.get(source);
        if (back !== undefined) expect({ name, canonical: back }).toEqual({ name, canonical });
      }
    }
  });

  for (const name of cases(id, 'in', '.case.yaml')) it(`reads ${name}`, async () => {
    if (existsSync(path.join(ROOT, id, 'fixtures/in', `${name}.rejected.json`))) {
      const expected = readJson(id, 'in', `${name}.rejected.json`) as { code: string };
      await expect(readCase(load(), name)).rejects.toMatchObject({ code: expected.code });
      return;
    }
    const expected = readJson(id, 'in', `${name}.expected.json`) as { accepted: unknown[]; void?: unknown[]; dead?: unknown[]; never?: string[] };
    const rows = await readCase(load(), name);
    const records: AnySourceRecord[] = rows.flatMap((r) => (r.kind === 'accepted' ? r.records : []));
    records.forEach((r) => r.issues?.forEach((i) => seen.issues.add(i.code)));
    expect(rows.flatMap((r) => (r.kind === 'dead' ? [{ position: r.position, code: r.code }] : []))).toEqual(expected.dead ?? []);
    expect(rows.flatMap((r) => (r.kind === 'void' ? [{ position: r.position, why: r.why }] : []))).toEqual(expected.void ?? []);
    expect(records).toMatchObject(expected.accepted);
    // Latin-1 keeps bytes apart, so that a text is found whatever the encoding of the row.
    const left = rows.map((r) => (r.kind === 'accepted' ? JSON.stringify(r.records) : r.kind === 'dead' ? Buffer.from(r.bytes).toString('latin1') : '')).join('\n');
    for (const text of expected.never ?? []) {
      for (const spelt of [text, Buffer.from(text, 'utf8').toString('latin1'), encodeText(text, 'gb18030').toString('latin1')]) expect(left).not.toContain(spelt);
    }
    for (const r of records) {
      for (const column of load().manifest.never) expect(r.legacy?.[column]).toBeUndefined();
      expect(r).toMatchObject({ system: id, origin: { position: expect.any(Number) }, order: expect.any(String) });
    }
  });

  for (const name of cases(id, 'out', '.golden.json')) it(`writes ${name}`, () => {
    const golden = readJson(id, 'out', `${name}.golden.json`) as { type: 'person'; fields: object; held?: object; ticket?: { number: string; kind: 'contestedId'; text: string } };
    const expected = readJson(id, 'out', `${name}.expected.json`) as { columns: object; refused?: object[] };
    const out = new OutMapper(load());
    const fields = golden.fields as Record<string, unknown>;
    const row = golden.ticket !== undefined
      ? out.ticket(golden.ticket, fields)
      : golden.held === undefined
        ? out.encode(golden.type, fields)
        : out.changes(golden.type, fields, golden.held as Record<string, unknown>);
    expect(row.columns).toEqual(expected.columns);
    expect(row.refused.map(({ column, code }) => ({ column, code }))).toEqual(expected.refused ?? []);
  });

  it('has met dirt', () => {
    // A folder whose fixtures never meet a doubtful value proves nothing about its reading of dirt.
    expect(seen.issues.size).toBeGreaterThan(0);
  });
});
