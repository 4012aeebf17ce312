import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { SimulatorLog } from './simulator-log.js';

/** A record element as its file holds it: bytes as latin1, XML escapes kept, so that what nobody changes goes out as it came. */
export type WireRow = Record<string, string>;

/** How one system spells its rows. */
export interface TableForm {
  /** Record element of its files. */
  element: string;
  columns: readonly string[];
  key: string;
  time: string;
  encoding: 'gb18030' | 'utf-8';
  /** Text to its wire form and back. */
  toWire(text: string): string;
  toText(wire: string): string;
  /** A time in a form whose order as text is that of time; '' when it is none. */
  sortable(time: string): string;
  /** A second later, in the system's own spelling. */
  secondAfter(time: string): string;
  /** The whole element, in wire form. */
  serialise(row: WireRow): string;
}

interface Line {
  /** Sortable. */
  time: string;
  key: string;
  xml: () => string;
}

/** The table behind a SOAP service: rows by key, given out in the order of their time; rows without a key are given out as they are. */
export class SoapTable {
  private readonly rows = new Map<string, WireRow>();
  private readonly odd: Line[] = [];
  /** References that were answered, and the key that each was about. */
  private readonly byRef = new Map<string, string>();
  private sorted: Line[] | undefined;

  constructor(private readonly form: TableForm, private readonly journal: string) {}

  /** Reads the system's files of a city, then what changed since. Rows that no XML answer can carry are left out and named in the log. */
  load(folder: string, pattern: RegExp, log: SimulatorLog): void {
    for (const file of existsSync(folder) ? readdirSync(folder).filter((f) => pattern.test(f)).sort() : []) this.loadFile(join(folder, file), log);
    if (!existsSync(this.journal)) return;
    for (const line of readFileSync(this.journal, 'utf8').split('\n')) {
      if (line === '') continue;
      const { key, patch, ref } = JSON.parse(line) as { key: string; patch: Record<string, string>; ref?: string };
      this.apply(key, patch);
      if (ref !== undefined) this.byRef.set(ref, key);
    }
  }

  keys(): string[] {
    return [...this.rows.keys()].sort();
  }

  has(key: string): boolean {
    return this.rows.has(key);
  }

  /** Columns as texts; undefined when there is no such row. */
  record(key: string): Record<string, string> | undefined {
    const row = this.rows.get(key);
    return row && Object.fromEntries(Object.entries(row).map(([c, wire]) => [c, this.form.toText(wire)]));
  }

  keyOfRef(ref: string): string | undefined {
    return this.byRef.get(ref);
  }

  /** Writes columns of a row, or a new row. Nothing happens, and no time moves, when it holds all of them already. */
  put(key: string, columns: Readonly<Record<string, string>>, time: string, ref?: string): void {
    const held = this.record(key);
    const changed = held === undefined || Object.entries(columns).some(([c, text]) => held[c] !== text);
    if (!changed && (ref === undefined || this.byRef.get(ref) === key)) return;
    const last = held?.[this.form.time] ?? '';
    // Two changes of one row never share a time: which of them is newer could not be told.
    const moved = this.form.sortable(last) >= this.form.sortable(time) ? this.form.secondAfter(last) : time;
    const patch = changed ? { ...columns, [this.form.time]: moved } : {};
    this.apply(key, patch);
    if (ref !== undefined) this.byRef.set(ref, key);
    appendFileSync(this.journal, `${JSON.stringify({ key, patch, ref })}\n`);
  }

  /** A page of the rows changed at or after a time (in the system's own spelling; '' for all), by time and key, in wire form. */
  page(from: string, page: number, size: number): { total: number; xml: string[] } {
    this.sorted ??= [...this.odd, ...[...this.rows].map(([key, row]): Line => ({ key, time: this.form.sortable(row[this.form.time] ?? ''), xml: () => this.form.serialise(row) }))]
      .sort((a, b) => (a.time !== b.time ? (a.time < b.time ? -1 : 1) : a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    const since = this.form.sortable(from);
    let low = 0;
    for (let high = this.sorted.length; low < high;) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle]!.time < since) low = middle + 1;
      else high = middle;
    }
    const start = low + (page - 1) * size;
    return { total: this.sorted.length - low, xml: this.sorted.slice(start, start + size).map((l) => l.xml()) };
  }

  private apply(key: string, patch: Readonly<Record<string, string>>): void {
    const row = this.rows.get(key) ?? Object.fromEntries(this.form.columns.map((c) => [c, '']));
    const wire = Object.fromEntries(Object.entries(patch).map(([c, text]) => [c, this.form.toWire(text)]));
    this.rows.set(key, { ...row, ...wire, [this.form.key]: this.form.toWire(key) });
    this.sorted = undefined;
  }

  private loadFile(path: string, log: SimulatorLog): void {
    const { element, encoding, key, time } = this.form;
    const data = readFileSync(path).toString('latin1');
    const decoder = new TextDecoder(encoding, { fatal: true });
    const open = new RegExp(`<${element}(?=[ />])`, 'g');
    const close = `</${element}>`;
    let line = 1;
    let counted = 0;
    for (let start = open.exec(data); start !== null; start = open.exec(data)) {
      line += data.slice(counted, start.index).split('\n').length - 1;
      counted = start.index;
      const end = data.indexOf(close, start.index);
      const xml = end < 0 ? '' : data.slice(start.index, end + close.length);
      const row = isWhole(xml, element, decoder) ? cells(xml) : undefined;
      if (row === undefined) log('row-left-out', { file: basename(path), line });
      else if (row[key]) this.rows.set(row[key], row);
      else this.odd.push({ key: '', time: this.form.sortable(row[time] ?? ''), xml: () => xml });
    }
  }
}

function isWhole(xml: string, element: string, decoder: InstanceType<typeof TextDecoder>): boolean {
  if (xml === '' || xml.indexOf(`<${element}`, 1) >= 0) return false;
  try {
    decoder.decode(Buffer.from(xml, 'latin1'));
    return true;
  } catch {
    return false;
  }
}

/** `@a` an attribute of the element, `b` a child's text, `b@c` a child's attribute. Undefined when something else stands between the children. */
function cells(xml: string): WireRow | undefined {
  const row: WireRow = {};
  const head = /^<\w+((?:\s+\w+="[^"]*")*)\s*>/.exec(xml);
  if (head === null) return undefined;
  for (const [, name, value] of head[1]!.matchAll(/(\w+)="([^"]*)"/g)) row[`@${name!}`] = value!;
  const inner = xml.slice(head[0].length, xml.lastIndexOf('</'));
  const left = inner.replaceAll(/<(\w+)((?:\s+\w+="[^"]*")*)\s*(?:\/>|>([^<]*)<\/\1>)/g, (_whole, name: string, attributes: string, text: string | undefined) => {
    row[name] = text ?? '';
    for (const [, attribute, value] of attributes.matchAll(/(\w+)="([^"]*)"/g)) row[`${name}@${attribute!}`] = value!;
    return '';
  });
  return left.trim() === '' ? row : undefined;
}
