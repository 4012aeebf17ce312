import { YiciError } from '#libs/kernel/errors';
import { encodeText } from './encode-text.js';
import type { DelimitedOptions, TextEncoding } from './format-options.js';

type TextRow = Readonly<Record<string, string | undefined>>;

/**
 * A delimited file of the agreed columns, a header where one is agreed, CRLF where the file has one and LF otherwise (the ends of line of the systems' own
 * exports). A value that is absent is blank. Without quoting, a value may not hold the delimiter, but for the free column.
 *
 * Throws YICI_TEXT_UNWRITABLE, which names the column, YICI_TEXT_UNMAPPABLE; nothing is replaced.
 */
export function writeDelimited(options: DelimitedOptions, rows: readonly TextRow[]): Buffer {
  const { columns, delimiter, header } = options;
  const end = header ? '\r\n' : '\n';
  const lines = rows.map((row) => columns.map((column) => field(options, column, row[column] ?? '')).join(delimiter));
  return encodeText([...(header ? [columns.join(delimiter)] : []), ...lines].map((line) => `${line}${end}`).join(''), options.encoding);
}

/** Lines of `|`-joined fields, LF. Throws like `writeDelimited`. */
export function writeLines(lines: readonly (readonly string[])[], encoding: TextEncoding): Buffer {
  return encodeText(lines.map((fields) => `${fields.map((f) => plain(f, '|', 'a line')).join('|')}\n`).join(''), encoding);
}

/** CSV by RFC 4180 with a header of the first row's columns, CRLF. Throws YICI_TEXT_UNMAPPABLE. */
export function writeCsv(rows: readonly TextRow[], encoding: TextEncoding): Buffer {
  return writeDelimited({ format: 'delimited', encoding, delimiter: ',', quoting: 'rfc4180', header: true, columns: Object.keys(rows[0] ?? {}) }, rows);
}

function field({ quoting, delimiter, free }: DelimitedOptions, column: string, text: string): string {
  if (quoting === 'none') return plain(text, column === free ? undefined : delimiter, column);
  return /[",\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
}

function plain(text: string, delimiter: string | undefined, where: string): string {
  if (/[\r\n\0]/.test(text)) throw unwritable(where, 'a line break');
  if (delimiter !== undefined && text.includes(delimiter)) throw unwritable(where, delimiter === '|' ? 'a bar' : 'a comma');
  return text;
}

function unwritable(where: string, what: string): YiciError {
  return new YiciError({
    code: 'YICI_TEXT_UNWRITABLE', stage: 'sending', message: `The value of ${where} holds ${what}, which the system's file has no way to write.`,
    fix: 'Write the value without it in the hub, or enter it in the target by hand.',
  });
}
