import { YiciError } from '#libs/kernel/errors';
import type { Connector } from '#libs/connector-sdk/connector';
import { SnapshotReader } from '#libs/connector-sdk/read-snapshot';
import { cityFiles, fileDigest, type TableFile } from '#libs/connector-sdk/snapshot-files';
import type { DeadRow } from '#libs/connector-sdk/table-mapper';
import type { CityDirectory } from '#libs/intake/city-directory';
import { countRows, noRows } from '#libs/intake/count-rows';
import { fileHead, type FileMark } from '#libs/intake/file-mark';
import type { OfferedFile, RowCounts } from '#libs/store/snapshot-file-store';
import { RecordSet } from './record-set.js';

export interface ReadFile {
  file: OfferedFile;
  counts: RowCounts;
  /** Where streaming goes on, and what a replay of one row needs. */
  mark: FileMark;
  /** Not read as a whole; what was read of it before is left out. */
  refused?: { code: string; reason: string };
}

export interface SystemRead {
  files: ReadFile[];
  dead: { digest: string; row: DeadRow }[];
}

/**
 * Reads every file of one system into the record set. A file with a fault of its own (schema drift, manifest, unreadable)
 * is refused and named; the others go on.
 */
export async function readSystem(connector: Connector, city: CityDirectory, set: RecordSet, onRows: (rows: number) => void): Promise<SystemRead> {
  const reader = new SnapshotReader(connector, cityFiles(connector, city.dir), { divisions: city.divisions, snapshotDate: city.snapshotDate, observedAt: city.observedAt });
  const result: SystemRead = { files: [], dead: [] };
  for (const tableFile of reader.files) {
    const digest = await fileDigest(tableFile.file);
    const counts = noRows();
    const head = await fileHead(tableFile.file, tableFile.table.read);
    const mark: FileMark = { position: 0, ...(head !== undefined && { head }) };
    const read: ReadFile = { file: { digest, system: connector.id, name: tableFile.file.name, bytes: tableFile.file.bytes }, counts, mark };
    if (result.files.some((f) => f.file.digest === digest)) continue;
    result.files.push(read);
    const rows = new RecordSet();
    const dead: SystemRead['dead'] = [];
    try {
      await readRows(reader, tableFile, digest, counts, rows, dead, onRows);
      set.absorb(rows);
      mark.position = counts.read;
      result.dead.push(...dead);
    } catch (error) {
      if (!(error instanceof YiciError)) throw error;
      read.refused = { code: error.code, reason: error.message };
      Object.assign(counts, noRows());
    }
  }
  return result;
}

async function readRows(
  reader: SnapshotReader, file: TableFile, digest: string, counts: RowCounts, set: RecordSet, dead: SystemRead['dead'], onRows: (rows: number) => void,
): Promise<void> {
  for await (const batch of reader.read(file, digest)) {
    countRows(batch.rows, counts, (row) => set.add(row.records, counts));
    for (const row of batch.rows) if (row.kind === 'dead') dead.push({ digest, row });
    onRows(batch.rows.length);
  }
}
