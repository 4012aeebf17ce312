import { join } from 'node:path';
import { YiciError } from '#libs/kernel/errors';
import { Rng } from '../random.js';
import { Faults } from './faults.js';
import { EHR_ELEMENTS, EHR_NAMESPACE, ehrWsdl } from './public-health-wsdl.js';
import type { Simulator, SimulatorContext, SystemRow, WrittenBack } from './simulator.js';
import { respelt, type EchoKind } from './soap-echo.js';
import { at, escapeXml, textAt, unescapeXml, type XmlElement } from './soap-elements.js';
import { UsernameTokens } from './soap-security.js';
import { SoapServer, type SoapReply, type SoapRequest } from './soap-server.js';
import { known, SoapTable, type TableForm } from './soap-table.js';

const SYSTEM = 'public-health';
const COLUMNS = ['@archiveNo', ...EHR_ELEMENTS.flatMap((e) => (e === 'gender' ? ['gender', 'gender@code'] : [e]))];
const MOST_A_PAGE = 1000;
const GENDERS: Readonly<Record<string, string>> = { '1': '男', '2': '女' };

const FORM: TableForm = {
  element: 'ehr', columns: COLUMNS, key: '@archiveNo', time: 'updateTime', encoding: 'utf-8',
  toWire: (text) => Buffer.from(escapeXml(text)).toString('latin1'),
  toText: (wire) => unescapeXml(Buffer.from(wire, 'latin1').toString('utf8')),
  sortable: (time) => (Number.isNaN(Date.parse(time)) ? '' : new Date(time).toISOString()),
  secondAfter: (time) => spelt(Date.parse(time) + 1000),
  serialise: (row) => `<ehr archiveNo="${row['@archiveNo'] ?? ''}">${EHR_ELEMENTS.map((e) => `<${e}${e === 'gender' ? ` code="${row['gender@code'] ?? ''}"` : ''}>${row[e] ?? ''}</${e}>`).join('')}</ehr>`,
};

/** What the stations' form takes from the hub; the rest is their own business. */
const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  name: (t) => t.trim() !== '' && [...t].length <= 50, idNo: (t) => t.length <= 18, gender: (t) => t === '', 'gender@code': (t) => /^[0129]$/.test(t), birth: (t) => /^(\d{8})?$/.test(t),
  nation: (t) => /^(\d{2})?$/.test(t), phone: (t) => /^[\d+ -]{0,20}$/.test(t), address: (t) => [...t].length <= 200, divisionCode: (t) => /^\d{12}$/.test(t), status: (t) => /^[1239]$/.test(t),
};
const ECHO: Readonly<Record<string, EchoKind>> = { name: 'name', idNo: 'citizenId', phone: 'phone', address: 'address' };

/** The health stations' service: SOAP 1.2, typed elements, WS-Security UsernameToken. */
class PublicHealthSimulator implements Simulator {
  readonly system = SYSTEM;
  readonly faults = new Faults(['slow', 'error', 'busy', 'disconnect', 'lost-answer', 'html', 'soap-fault', 'redirect', 'echo']);
  private readonly writes: WrittenBack[] = [];
  private readonly table: SoapTable;
  private readonly tokens: UsernameTokens;
  private readonly user: string;
  private readonly password: string;
  // Numbers minted after a restart must not repeat those of the run before.
  private readonly rng = new Rng(`ehr/${Date.now()}`);
  private server!: SoapServer;

  constructor(private readonly context: SimulatorContext) {
    this.user = context.secret('YICI_PUBLIC_HEALTH_USER');
    this.password = context.secret('YICI_PUBLIC_HEALTH_PASSWORD');
    this.tokens = new UsernameTokens(this.user, this.password);
    this.table = new SoapTable(FORM, join(context.dir, 'public-health.journal.jsonl'));
    this.table.load(join(context.cityDir, SYSTEM), /^EHR_\d+\.xml$/, context.log);
  }

  async start(): Promise<this> {
    this.server = await SoapServer.start({
      version: '1.2', path: '/services/EhrService', charset: 'UTF-8', port: this.context.port, faults: this.faults, wsdl: ehrWsdl, serve: (request) => this.serve(request),
    });
    return this;
  }

  get environment(): Readonly<Record<string, string>> {
    return { YICI_PUBLIC_HEALTH_URL: this.server.url, YICI_PUBLIC_HEALTH_USER: this.user, YICI_PUBLIC_HEALTH_PASSWORD: this.password };
  }

  keys(): Promise<readonly string[]> {
    return Promise.resolve(this.table.keys());
  }

  record(key: string): Promise<SystemRow | undefined> {
    return Promise.resolve(this.table.record(key));
  }

  async change(key: string, patch: SystemRow): Promise<void> {
    known(this.table.record(key), SYSTEM);
    this.table.put(key, texts(patch), now());
  }

  async add(row: SystemRow): Promise<string> {
    const columns = texts(row);
    const faulty = [...Object.keys(columns).filter((c) => c === '@archiveNo' || !COLUMNS.includes(c)), ...['name', 'divisionCode'].filter((c) => CHECKS[c]!(columns[c] ?? '') === false)];
    if (faulty.length > 0) throw new YiciError({ code: 'YICI_SIMULATOR_REFUSED', stage: 'serving', message: `The station does not take this person: ${faulty.join(', ')}.` });
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

  private serve({ operation, body, header, busy }: SoapRequest): SoapReply {
    const refused = this.tokens.refusal(header, Date.now());
    if (refused !== undefined) return { fault: 'security', text: refused };
    if (body.uri !== EHR_NAMESPACE || (operation !== 'queryArchive' && operation !== 'updateArchive')) return { fault: 'sender', text: 'no such operation' };
    const answer = busy ? result('9', 'busy') : operation === 'queryArchive' ? this.query(body) : this.update(body, header);
    return { body: Buffer.from(`<ns2:${operation}Response xmlns:ns2="${EHR_NAMESPACE}"><return>${answer}</return></ns2:${operation}Response>`, 'latin1') };
  }

  private query(body: XmlElement): string {
    const [from, page, size] = [textAt(body, 'updatedFrom'), Number(textAt(body, 'page')), Number(textAt(body, 'size'))];
    if (from !== '' && FORM.sortable(from) === '') return result('1', 'updatedFrom');
    if (!Number.isInteger(page) || page < 1 || !Number.isInteger(size) || size < 1 || size > MOST_A_PAGE) return result('1', 'page, size');
    const { total, xml } = this.table.page(from, page, size);
    return `${result('0', '')}<total>${total}</total><ehrList>${xml.join('')}</ehrList>`;
  }

  private update(body: XmlElement, header: XmlElement | undefined): string {
    const ehr = at(body, 'ehr');
    const messageId = textAt(header, 'MessageID');
    const { archiveNo: asked = '' } = ehr?.attributes ?? {};
    const columns: Record<string, string> = {};
    for (const child of ehr?.children ?? []) {
      if (child.local !== 'gender' || child.text.trim() !== '') columns[child.local] = child.text.trim();
      for (const [name, value] of Object.entries(child.attributes)) columns[`${child.local}@${name}`] = value;
    }
    const answer = this.take(messageId, asked, columns);
    this.writes.push({ at: Date.now(), columns, answer: answer.code === '0' ? 'taken' : `${answer.code} ${answer.message}`, ...((answer.key ?? asked) !== '' && { key: answer.key ?? asked }) });
    return result(answer.code, answer.message) + (answer.key === undefined ? '' : `<archiveNo>${answer.key}</archiveNo>`);
  }

  /** An empty archiveNo opens a file; a message with the same WS-Addressing id is the same message, and opens one. */
  private take(messageId: string, asked: string, columns: Record<string, string>): { code: string; message: string; key?: string } {
    const faulty = Object.entries(columns).filter(([c, text]) => CHECKS[c]?.(text) !== true).map(([c]) => c);
    if (faulty.length > 0) return { code: '1', message: `bad field ${faulty.join(', ')}` };
    const code = columns['gender@code'];
    const labelled = code === undefined ? columns : { ...columns, gender: GENDERS[code] ?? '' };
    const stored = this.faults.standing?.kind === 'echo' ? respelt(labelled, ECHO) : labelled;
    const key = asked !== '' ? asked : this.table.keyOfRef(messageId);
    if (key === undefined) {
      const missing = ['name', 'birth', 'divisionCode'].filter((c) => !columns[c]);
      if (missing.length > 0 || messageId === '') return { code: '1', message: `missing ${[...missing, ...(messageId === '' ? ['MessageID'] : [])].join(', ')}` };
      return { code: '0', message: '', key: this.create(stored, messageId) };
    }
    if (!this.table.has(key)) return { code: '1', message: 'unknown archiveNo' };
    this.table.put(key, stored, now(), messageId === '' ? undefined : messageId);
    return { code: '0', message: '', key };
  }

  private create(columns: Record<string, string>, messageId?: string): string {
    const mint = (): string => `${columns['divisionCode']!}${this.rng.digits(5)}`;
    let key = mint();
    while (this.table.has(key)) key = mint();
    this.table.put(key, { seniorService: '0', contracted: '0', status: '1', ...columns }, now(), messageId);
    return key;
  }
}

/** Starts the health stations' service. */
export function startPublicHealth(context: SimulatorContext): Promise<Simulator> {
  return new PublicHealthSimulator(context).start();
}

function result(code: string, message: string): string {
  return `<code>${code}</code><message>${FORM.toWire(message)}</message>`;
}

function now(): string {
  return spelt(Date.now());
}

/** ISO 8601 to the second, in Shanghai. */
function spelt(at_: number): string {
  return `${new Date(at_ + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
}

function texts(row: SystemRow): Record<string, string> {
  return Object.fromEntries(Object.entries(row).map(([c, v]) => [c, v === null || v === undefined ? '' : String(v as string | number)]));
}
