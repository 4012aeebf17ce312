import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { fieldsOfBody } from '#libs/mapping/encode-out';
import type { OutValue } from '#libs/mapping/encode-value';
import type { AnySourceRecord } from '#libs/model/source-record';
import { sameFact } from '#libs/survivorship/same-fact';
import type { Divisions } from '#libs/values/divisions';
import { columnNames, type Connector } from '../connector.js';
import { memoryFile } from '../formats/memory-file.js';
import { readFormat } from '../formats/read-format.js';
import { OutMapper } from '../out-mapper.js';
import type { RawRow } from '../row.js';
import { TableMapper } from '../table-mapper.js';
import type { FieldLoss } from './certificate.js';
import { fixtureCases } from './fixture-cases.js';
import { probesOf, type Probe } from './probe-values.js';

type Row = Extract<RawRow, { kind: 'row' }>;

/**
 * Which canonical values this target truncates or cannot hold: each field that reaches it is spelt with a set of ordinary and odd
 * values, held to its limits, and read back by the folder's own mapping where the same column is read. What comes back as
 * another fact is a loss.
 */
export async function lossinessOf(connector: Connector, divisions: Divisions): Promise<FieldLoss[]> {
  const section = connector.mappingOut.person;
  if (section === undefined) return [];
  const out = new OutMapper(connector);
  const reader = await PersonReader.of(connector, divisions);
  return out.fields('person').map((field) => {
    const columns = Object.entries(section.columns).filter(([, spec]) => spec.field === field || spec.first?.field === field).map(([column]) => column);
    return { field, columns, losses: lossesOf(connector, out, reader, field, columns) };
  });
}

function lossesOf(connector: Connector, out: OutMapper, reader: PersonReader | undefined, field: string, columns: readonly string[]): string[] {
  const losses = new Map<string, Probe[]>();
  const note = (loss: string, probe: Probe): void => void losses.set(loss, [...(losses.get(loss) ?? []), probe]);
  for (const probe of probesOf(field)) {
    const row = out.encode('person', { [field]: probe.value });
    for (const refusal of row.refused.filter((r) => r.field === field)) note(`不写入，交人处理 refused before writing (${refusal.code})`, probe);
    const written = columns.filter((c) => row.columns[c] !== undefined);
    if (written.length === 0) {
      if (row.refused.length === 0) note('不写入 not written', probe);
      continue;
    }
    const back = reader?.read(row.columns);
    if (back === undefined || !reader!.reads(field, written)) continue;
    if (!sameFact(field, back[field], probe.value)) note('读回后不同 comes back as another value', probe);
  }
  const never = Object.entries(connector.mappingOut.person?.columns ?? {}).filter(([c, spec]) => columns.includes(c) && spec.as === 'matches');
  if (never.length > 0) return ['只答是否一致，不写值 only told whether it agrees'];
  return [...losses].map(([loss, probes]) => `${loss}: ${listed(probes)}`);
}

/** Codes are many: a few stand for all. */
function listed(probes: readonly Probe[]): string {
  const shown = probes.slice(0, 6).map((p) => `${p.zh} ${p.en}`).join('; ');
  return probes.length > 6 ? `${shown} … (${probes.length})` : shown;
}

/** Reads a person's row as the connector would, with some columns replaced. */
class PersonReader {
  private constructor(private readonly mapper: TableMapper, private readonly row: Row, private readonly own: ReadonlySet<string>) {}

  /** Undefined where no fixture has a person's row to start from. */
  static async of(connector: Connector, divisions: Divisions): Promise<PersonReader | undefined> {
    const rule = connector.manifest.records.find((r) => r.type === 'person' && !r.derived);
    const table = connector.manifest.snapshot.tables.find((t) => t.id === rule?.table);
    if (rule === undefined || table === undefined) return undefined;
    const mapper = new TableMapper(connector, table.id, divisions);
    for (const name of fixtureCases(connector.dir, 'in')) {
      const dir = path.join(connector.dir, 'fixtures/in');
      const spec = parse(readFileSync(path.join(dir, `${name}.case.yaml`), 'utf8')) as { table: string };
      if (spec.table !== table.id || !existsSync(path.join(dir, `${name}.expected.json`))) continue;
      const row = await firstRow(readFormat(memoryFile(name, readFileSync(path.join(dir, `${name}.raw`))), table.read), mapper);
      if (row !== undefined) return new PersonReader(mapper, row, new Set(columnNames(table.read)));
    }
    return undefined;
  }

  /** Whether the columns are columns that the connector reads from there, so that reading back says something. */
  reads(field: string, columns: readonly string[]): boolean {
    return columns.some((c) => this.own.has(c)) && this.fields({})[field] !== undefined;
  }

  read(columns: Readonly<Record<string, OutValue>>): Record<string, unknown> | undefined {
    return this.fields(columns);
  }

  private fields(columns: Readonly<Record<string, OutValue>>): Record<string, unknown> {
    const values = { ...this.row.values };
    for (const [c, v] of Object.entries(columns)) if (this.own.has(c)) values[c] = Array.isArray(v) ? v.join(',') : v as string;
    const outcome = this.mapper.outcome({ ...this.row, values }, { source: 'certify', observedAt: '2026-03-31T00:00:00+08:00', fileDate: '20260331' });
    const record: AnySourceRecord | undefined = outcome.kind === 'accepted' ? outcome.records.find((r) => r.recordType === 'person') : undefined;
    return record === undefined ? {} : { ...fieldsOfBody(record.body) };
  }
}

async function firstRow(batches: AsyncIterable<RawRow[]>, mapper: TableMapper): Promise<Row | undefined> {
  for await (const rows of batches) {
    for (const row of rows) {
      if (row.kind !== 'row') continue;
      const outcome = mapper.outcome(row, { source: 'certify', observedAt: '2026-03-31T00:00:00+08:00', fileDate: '20260331' });
      if (outcome.kind === 'accepted' && outcome.records.some((r) => r.recordType === 'person')) return row;
    }
  }
  return undefined;
}
