import { statSync } from 'node:fs';
import path from 'node:path';
import type { Connector } from '#libs/connector-sdk/connector';
import type { ConnectionParts } from '#libs/connector-sdk/open-target';
import { SnapshotReader } from '#libs/connector-sdk/read-snapshot';
import type { SnapshotFile } from '#libs/connector-sdk/row';
import { cityFiles, fileDigest, tableFiles, type TableFile } from '#libs/connector-sdk/snapshot-files';
import type { RowOutcome } from '#libs/connector-sdk/table-mapper';
import { YiciError } from '#libs/kernel/errors';
import type { AnySourceRecord } from '#libs/model/source-record';
import { offeredDate, type OfferMark } from '#libs/store/offered-files';
import { readSide } from './read-back.js';

/** Some of a target's records, and the time whose state they show, in milliseconds. */
export interface TargetPage {
  records: AnySourceRecord[];
  asOf: number;
}

export interface TargetRecordParts extends ConnectionParts {
  /** Where intake keeps the files that it fetched, a folder a system. */
  spoolDir?: string;
}

/** What intake remembers of the files of a system that came by themselves, by name. */
export type OfferedFiles = ReadonlyMap<string, OfferMark>;

/**
 * Everything a target holds now, page by page: asked over its own protocol, or, where it can only be read so, its newest exported
 * files that intake read as a whole. Throws YICI_RECONCILE_NOT_READABLE, and what the protocol throws.
 */
export async function* targetRecords(connector: Connector, parts: TargetRecordParts, offered: () => Promise<OfferedFiles>, signal: AbortSignal): AsyncGenerator<TargetPage> {
  const source = connector.manifest.mode === 'live' ? readSide(connector, parts) : undefined;
  if (source?.readAll !== undefined) {
    try {
      const asOf = parts.clock.now();
      for await (const rows of source.readAll(signal)) yield { records: recordsOf(rows), asOf };
    } finally {
      await source.close();
    }
    return;
  }
  const files = parts.spoolDir === undefined ? [] : newest(tableFiles(connector, await spooled(connector, parts.spoolDir, await offered())));
  if (files.length === 0) throw notReadable(connector.id);
  const now = new Date(parts.clock.now()).toISOString();
  const reader = new SnapshotReader(connector, files.map((f) => f.file), { divisions: parts.divisions, snapshotDate: now.slice(0, 10), observedAt: now });
  for (const file of reader.files) {
    const asOf = Date.parse(file.file.stamp!.observedAt);
    for await (const batch of reader.read(file)) yield { records: recordsOf(batch.rows), asOf };
    if (signal.aborted) return;
  }
}

function recordsOf(rows: readonly RowOutcome[]): AnySourceRecord[] {
  return rows.flatMap((row) => (row.kind === 'accepted' ? row.records : []));
}

/**
 * The spooled files that intake took, under the very order and time it gave their rows. One that was refused, or lies there
 * half, says nothing of what the system holds.
 */
async function spooled(connector: Connector, spoolDir: string, offered: OfferedFiles): Promise<SnapshotFile[]> {
  const found: SnapshotFile[] = [];
  for (const file of cityFiles(connector, path.join(spoolDir, connector.id))) {
    const mark = offered.get(file.name);
    if (mark === undefined || mark.refused !== undefined || mark.digest !== (await fileDigest(file))) continue;
    // The spool keeps the time at which the system wrote a file.
    const exported = statSync(path.join(spoolDir, connector.id, connector.id, file.name)).mtime;
    found.push({ ...file, stamp: { fileDate: offeredDate(mark), observedAt: exported.toISOString(), identity: mark.identity ?? mark.digest } });
  }
  return found;
}

/** Of each table the files of its newest date: an earlier export is history. */
function newest(files: readonly TableFile[]): TableFile[] {
  const dates = new Map<string, string>();
  for (const { table, file } of files) if (dayOf(file) > (dates.get(table.id) ?? '')) dates.set(table.id, dayOf(file));
  return files.filter(({ table, file }) => dayOf(file) === dates.get(table.id));
}

/** Its date, whichever edition of it this is. */
function dayOf({ stamp }: SnapshotFile): string {
  return stamp!.fileDate.slice(0, 8);
}

function notReadable(target: string): YiciError {
  return new YiciError({
    code: 'YICI_RECONCILE_NOT_READABLE', stage: 'receiving', message: `系统 ${target} 无法整体读取：没有可查询的接口，也没有已取得的导出文件。${target} cannot be read as a whole: it cannot be asked, and no export of it was fetched yet.`,
    fix: 'Connect its read side, or wait for its next export.',
  });
}
