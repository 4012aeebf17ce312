import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SimulatorLog } from './simulator-log.js';

/** A table as a simulator serves it; every value a text. */
export type TextRow = Record<string, string>;

/** Columns as texts; what is not there is ''. */
export function texts(row: Readonly<Record<string, unknown>>): TextRow {
  return Object.fromEntries(Object.entries(row).map(([c, v]) => [c, v === null || v === undefined ? '' : String(v as string | number)]));
}

/** Lines without their ends, cut before anything is decoded; the last one may lack its end. */
export function byteLines(data: Buffer, end: '\n' | '\r\n'): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < data.length;) {
    const at = data.indexOf(end, from);
    lines.push(data.subarray(from, at < 0 ? data.length : at));
    from = at < 0 ? data.length : at + end.length;
  }
  return lines;
}

/** Rows of a CSV with header. Rows no table can hold (broken bytes, wrong column count, no key) are left out and named in the log by their line. `key` '': a row may lack every column. */
export function readCsvTable(path: string, key: string, log: SimulatorLog, encoding: 'gb18030' | 'utf-8' = 'gb18030'): TextRow[] {
  const data = readFileSync(path);
  const decoder = new TextDecoder(encoding, { fatal: true });
  const rows: TextRow[] = [];
  let header: string[] | undefined;
  for (const [i, bytes] of byteLines(data, '\r\n').entries()) {
    const cells = split(decoder, bytes);
    if (!header) header = cells ?? [];
    else if (!cells || cells.length !== header.length || cells[header.indexOf(key)] === '') log('row-left-out', { file: path.split('/').pop()!, line: i + 1 });
    else rows.push(Object.fromEntries(header.map((h, i) => [h, cells[i]!])));
  }
  return rows;
}

function split(decoder: InstanceType<typeof TextDecoder>, bytes: Buffer): string[] | undefined {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return undefined;
  }
  const cells: string[] = [];
  let at = 0;
  while (at <= text.length) {
    if (text[at] === '"') {
      let cell = '';
      for (at += 1; at < text.length; at++) {
        if (text[at] !== '"') cell += text[at]!;
        else if (text[at + 1] === '"') cell += text[++at]!;
        else break;
      }
      cells.push(cell);
      at += 2;
    } else {
      const end = text.indexOf(',', at);
      cells.push(text.slice(at, end < 0 ? text.length : end));
      at = end < 0 ? text.length + 1 : end + 1;
    }
  }
  return cells;
}

/** Objects of a JSON-lines file that have the key; other lines are left out and named in the log. */
export function readJsonLines(cityDir: string, system: string, file: string, key: string, log: SimulatorLog): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (const [i, bytes] of byteLines(readFileSync(join(cityDir, system, file)), '\n').entries()) {
    let value: unknown;
    try {
      value = JSON.parse(decoder.decode(bytes));
    } catch {
      value = undefined;
    }
    if (typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[key] === 'string') rows.push(value as Record<string, unknown>);
    else log('row-left-out', { file, line: i + 1 });
  }
  return rows;
}
