import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Connector } from './connector.js';
import { fileNamePattern, type FileNameParts } from './file-name.js';
import { DBF_DATE_BYTES, dbfDate } from './formats/dbf-header.js';
import type { TableSpec } from './manifest.js';
import type { SnapshotFile } from './row.js';

/** One file of a snapshot with the table whose rows it holds. */
export interface TableFile {
  table: TableSpec;
  file: SnapshotFile;
  name: FileNameParts;
}

/** A file on disk. */
export function diskFile(file: string): SnapshotFile {
  return {
    name: path.basename(file).normalize('NFC'),
    bytes: statSync(file).size,
    open: () => createReadStream(file),
    beside: (name) => {
      const other = path.join(path.dirname(file), name);
      return statSync(other, { throwIfNoEntry: false })?.isFile() === true ? diskFile(other) : undefined;
    },
  };
}

/** The files of `<cityDir>/<system id>/`; none when the folder is absent (system not connected yet). */
export function cityFiles(connector: Connector, cityDir: string): SnapshotFile[] {
  const dir = path.join(cityDir, connector.id);
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(dir).sort().map((n) => path.join(dir, n)).filter((f) => statSync(f).isFile()).map(diskFile);
}

/** Which of the files hold rows of which table, in the order they are read: by table, date, sequence. Others are left out. */
export function tableFiles(connector: Connector, files: readonly SnapshotFile[]): TableFile[] {
  return connector.manifest.snapshot.tables.flatMap((table) => {
    const match = fileNamePattern(table.file);
    return files
      .map((file) => ({ table, file, name: match(file.name) }))
      .filter((f): f is TableFile => f.name !== undefined)
      .sort((a, b) => (a.name.date ?? '').localeCompare(b.name.date ?? '') || (a.name.sequence ?? 0) - (b.name.sequence ?? 0));
  });
}

/** SHA-256 of a file's bytes, hex: the same name with new content is another file. */
export async function fileDigest(file: SnapshotFile): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of file.open()) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * The date that orders the rows of a file, `yyyymmdd`: the one in its name, else the day of last change that a dBase table keeps in its
 * header. undefined when neither says.
 */
export async function fileDateOf({ table, file, name }: TableFile): Promise<string | undefined> {
  if (name.date !== undefined || table.read.format !== 'dbf') return name.date;
  let head = Buffer.alloc(0);
  for await (const chunk of file.open()) {
    head = Buffer.concat([head, chunk as Buffer]);
    if (head.length >= DBF_DATE_BYTES) break;
  }
  return dbfDate(head);
}
