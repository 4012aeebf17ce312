import { crc32, deflateRawSync } from 'node:zlib';

interface Entry {
  name: Buffer;
  crc: number;
  packed: Buffer;
  size: number;
  offset: number;
}

/** A plain ZIP archive (deflate, no ZIP64) with a fixed date, so that equal contents give equal bytes. */
export class ZipWriter {
  private readonly parts: Buffer[] = [];
  private readonly entries: Entry[] = [];
  private offset = 0;

  add(name: string, text: string): void {
    const data = Buffer.from(text, 'utf8');
    const packed = deflateRawSync(data);
    const entry: Entry = { name: Buffer.from(name, 'utf8'), crc: crc32(data), packed, size: data.length, offset: this.offset };
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    this.common(head, 4, entry);
    this.push(head, entry.name, packed);
    this.entries.push(entry);
  }

  finish(): Buffer {
    const start = this.offset;
    for (const entry of this.entries) {
      const head = Buffer.alloc(46);
      head.writeUInt32LE(0x02014b50, 0);
      head.writeUInt16LE(20, 4);
      this.common(head, 6, entry);
      head.writeUInt32LE(entry.offset, 42);
      this.push(head, entry.name);
    }
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(this.entries.length, 8);
    end.writeUInt16LE(this.entries.length, 10);
    end.writeUInt32LE(this.offset - start, 12);
    end.writeUInt32LE(start, 16);
    this.push(end);
    return Buffer.concat(this.parts);
  }

  /** Fields that the local and the central header share, from "version needed" on. */
  private common(head: Buffer, at: number, entry: Entry): void {
    head.writeUInt16LE(20, at);
    head.writeUInt16LE(0x0800, at + 2);
    head.writeUInt16LE(8, at + 4);
    head.writeUInt16LE(0, at + 6);
    head.writeUInt16LE(0x21, at + 8);
    head.writeUInt32LE(entry.crc, at + 10);
    head.writeUInt32LE(entry.packed.length, at + 14);
    head.writeUInt32LE(entry.size, at + 18);
    head.writeUInt16LE(entry.name.length, at + 22);
  }

  private push(...buffers: Buffer[]): void {
    for (const b of buffers) {
      this.parts.push(b);
      this.offset += b.length;
    }
  }
}
