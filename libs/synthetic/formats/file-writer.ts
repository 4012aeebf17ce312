import { closeSync, openSync, writeSync } from 'node:fs';

const CHUNK = 1 << 20;

/** Appends bytes to a file in blocks of 1 MiB; memory stays bounded however large the file grows. */
export class FileWriter {
  private readonly fd: number;
  private readonly pending: Buffer[] = [];
  private size = 0;
  private observer: ((bytes: Buffer) => void) | undefined;

  constructor(path: string) {
    this.fd = openSync(path, 'w');
  }

  /** Shows every byte written to a digest. */
  observe(observer: (bytes: Buffer) => void): void {
    this.observer = observer;
  }

  write(data: Buffer | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
    this.observer?.(bytes);
    this.pending.push(bytes);
    this.size += bytes.length;
    if (this.size >= CHUNK) this.flush();
  }

  close(): void {
    this.flush();
    closeSync(this.fd);
  }

  private flush(): void {
    if (this.size > 0) writeSync(this.fd, Buffer.concat(this.pending, this.size));
    this.pending.length = 0;
    this.size = 0;
  }
}
