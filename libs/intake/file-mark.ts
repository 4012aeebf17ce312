import type { TableSpec } from '#libs/connector-sdk/manifest';
import type { FileStamp, SnapshotFile } from '#libs/connector-sdk/row';

/** Watermark of a snapshot file, under the channel {@link fileChannel}. */
export interface FileMark {
  /** Last row that the log has acknowledged; rows count from 1. */
  position: number;
  /** See {@link fileHead}. */
  head?: string;
  /** Of a fetched or uploaded file: how its rows are dated. */
  stamp?: FileStamp;
}

export function fileChannel(digest: string): string {
  return `file:${digest}`;
}

export function isFileChannel(channel: string): boolean {
  return channel.startsWith('file:');
}

const HEAD_LIMIT = 64 * 1024;
const LF = 0x0a;
const DBF_HEADER_LENGTH_AT = 8;

/**
 * What a single row of the file cannot be read again without: the header line of a delimited file (its columns may stand in
 * another order), the structure of a dBase table. Base64; undefined where rows name their own columns. Holds no person's data.
 */
export async function fileHead(file: SnapshotFile, read: TableSpec['read']): Promise<string | undefined> {
  const wanted = read.format === 'dbf' || (read.format === 'delimited' && read.header);
  if (!wanted) return undefined;
  let start = Buffer.alloc(0);
  for await (const chunk of file.open()) {
    start = Buffer.concat([start, chunk as Buffer]);
    const end = read.format === 'dbf' ? dbfHeadEnd(start) : start.indexOf(LF) + 1;
    if (end > 0 && start.length >= end) return start.subarray(0, end).toString('base64');
    if (start.length >= HEAD_LIMIT) break;
  }
  return undefined;
}

function dbfHeadEnd(start: Buffer): number {
  return start.length < DBF_HEADER_LENGTH_AT + 2 ? 0 : start.readUInt16LE(DBF_HEADER_LENGTH_AT);
}
