const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const NONE = Buffer.alloc(0);

/** One record of a line-based file: its own bytes without the line end. */
export interface CutLine {
  bytes: Buffer;
  fault?: 'unclosedQuote' | 'tooLong';
}

export interface CutLineOptions {
  maxRecordBytes: number;
  /** RFC 4180: a line end inside a quoted field belongs to the record. */
  quotedBy?: { delimiter: number };
}

/**
 * Cuts a byte stream into records. Done on bytes, before decoding, so that each record keeps its own bytes and broken ones harm
 * only their own record; safe because no GB18030 or UTF-8 trail byte is LF, CR, a quote or a comma. Empty lines are no records.
 *
 * Memory is bounded by `maxRecordBytes` (plus a chunk). A quote that is not closed within that, or never, ends at its own line:
 * that line is one faulty record and reading goes on with the next line, which may be sound. A line longer than the limit yields
 * its first `maxRecordBytes` bytes and is skipped to its end.
 */
export async function* cutLines(chunks: AsyncIterable<Buffer>, options: CutLineOptions): AsyncGenerator<CutLine[]> {
  let pending: Buffer = NONE;
  let skipping = false;
  for await (const chunk of chunks) {
    let buffer = pending.length ? Buffer.concat([pending, chunk]) : chunk;
    if (skipping) {
      const end = buffer.indexOf(LF);
      if (end < 0) continue;
      buffer = buffer.subarray(end + 1);
      skipping = false;
    }
    const lines: CutLine[] = [];
    let start = cutWhole(buffer, options, lines, false);
    if (buffer.length - start > options.maxRecordBytes) {
      lines.push({ bytes: buffer.subarray(start, start + options.maxRecordBytes), fault: 'tooLong' });
      start = buffer.length;
      skipping = true;
    }
    pending = buffer.subarray(start);
    if (lines.length) yield lines;
  }
  if (!pending.length) return;
  const rest: CutLine[] = [];
  cutWhole(pending, options, rest, true);
  yield rest;
}

/** Pushes every whole record of `buffer`; gives back where the first unfinished one starts. With `last`, all of it is cut. */
function cutWhole(buffer: Buffer, options: CutLineOptions, lines: CutLine[], last: boolean): number {
  let start = 0;
  let nextQuote = options.quotedBy ? buffer.indexOf(QUOTE) : -1;
  while (start < buffer.length) {
    let lineEnd = buffer.indexOf(LF, start);
    if (lineEnd < 0) {
      if (!last) return start;
      lineEnd = buffer.length;
    }
    let end = lineEnd;
    let fault: CutLine['fault'];
    if (nextQuote >= 0 && nextQuote < start) nextQuote = buffer.indexOf(QUOTE, start);
    if (options.quotedBy && nextQuote >= 0 && nextQuote < lineEnd) {
      const quotedEnd = quotedRecordEnd(buffer, start, lineEnd, options.quotedBy.delimiter, last);
      if (quotedEnd >= 0) end = quotedEnd;
      else if (last || buffer.length - start > options.maxRecordBytes) fault = 'unclosedQuote';
      else return start;
    }
    const length = end > start && buffer[end - 1] === CR ? end - 1 - start : end - start;
    if (length > options.maxRecordBytes) lines.push({ bytes: buffer.subarray(start, start + options.maxRecordBytes), fault: 'tooLong' });
    else if (length > 0) lines.push(fault ? { bytes: buffer.subarray(start, start + length), fault } : { bytes: buffer.subarray(start, start + length) });
    start = end + 1;
  }
  return start;
}

/**
 * Where a record that holds quotes ends, or -1 when the buffer ends first. Text behind a closing quote is malformed: such a record
 * ends at its first line, like one whose quote is never closed.
 */
function quotedRecordEnd(buffer: Buffer, start: number, lineEnd: number, delimiter: number, last: boolean): number {
  let i = start;
  for (;;) {
    if (buffer[i] === QUOTE) {
      i += 1;
      for (;;) {
        const quote = buffer.indexOf(QUOTE, i);
        if (quote < 0) return -1;
        if (quote + 1 === buffer.length && !last) return -1;
        i = quote + 1;
        if (buffer[i] !== QUOTE) break;
        i += 1;
      }
      if (buffer[i] === CR) i += 1;
      if (i >= buffer.length) return last ? buffer.length : -1;
      if (buffer[i] !== delimiter && buffer[i] !== LF) return lineEnd;
    } else {
      while (i < buffer.length && buffer[i] !== delimiter && buffer[i] !== LF) i += 1;
      if (i >= buffer.length) return last ? buffer.length : -1;
    }
    if (buffer[i] === LF) return i;
    i += 1;
    if (i >= buffer.length) return last ? buffer.length : -1;
  }
}
