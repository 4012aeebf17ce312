import { join } from 'node:path';
import { Rng } from '../random.js';
import { texts } from './city-files.js';
import { Faults } from './faults.js';
import type { OfficeClock } from './office-clock.js';
import { known, refused } from './refusals.js';
import type { Simulator, SimulatorContext, SystemRow, WrittenBack } from './simulator.js';
import { respelt, type EchoKind } from './soap-echo.js';
import type { XmlElement } from './soap-elements.js';
import { SoapServer, type SoapReply, type SoapRequest, type SoapServerOptions } from './soap-server.js';
import { SoapTable, type TableForm } from './soap-table.js';

const MOST_A_PAGE = 1000;

type Columns = Readonly<Record<string, string>>;

/** What an office says to a request; its service puts it into XML. */
export interface OfficeAnswer {
  code: string;
  message: string;
  /** Of the row that was written. */
  key?: string;
  /** Rows of a page, and how many there are in all. */
  page?: { total: number; xml: string[] };
}

/** In what one office differs from another: its table, its rules, its numbers and its envelope. */
export interface SoapOfficeForm {
  system: string;
  table: TableForm;
  /** Its files of a city. */
  files: RegExp;
  endpoint: Pick<SoapServerOptions, 'version' | 'path' | 'charset' | 'wsdl'>;
  clock: OfficeClock;
  codes: { done: string; refused: string };
  /** Names of its requests' parts, for the answers that complain of them. */
  parts: { from: string; page: string; ref: string };
  /** Columns that it takes from the hub, and what they may be. */
  checks: Readonly<Record<string, (text: string) => boolean>>;
  echo: Readonly<Record<string, EchoKind>>;
  /** Columns without which the hub's row opens no record. */
  required: readonly string[];
  /** What is wrong with a row that its own clerk enters: names of columns. */
  faultyEntry(columns: Columns): string[];
  refusal: string;
  /** Columns as it keeps them, of those that were written. */
  kept(columns: Columns): Columns;
  mint(columns: Columns, rng: Rng): string;
  /** What stands in a new row before its own columns. */
  blank(time: string): Columns;
  /** Addresses and secrets that the hub is told. */
  environment(url: string): Readonly<Record<string, string>>;
  /** Opens a request, has the office do it, and wraps what it says. */
  serve(request: SoapRequest, office: SoapOffice): SoapReply;
}

/** The office behind a SOAP service: it gives out pages of its table, takes rows under a reference each, and enters what its own clerks change. */
export class SoapOffice implements Simulator {
  readonly system: string;
  readonly faults = new Faults(['slow', 'error', 'busy', 'disconnect', 'lost-answer', 'html', 'soap-fault', 'redirect', 'echo']);
  private readonly writes: WrittenBack[] = [];
  private readonly table: SoapTable;
  private readonly rng: Rng;
  private server!: SoapServer;

  private constructor(private readonly form: SoapOfficeForm, { cityDir, dir, log }: SimulatorContext) {
    this.system = form.system;
    // Numbers minted after a restart must not repeat those of the run before.
    this.rng = new Rng(`${form.system}/${Date.now()}`);
    this.table = new SoapTable(form.table, join(dir, `${form.system}.journal.jsonl`));
    this.table.load(join(cityDir, form.system), form.files, log);
  }

  static async start(form: SoapOfficeForm, context: SimulatorContext): Promise<SoapOffice> {
    const office = new SoapOffice(form, context);
    office.server = await SoapServer.start({ ...form.endpoint, port: context.port, faults: office.faults, serve: (request) => form.serve(request, office) });
    return office;
  }

  get environment(): Readonly<Record<string, string>> {
    return this.form.environment(this.server.url);
  }

  keys(): Promise<readonly string[]> {
    return Promise.resolve(this.table.keys());
  }

  record(key: string): Promise<SystemRow | undefined> {
    return Promise.resolve(this.table.record(key));
  }

  async change(key: string, patch: SystemRow): Promise<void> {
    known(this.table.record(key), `${this.system} has no record with this key.`);
    this.table.put(key, texts(patch), this.form.clock.now());
  }

  async add(row: SystemRow): Promise<string> {
    const columns = texts(row);
    const faulty = [...Object.keys(columns).filter((c) => c === this.form.table.key || !this.form.table.columns.includes(c)), ...this.form.faultyEntry(columns)];
    if (faulty.length > 0) throw refused(`${this.form.refusal}: ${faulty.join(', ')}.`);
    return this.create(columns);
  }

  written(): Promise<readonly WrittenBack[]> {
    return Promise.resolve(this.writes);
  }

  publish(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** A page of the rows changed at or after a time; all three as the request spells them. */
  query(from: string, page: string, size: string): OfficeAnswer {
    const { codes, parts, table } = this.form;
    const [number, rows] = [Number(page), Number(size)];
    if (from !== '' && table.sortable(from) === '') return { code: codes.refused, message: parts.from };
    if (!Number.isInteger(number) || number < 1 || !Number.isInteger(rows) || rows < 1 || rows > MOST_A_PAGE) return { code: codes.refused, message: parts.page };
    return { code: codes.done, message: '', page: this.table.page(from, number, rows) };
  }

  /** What the hub writes under a reference; `asked`: the key it names, '' to open a record. */
  update(ref: string, asked: string, columns: Columns): OfficeAnswer {
    const answer = this.take(ref, asked, columns);
    const key = answer.key ?? asked;
    this.writes.push({ at: Date.now(), columns, answer: answer.code === this.form.codes.done ? 'taken' : `${answer.code} ${answer.message}`, ...(key !== '' && { key }) });
    return answer;
  }

  /** The reference names a record before it has a key, so that a request sent twice opens one. */
  private take(ref: string, asked: string, columns: Columns): OfficeAnswer {
    const { checks, codes, echo, parts, required, table } = this.form;
    const refuse = (message: string): OfficeAnswer => ({ code: codes.refused, message });
    const faulty = Object.entries(columns).filter(([c, text]) => checks[c]?.(text) !== true).map(([c]) => c);
    if (faulty.length > 0) return refuse(`bad field ${faulty.join(', ')}`);
    const kept = this.form.kept(columns);
    const stored = this.faults.standing?.kind === 'echo' ? respelt(kept, echo) : kept;
    const key = asked !== '' ? asked : this.table.keyOfRef(ref);
    if (key === undefined) {
      const missing = [...required.filter((c) => !columns[c]), ...(ref === '' ? [parts.ref] : [])];
      return missing.length > 0 ? refuse(`missing ${missing.join(', ')}`) : { code: codes.done, message: '', key: this.create(stored, ref) };
    }
    if (!this.table.has(key)) return refuse(`unknown ${table.key.replace('@', '')}`);
    this.table.put(key, stored, this.form.clock.now(), ref === '' ? undefined : ref);
    return { code: codes.done, message: '', key };
  }

  private create(columns: Columns, ref?: string): string {
    let key = this.form.mint(columns, this.rng);
    while (this.table.has(key)) key = this.form.mint(columns, this.rng);
    const time = this.form.clock.now();
    this.table.put(key, { ...this.form.blank(time), ...columns }, time, ref);
    return key;
  }
}

/** What stands in a request's element, as columns: `b` a child's text, `b@c` a child's attribute. */
export function columnsOf(element: XmlElement | undefined): Record<string, string> {
  const columns: Record<string, string> = {};
  for (const child of element?.children ?? []) {
    columns[child.local] = child.text.trim();
    for (const [name, value] of Object.entries(child.attributes)) columns[`${child.local}@${name}`] = value;
  }
  return columns;
}
