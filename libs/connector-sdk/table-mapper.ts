import type { RecordType } from '#libs/kernel/record-key';
import type { AnySourceRecord } from '#libs/model/source-record';
import { cellText, type Row } from '#libs/mapping/cells';
import { compileMapping, type MappedRecord, type RowMapper } from '#libs/mapping/compile-mapping';
import type { Divisions } from '#libs/values/divisions';
import { legacyColumns, type Connector } from './connector.js';
import { maskRow } from './mask-row.js';
import type { RawRow } from './row.js';

/** What became of one physical row: exactly one of the three, so that counts balance. */
export type RowOutcome =
  | { kind: 'accepted'; position: number; records: AnySourceRecord[] }
  | { kind: 'void'; position: number; why: string }
  | DeadRow;

export interface DeadRow {
  kind: 'dead';
  /** A file's digest or a stream's name; with the position it names the row for ever. */
  source: string;
  position: number;
  recordType: RecordType;
  naturalKey?: string;
  code: string;
  stage: 'decoding' | 'mapping';
  /** For a clerk; no personal value. */
  reason: string;
  /** Original bytes, with the columns that must never enter masked; a row that cannot be split is whole. */
  bytes: Uint8Array;
}

/** Name of a stream of live rows, as the source of their origin: the protocol, the table they are rows of, and what else tells it apart. */
export function streamSource(protocol: string, system: string, table: string, part = ''): string {
  return `${protocol}:${system}/${table}${part === '' ? '' : `:${part}`}`;
}

/** The table of a stream's rows; undefined when the source is a file's digest. */
export function tableOfStream(source: string): string | undefined {
  return /^[a-z-]+:[^/]+\/([^:]+)/.exec(source)?.[1];
}

/** Where and when a row was read. */
export interface RowOrigin {
  /** A file's digest or a stream's name. */
  source: string;
  /** ISO 8601. */
  observedAt: string;
  /** `yyyymmdd`, '' for a live row. */
  fileDate: string;
  lookups?: ReadonlyMap<string, LookupTable>;
}

/** Rows of another table by their key. */
export interface LookupTable {
  by: string;
  rows: ReadonlyMap<string, Row>;
}

/** Turns the rows of one table into outcomes; snapshots and live protocols share it, so that both give the same records. */
export class TableMapper {
  private readonly map: RowMapper;
  private readonly voids: { holds: (text: string, lookups: ReadonlyMap<string, Row> | undefined) => boolean; column: string; why: string }[];
  private readonly recordType: RecordType;
  private readonly never: readonly string[];
  /** The facet of a system that keeps nothing else: each of its records carries it, were it empty, for that is what makes the record restricted. */
  private readonly sealedFacet: string | undefined;

  constructor(private readonly connector: Connector, table: string, divisions: Divisions) {
    const { manifest, mappingIn, codes } = connector;
    const spec = manifest.snapshot.tables.find((t) => t.id === table)!;
    const lookups = new Set(spec.lookup.map((l) => l.table));
    this.map = compileMapping({ rules: manifest.records, mapping: mappingIn, codes, lookups, legacy: legacyColumns(connector) }, table, divisions);
    this.voids = spec.void.map((v) => {
      if ('in' in v) {
        const codes = new Set(v.in);
        return { column: v.column, why: v.why, holds: (text) => codes.has(text) };
      }
      return { column: v.column, why: v.why, holds: (text, rows) => {
        const newest = rows?.get(v.olderThan);
        return newest !== undefined && cellText(newest[v.column]) !== text;
      } };
    });
    this.recordType = manifest.records.find((r) => r.table === table)!.type;
    this.never = manifest.never;
    const facets = Object.keys(manifest.authority).filter((f) => f.startsWith('facets.')).map((f) => f.slice('facets.'.length));
    if (facets.length > 0 && facets.every((f) => manifest.restricted.includes(f))) this.sealedFacet = manifest.restricted[0];
  }

  outcome(raw: RawRow, origin: RowOrigin): RowOutcome {
    const { position } = raw;
    if (raw.kind === 'void') return { kind: 'void', position, why: raw.why };
    if (raw.kind === 'dead') {
      return { kind: 'dead', source: origin.source, position, recordType: this.recordType, code: raw.code, stage: 'decoding', reason: raw.reason, bytes: raw.bytes };
    }
    const row = raw.values;
    const lookups = lookupRows(row, origin.lookups);
    for (const v of this.voids) if (v.holds(cellText(row[v.column]), lookups)) return { kind: 'void', position, why: v.why };
    const mapped = this.map(row, { fileDate: origin.fileDate, cut: raw.cut, lookups });
    if (mapped.kind === 'fault') {
      const { recordType, naturalKey, code, reason } = mapped;
      return { kind: 'dead', source: origin.source, position, recordType, naturalKey, code, stage: 'mapping', reason, bytes: maskRow(raw.bytes, row, this.never) };
    }
    return { kind: 'accepted', position, records: mapped.records.map((m) => this.record(m, origin, position)) };
  }

  private record(mapped: MappedRecord, origin: RowOrigin, position: number): AnySourceRecord {
    const record = mapped as MappedRecord & { system: string; observedAt: string; origin: { source: string; position: number } };
    record.system = this.connector.id;
    record.observedAt = origin.observedAt;
    record.origin = { source: origin.source, position };
    if (this.sealedFacet !== undefined && record.recordType === 'person') {
      const body = record.body as { facets?: Record<string, unknown> };
      (body.facets ??= {})[this.sealedFacet] ??= {};
    }
    return record as AnySourceRecord;
  }
}

function lookupRows(row: Row, tables: ReadonlyMap<string, LookupTable> | undefined): ReadonlyMap<string, Row> | undefined {
  if (tables === undefined || tables.size === 0) return undefined;
  const found = new Map<string, Row>();
  for (const [table, lookup] of tables) {
    const other = lookup.rows.get(cellText(row[lookup.by]));
    if (other !== undefined) found.set(table, other);
  }
  return found;
}
