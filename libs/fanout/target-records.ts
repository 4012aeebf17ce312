import { statSync } from 'node:fs';
import path from 'node:path';
import type { Connector } from '#libs/connector-sdk/connector';
import type { ConnectionParts } from '#libs/connector-sdk/open-target';
import { SnapshotReader } from '#libs/connector-sdk/read-snapshot';
import { cityFiles, type TableFile } from '#libs/connector-sdk/snapshot-files';
import type { RowOutcome } from '#libs/connector-sdk/table-mapper';
import { YiciError } from '#libs/kernel/errors';
import type { AnySourceRecord } from '#libs/model/source-record';
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

/**
 * Everything a target holds now, page by page: asked over its own protocol, or its newest exported files where it can only be
 * read so. Throws YICI_RECONCILE_NOT_READABLE, and what the protocol throws.
 */
export async function* targetRecords(connector: Connector, parts: TargetRecordParts, signal: AbortSignal): AsyncGenerator<TargetPage> {
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
  const files = newestFiles(connector, parts);
  if (files.length === 0) throw notReadable(connector.id);
  const reader = readerOf(connector, parts, files);
  for (const file of reader.files) {
    const asOf = exportedAt(connector, parts, file);
    for await (const batch of reader.read(file)) yield { records: recordsOf(batch.rows), asOf };
    if (signal.aborted) return;
  }
}

function recordsOf(rows: readonly RowOutcome[]): AnySourceRecord[] {
  return rows.flatMap((row) => (row.kind === 'accepted' ? row.records : []));
}

/** Of each table the files of its newest date: an earlier export is history. */
function newestFiles(connector: Connector, parts: TargetRecordParts): TableFile[] {
  if (parts.spoolDir === undefined) return [];
  const { files } = readerOf(connector, parts, undefined);
  const newest = new Map<string, string>();
  for (const { table, name } of files) if ((name.date ?? '') >= (newest.get(table.id) ?? '')) newest.set(table.id, name.date ?? '');
  return files.filter(({ table, name }) => (name.date ?? '') === newest.get(table.id));
}

function readerOf(connector: Connector, parts: TargetRecordParts, only: readonly TableFile[] | undefined): SnapshotReader {
  const files = only?.map((f) => f.file) ?? cityFiles(connector, path.join(parts.spoolDir!, connector.id));
  const now = new Date(parts.clock.now()).toISOString();
  return new SnapshotReader(connector, files, { divisions: parts.divisions, snapshotDate: now.slice(0, 10), observedAt: now });
}

/** The spool keeps the time at which the system wrote a file. */
function exportedAt(connector: Connector, parts: TargetRecordParts, { file }: TableFile): number {
  return statSync(path.join(parts.spoolDir!, connector.id, connector.id, file.name)).mtimeMs;
}

function notReadable(target: string): YiciError {
  return new YiciError({
    code: 'YICI_RECONCILE_NOT_READABLE', stage: 'receiving', message: `系统 ${target} 无法整体读取：没有可查询的接口，也没有已取得的导出文件。${target} cannot be read as a whole: it cannot be asked, and no export of it was fetched yet.`,
    fix: 'Connect its read side, or wait for its next export.',
  });
}
