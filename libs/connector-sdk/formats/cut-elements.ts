import { unreadable } from './snapshot-fault.js';

const NONE = Buffer.alloc(0);

/** One piece of an XML file: a record element with its own bytes, or bytes between records that belong to none. */
export interface CutElement {
  bytes: Buffer;
  /** `complete`: from `<record` to `</record>`; `unclosed`: ends where the next record begins; `stray`: no record at all. */
  kind: 'complete' | 'unclosed' | 'stray' | 'tooLong';
}

export interface CutElements {
  /** What stands before the first record: prolog and open containers. Whole file when it has no record. */
  onProlog(prolog: Buffer): void;
  maxRecordBytes: number;
  recordElement: string;
}

/**
 * Cuts a byte stream at its record elements, before decoding and parsing, so that a malformed record ends where the next one
 * begins and harms only itself. Safe in GBK: `<` is never a trail byte. A record inside a comment or CDATA section is cut all the
 * same and comes out malformed; no agreed file has one.
 *
 * `tail` of the result is what follows the last record. Memory is bounded by `maxRecordBytes`.
 */
export async function* cutElements(chunks: AsyncIterable<Buffer>, options: CutElements): AsyncGenerator<CutElement[], Buffer> {
  const cutter = new ElementCutter(options);
  let buffer: Buffer = NONE;
  for await (const chunk of chunks) {
    buffer = buffer.length ? Buffer.concat([buffer, chunk]) : chunk;
    const { pieces, from } = cutter.cut(buffer, false);
    buffer = buffer.subarray(from);
    if (pieces.length) yield pieces;
  }
  const { pieces, from } = cutter.cut(buffer, true);
  if (pieces.length) yield pieces;
  return buffer.subarray(from);
}

class ElementCutter {
  private inRecords = false;
  private skipping = false;
  private readonly open: string;
  private readonly close: string;

  constructor(private readonly options: CutElements) {
    this.open = `<${options.recordElement}`;
    this.close = `</${options.recordElement}`;
  }

  /** Pieces of `buffer` that are surely whole, and where the rest begins. */
  cut(buffer: Buffer, last: boolean): { pieces: CutElement[]; from: number } {
    const pieces: CutElement[] = [];
    const max = this.options.maxRecordBytes;
    let at = 0;
    for (;;) {
      const start = this.nextOpen(buffer, at);
      if (!this.inRecords) {
        if (start < 0 && !last) {
          if (buffer.length > max) throw unreadable(`No <${this.options.recordElement}> within the first ${max} bytes.`, 'Check that the right file was sent.');
          return { pieces, from: 0 };
        }
        this.options.onProlog(buffer.subarray(0, start < 0 ? buffer.length : start));
        this.inRecords = true;
        if (start < 0) return { pieces, from: buffer.length };
        at = start;
        continue;
      }
      if (start < 0) return { pieces, from: this.rest(buffer, at, last, pieces) };
      this.between(buffer.subarray(at, start), pieces);
      this.skipping = false;
      const next = this.nextOpen(buffer, start + 1);
      const end = this.recordEnd(buffer, start, next < 0 ? buffer.length : next);
      if (end >= 0) {
        pieces.push({ bytes: buffer.subarray(start, end), kind: end - start > max ? 'tooLong' : 'complete' });
        at = end;
      } else if (next >= 0) {
        pieces.push({ bytes: buffer.subarray(start, Math.min(next, start + max)), kind: next - start > max ? 'tooLong' : 'unclosed' });
        at = next;
      } else if (last) {
        pieces.push({ bytes: buffer.subarray(start, start + max), kind: 'unclosed' });
        return { pieces, from: buffer.length };
      } else if (buffer.length - start > max) {
        pieces.push({ bytes: buffer.subarray(start, start + max), kind: 'tooLong' });
        this.skipping = true;
        at = start + max;
      } else return { pieces, from: start };
    }
  }

  /** No further record begins in the buffer: keep what may still become one, drop what is being skipped. */
  private rest(buffer: Buffer, at: number, last: boolean, pieces: CutElement[]): number {
    if (last) return at;
    const keep = Math.max(at, buffer.length - this.open.length - 1);
    if (this.skipping) return keep;
    if (buffer.length - at <= this.options.maxRecordBytes) return at;
    pieces.push({ bytes: buffer.subarray(at, at + this.options.maxRecordBytes), kind: 'tooLong' });
    this.skipping = true;
    return keep;
  }

  private between(gap: Buffer, pieces: CutElement[]): void {
    if (!this.skipping && gap.some((b) => b !== 0x20 && b !== 0x0a && b !== 0x0d && b !== 0x09)) pieces.push({ bytes: gap.subarray(0, this.options.maxRecordBytes), kind: 'stray' });
  }

  /** `<result` followed by a character that ends a name, so that `<resultList>` is not taken for it; -1 when there is none. */
  private nextOpen(buffer: Buffer, from: number): number {
    for (let i = buffer.indexOf(this.open, from); i >= 0; i = buffer.indexOf(this.open, i + 1)) {
      const after = buffer[i + this.open.length];
      if (after === undefined) return -1;
      if (after === 0x3e || after === 0x2f || after <= 0x20) return i;
    }
    return -1;
  }

  /** Behind `</result>` (or `<result/>`), -1 when it does not come before `limit`. */
  private recordEnd(buffer: Buffer, start: number, limit: number): number {
    // Looked for in the record alone: a file of unclosed records would else be gone through to its end for each of them.
    const record = buffer.subarray(start, limit);
    const tagEnd = record.indexOf('>');
    if (tagEnd > 0 && record[tagEnd - 1] === 0x2f) return start + tagEnd + 1;
    for (let i = record.indexOf(this.close); i >= 0; i = record.indexOf(this.close, i + 1)) {
      let end = i + this.close.length;
      while (end < record.length && record[end]! <= 0x20) end += 1;
      if (record[end] === 0x3e) return start + end + 1;
    }
    return -1;
  }
}
