import { join } from 'node:path';
import { YiciError } from '#libs/kernel/errors';
import { encodeGbk } from '../formats/gb-encoding.js';
import { Rng } from '../random.js';
import { Faults } from './faults.js';
import { LDRK_NAMESPACE, ldrkWsdl } from './residence-permit-wsdl.js';
import type { Simulator, SimulatorContext, SystemRow, WrittenBack } from './simulator.js';
import { respelt, type EchoKind } from './soap-echo.js';
import { at, escapeXml, parseXml, textAt, unescapeXml, type XmlElement } from './soap-elements.js';
import { SoapServer, type SoapReply, type SoapRequest } from './soap-server.js';
import { known, SoapTable, type TableForm } from './soap-table.js';

const SYSTEM = 'residence-permit';
const COLUMNS = ['LSH', 'XM', 'XB', 'SFZH', 'CSRQ', 'MZ', 'JZZH', 'HJDZ', 'XZZ', 'FZXM', 'FZDH', 'LXDH', 'YHZGX', 'ZCS', 'ZZSY', 'DJRQ', 'YXQX', 'ZXBZ', 'GXSJ'];
const MOST_A_PAGE = 1000;

const decoder = new TextDecoder('gb18030');
const FORM: TableForm = {
  element: 'result', columns: COLUMNS, key: 'LSH', time: 'GXSJ', encoding: 'gb18030',
  toWire: (text) => encodeGbk(escapeXml(text)).toString('latin1'),
  toText: (wire) => unescapeXml(decoder.decode(Buffer.from(wire, 'latin1'))),
  sortable: (time) => (/^\d{14}$/.test(time) ? time : ''),
  secondAfter: (time) => spelt(Date.parse(time.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6+08:00')) + 1000),
  serialise: (row) => `<result>${COLUMNS.map((c) => `<${c}>${row[c] ?? ''}</${c}>`).join('')}</result>`,
};

/** What the office's form takes from the hub: the rest is its own business. Widths are bytes of GBK. */
const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  XM: (t) => t.trim() !== '' && width(t) <= 100, XB: (t) => /^[男女]?$/.test(t), SFZH: (t) => width(t) <= 18, CSRQ: (t) => /^(\d{4}-\d\d-\d\d)?$/.test(t),
  MZ: (t) => width(t) <= 40, HJDZ: (t) => width(t) <= 200, XZZ: (t) => t.trim() !== '' && width(t) <= 200, LXDH: (t) => /^[\d+ -]{0,20}$/.test(t), ZXBZ: (t) => /^[01]$/.test(t),
};
const ECHO: Readonly<Record<string, EchoKind>> = { XM: 'name', SFZH: 'citizenId', LXDH: 'phone', XZZ: 'address', HJDZ: 'address' };

/** The permit office's service: SOAP 1.1, a document as text in and out, GBK. */
class ResidencePermitSimulator implements Simulator {
  readonly system = SYSTEM;
  readonly faults = new Faults(['slow', 'error', 'busy', 'disconnect', 'lost-answer', 'html', 'soap-fault', 'redirect', 'echo']);
  private readonly writes: WrittenBack[] = [];
  private readonly table: SoapTable;
  private readonly user: string;
  private readonly token: string;
  // Numbers minted after a restart must not repeat those of the run before.
  private readonly rng = new Rng(`ldrk/${Date.now()}`);
  private server!: SoapServer;

  constructor(private readonly context: SimulatorContext) {
    this.user = context.secret('YICI_RESIDENCE_PERMIT_USER');
    this.token = context.secret('YICI_RESIDENCE_PERMIT_TOKEN');
    this.table = new SoapTable(FORM, join(context.dir, 'residence-permit.journal.jsonl'));
    this.table.load(join(context.cityDir, SYSTEM), /^LDRK_\d+\.xml$/, context.log);
  }

  async start(): Promise<this> {
    this.server = await SoapServer.start({
      version: '1.1', path: '/services/LdrkService', charset: 'GBK', port: this.context.port, faults: this.faults, wsdl: ldrkWsdl, serve: (request) => this.serve(request),
    });
    return this;
  }

  get environment(): Readonly<Record<string, string>> {
    return { YICI_RESIDENCE_PERMIT_URL: this.server.url, YICI_RESIDENCE_PERMIT_USER: this.user, YICI_RESIDENCE_PERMIT_TOKEN: this.token };
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
    const faulty = Object.keys(columns).filter((c) => c === 'LSH' || !COLUMNS.includes(c));
    if (faulty.length > 0 || !columns['XM']) {
      throw new YiciError({ code: 'YICI_SIMULATOR_REFUSED', stage: 'serving', message: `The permit office does not take this person: ${[...faulty, ...(columns['XM'] ? [] : ['XM'])].join(', ')}.` });
    }
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

  private serve({ operation, body, busy }: SoapRequest): SoapReply {
    if (body.uri !== LDRK_NAMESPACE || (operation !== 'QueryLdrk' && operation !== 'UpdateLdrk')) return { fault: 'sender', text: 'no such operation' };
    const request = parseXml(textAt(body, 'in0'));
    return { body: wrapped(operation, busy ? head('99', 'system busy') : this.answer(operation, request)) };
  }

  private answer(operation: string, request: XmlElement | undefined): string {
    if (request?.local !== 'request') return head('01', 'in0 is no request');
    if (textAt(request, 'head', 'user') !== this.user || textAt(request, 'head', 'token') !== this.token) return head('02', 'user or token');
    return operation === 'QueryLdrk' ? this.query(request) : this.update(request);
  }

  private query(request: XmlElement): string {
    const condition = at(request, 'condition');
    const [from, page, size] = [textAt(condition, 'gxsjFrom'), Number(textAt(condition, 'pageNo')), Number(textAt(condition, 'pageSize'))];
    if (from !== '' && FORM.sortable(from) === '') return head('01', 'gxsjFrom');
    if (!Number.isInteger(page) || page < 1 || !Number.isInteger(size) || size < 1 || size > MOST_A_PAGE) return head('01', 'pageNo, pageSize');
    const { total, xml } = this.table.page(from, page, size);
    return head('00', '', total, xml.join('\n'));
  }

  private update(request: XmlElement): string {
    const ref = textAt(request, 'head', 'ref');
    const given = Object.fromEntries((at(request, 'ldrk')?.children ?? []).map((e) => [e.local, e.text.trim()]));
    const { LSH: asked = '', ...columns } = given;
    const answer = this.take(ref, asked, columns);
    this.writes.push({ at: Date.now(), columns, answer: answer.code === '00' ? 'taken' : `${answer.code} ${answer.message}`, ...((answer.key ?? asked) !== '' && { key: answer.key ?? asked }) });
    return answer.key === undefined ? head(answer.code, answer.message) : head('00', '', 1, `<result><LSH>${answer.key}</LSH></result>`);
  }

  /** An empty LSH registers an arrival; the ref in the head names it, so that a request sent twice registers one. */
  private take(ref: string, asked: string, columns: Record<string, string>): { code: string; message: string; key?: string } {
    const faulty = Object.entries(columns).filter(([c, text]) => CHECKS[c]?.(text) !== true).map(([c]) => c);
    if (faulty.length > 0) return { code: '01', message: `bad field ${faulty.join(', ')}` };
    const stored = this.faults.standing?.kind === 'echo' ? respelt(columns, ECHO) : columns;
    const key = asked !== '' ? asked : this.table.keyOfRef(ref);
    if (key === undefined) {
      const missing = ['XM', 'SFZH', 'XZZ'].filter((c) => !columns[c]);
      if (missing.length > 0 || ref === '') return { code: '01', message: `missing ${[...missing, ...(ref === '' ? ['ref'] : [])].join(', ')}` };
      return { code: '00', message: '', key: this.create(stored, ref) };
    }
    if (!this.table.has(key)) return { code: '01', message: 'unknown LSH' };
    this.table.put(key, stored, now(), ref === '' ? undefined : ref);
    return { code: '00', message: '', key };
  }

  private create(columns: Record<string, string>, ref?: string): string {
    let key = `LD${this.rng.digits(9)}`;
    while (this.table.has(key)) key = `LD${this.rng.digits(9)}`;
    const time = now();
    this.table.put(key, { YHZGX: '其他', ZCS: '90', ZZSY: '999', DJRQ: `${time.slice(0, 8)}000000`, ZXBZ: '0', ...columns }, time, ref);
    return key;
  }
}

/** Starts the permit office. */
export function startResidencePermit(context: SimulatorContext): Promise<Simulator> {
  return new ResidencePermitSimulator(context).start();
}

/** The answer document, in wire form. */
function head(code: string, message: string, total = 0, results = ''): string {
  return `<?xml version="1.0" encoding="GBK"?><response><head><resultCode>${code}</resultCode><resultMsg>${FORM.toWire(message)}</resultMsg><total>${total}</total></head>`
    + `<body><resultList>${results}</resultList></body></response>`;
}

/** The document as text of the answer's one element. */
function wrapped(operation: string, document: string): Buffer {
  return Buffer.from(`<ns1:${operation}Response xmlns:ns1="${LDRK_NAMESPACE}"><out>${escapeXml(document)}</out></ns1:${operation}Response>`, 'latin1');
}

function now(): string {
  return spelt(Date.now());
}

/** yyyyMMddHHmmss in Shanghai. */
function spelt(at: number): string {
  return new Date(at + 8 * 3_600_000).toISOString().replaceAll(/\D/g, '').slice(0, 14);
}

function width(text: string): number {
  return encodeGbk(text).length;
}

function texts(row: SystemRow): Record<string, string> {
  return Object.fromEntries(Object.entries(row).map(([c, v]) => [c, v === null || v === undefined ? '' : String(v as string | number)]));
}
