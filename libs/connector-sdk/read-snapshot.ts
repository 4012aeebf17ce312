import { cellText, type Row } from '#libs/mapping/cells';
import type { Divisions } from '#libs/values/divisions';
import type { Connector } from './connector.js';
import { checkManifest } from './formats/manifests.js';
import { readFormat } from './formats/read-format.js';
import type { TableSpec } from './manifest.js';
import type { SnapshotFile } from './row.js';
import { cityFiles, fileDateOf, fileDigest, tableFiles, type TableFile } from './snapshot-files.js';
import { TableMapper, type LookupTable, type RowOutcome } from './table-mapper.js';

export interface SnapshotContext {
  divisions: Divisions;
  /** `yyyy-mm-dd` of the snapshot: the time of rows whose file name has none. */
  snapshotDate: string;
  /** ISO 8601; stamped on every record of the snapshot. */
  observedAt: string;
}

/** Some rows of one file, in file order, each with its outcome. */
export interface SnapshotBatch {
  table: string;
  file: string;
  /** SHA-256 of the file, hex; with the position it names a row for ever. */
  digest: string;
  rows: RowOutcome[];
}

/** Reads the snapshot files of one connector. Lookups are read once, when the first table needs them. */
export class SnapshotReader {
  readonly files: readonly TableFile[];
  private readonly lookups = new Map<string, Promise<ReadonlyMap<string, Row>>>();
  private readonly mappers = new Map<string, TableMapper>();
  private readonly complete = new Map<string, Promise<void>>();

  constructor(private readonly connector: Connector, files: readonly SnapshotFile[], private readonly ctx: SnapshotContext) {
    this.files = tableFiles(connector, files);
  }

  /**
   * Rows of one of `files`, some hundred a batch. Throws YICI_SNAPSHOT_NOT_READY (incomplete by its manifest),
   * YICI_SNAPSHOT_SCHEMA_DRIFT, YICI_SNAPSHOT_UNREADABLE; nothing of such a file has been read as silent nulls.
   */
  async *read(file: TableFile, digest?: string): AsyncGenerator<SnapshotBatch> {
    await this.checkTable(file.table);
    const source = digest ?? (await fileDigest(file.file));
    const lookups = await this.lookupsOf(file.table);
    const mapper = this.mapper(file.table);
    const { fileDate, observedAt } = file.file.stamp ?? { fileDate: (await fileDateOf(file)) ?? this.ctx.snapshotDate.replaceAll('-', ''), observedAt: this.ctx.observedAt };
    const origin = { source, observedAt, fileDate, lookups };
    for await (const rows of readFormat(file.file, file.table.read)) {
      yield { table: file.table.id, file: file.file.name, digest: source, rows: rows.map((r) => mapper.outcome(r, origin)) };
    }
  }

  private mapper(table: TableSpec): TableMapper {
    let mapper = this.mappers.get(table.id);
    if (mapper === undefined) this.mappers.set(table.id, (mapper = new TableMapper(this.connector, table.id, this.ctx.divisions)));
    return mapper;
  }

  /** A table's files are complete together (one total over all of them) and checked once, before any of them is read. */
  private checkTable(table: TableSpec): Promise<void> {
    let checked = this.complete.get(table.id);
    if (checked === undefined) this.complete.set(table.id, (checked = this.checkFiles(table)));
    return checked;
  }

  private async checkFiles(table: TableSpec): Promise<void> {
    if (table.complete === undefined) return;
    await checkManifest(this.files.filter((f) => f.table.id === table.id).map((f) => f.file), table.complete, table.read);
  }

  private async lookupsOf(table: TableSpec): Promise<Map<string, LookupTable>> {
    const found = new Map<string, LookupTable>();
    for (const l of table.lookup) {
      const id = `${l.table}.${l.key}`;
      let rows = this.lookups.get(id);
      if (rows === undefined) this.lookups.set(id, (rows = this.readLookup(l)));
      found.set(l.table, { by: l.by, rows: await rows });
    }
    return found;
  }

  /** Memory grows with the number of keys, not of rows: only the named columns of the newest row of each key are kept. */
  private async readLookup(l: TableSpec['lookup'][number]): Promise<ReadonlyMap<string, Row>> {
    const newest = new Map<string, { order: string; row: Row }>();
    for (const file of this.files.filter((f) => f.table.id === l.table)) {
      for await (const batch of readFormat(file.file, file.table.read)) {
        for (const raw of batch) {
          if (raw.kind !== 'row') continue;
          const key = cellText(raw.values[l.key]);
          const order = l.newest.map((c) => comparable(cellText(raw.values[c]))).join('|');
          const before = newest.get(key);
          if (key === '' || (before !== undefined && before.order >= order)) continue;
          newest.set(key, { order, row: Object.fromEntries(l.columns.map((c) => [c, cellText(raw.values[c])])) });
        }
      }
    }
    return new Map([...newest].map(([key, { row }]) => [key, row]));
  }
}

/** Numbers compare as numbers whatever their length; what is no number never wins over one, so that a spoilt row displaces none. */
function comparable(text: string): string {
  return /^\d+$/.test(text) ? `1${text.padStart(20, '0')}` : `0${text}`;
}

/** Every row of a connector's snapshot: of a city directory (path) or of given files. */
export async function* readSnapshot(connector: Connector, source: string | readonly SnapshotFile[], ctx: SnapshotContext): AsyncGenerator<SnapshotBatch> {
  const reader = new SnapshotReader(connector, typeof source === 'string' ? cityFiles(connector, source) : source, ctx);
  for (const file of reader.files) yield* reader.read(file);
}
