import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { YiciError } from '#libs/kernel/errors';
import { fatalDecoder } from '../formats/text-chunks.js';

/** What one file of a system shows of its format. Its rows are looked at and not kept: they are about people. */
export interface SampleShape {
  /** `NAME_{date:yyyyMMdd}.csv`. */
  filePattern: string;
  encoding: 'utf-8' | 'gb18030';
  delimiter: ',' | '|';
  quoting: 'rfc4180' | 'none';
  columns: string[];
}

/** Looks at a delimited file with a header. Throws YICI_SAMPLE_UNREADABLE with what to do instead. */
export function shapeOfSample(fileName: string, bytes: Uint8Array): SampleShape {
  const encoding = decodes(bytes, 'utf-8') ? 'utf-8' : 'gb18030';
  let text: string;
  try {
    text = fatalDecoder(encoding).decode(bytes).replace(/^\uFEFF/, '');
  } catch (cause) {
    throw unreadable('It is neither UTF-8 nor GB18030 text.', 'Ask the department for the encoding, or give --columns and correct connector.yaml by hand.', cause);
  }
  const header = text.split(/\r?\n/, 1)[0] ?? '';
  const delimiter = header.includes('|') && !header.includes(',') ? '|' : ',';
  const columns = (parse(header, { delimiter, relax_quotes: true })[0] as string[] | undefined ?? []).map((c) => c.trim());
  if (columns.length < 2 || columns.some((c) => c === '') || new Set(columns).size !== columns.length) {
    throw unreadable('Its first line is no header of at least two columns with a name each.', 'Give the columns by --columns A,B,C.');
  }
  // A quote in the middle of an unquoted cell breaks the rule of RFC 4180: then no cell is quoted.
  const quoting = delimiter === '|' || /[^,"\r\n]"[^,"\r\n]/.test(text) ? 'none' : 'rfc4180';
  return { filePattern: patternOf(path.basename(fileName)), encoding, delimiter, quoting, columns };
}

/** Digits of a date become its placeholder: the next file has another. */
function patternOf(name: string): string {
  return name.replace(/(?<!\d)20\d{6}(?!\d)/, '{date:yyyyMMdd}').replace(/(?<!\d)20\d{4}(?!\d)/, '{date:yyyyMM}');
}

function decodes(bytes: Uint8Array, encoding: 'utf-8'): boolean {
  try {
    fatalDecoder(encoding).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function unreadable(message: string, fix: string, cause?: unknown): YiciError {
  return new YiciError({ code: 'YICI_SAMPLE_UNREADABLE', stage: 'config', message: `The sample cannot be read: ${message}`, fix, cause });
}
