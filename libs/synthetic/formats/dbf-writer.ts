import { FileWriter } from './file-writer.js';
import { encodeGbk } from './gb-encoding.js';

export interface DbfField {
  name: string;
  type: 'C' | 'D' | 'N';
  length: number;
}

/** Writes dBase III tables (FoxPro layout, cp936, language byte 0x4D). Values are space-padded, numbers to the left; `cut` characters that do not fit are left off whole. */
export class DbfWriter {
  private readonly recordLength: number;

  constructor(private readonly file: FileWriter, private readonly fields: readonly DbfField[]) {
    this.recordLength = 1 + fields.reduce((sum, f) => sum + f.length, 0);
  }

  /** `updated` is the day of the last change (years since 1900 fit a byte). */
  header(records: number, updated: { year: number; month: number; date: number }): void {
    const head = Buffer.alloc(32 + this.fields.length * 32 + 1);
    head[0] = 0x03;
    head[1] = updated.year - 1900;
    head[2] = updated.month;
    head[3] = updated.date;
    head.writeUInt32LE(records, 4);
    head.writeUInt16LE(head.length, 8);
    head.writeUInt16LE(this.recordLength, 10);
    head[29] = 0x4d;
    this.fields.forEach((f, i) => {
      const at = 32 + i * 32;
      head.write(f.name, at, 'ascii');
      head.write(f.type, at + 11, 'ascii');
      head[at + 16] = f.length;
    });
    head[head.length - 1] = 0x0d;
    this.file.write(head);
  }

  record(values: readonly (string | Buffer)[], deleted = false): void {
    const row = Buffer.alloc(this.recordLength, 0x20);
    if (deleted) row[0] = 0x2a;
    let at = 1;
    this.fields.forEach((f, i) => {
      const value = values[i] ?? '';
      const bytes = typeof value === 'string' ? fit(value, f.length) : value.subarray(0, f.length);
      bytes.copy(row, f.type === 'N' ? at + f.length - bytes.length : at);
      at += f.length;
    });
    this.file.write(row);
  }

  close(): void {
    this.file.write(Buffer.from([0x1a]));
    this.file.close();
  }
}

function fit(text: string, length: number): Buffer {
  let bytes = encodeGbk(text);
  for (let n = [...text].length; bytes.length > length; n--) bytes = encodeGbk([...text].slice(0, n - 1).join(''));
  return bytes;
}
