import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import readXlsxFile from 'read-excel-file/node';
import { request } from 'undici';
import { workbook, type Cell } from '../formats/workbook-writer.js';
import { Faults } from './faults.js';
import { known, refused } from './refusals.js';
import type { Simulator, SimulatorContext, StartSimulator, SystemRow, WrittenBack } from './simulator.js';
import { respelt } from './soap-echo.js';

const SYSTEM = 'party-volunteer';
const KEY = '编号';
const COLUMNS = ['编号', '姓名', '性别', '身份证号', '出生日期', '民族', '学历', '入党时间', '所在支部', '联系电话', '志愿时长(小时)', '居住类型', '现住址'];
/** The office pastes these corrections; it keeps the rest of its roster to itself. */
const PASTED = new Set(['联系电话', '现住址']);
const CITY_FILE = /^党员志愿者花名册_(\d{6})\.xlsx$/u;
const EXCEL_EPOCH = Date.UTC(1899, 11, 30);
const DAY_MS = 86_400_000;
/** The office's account at the hub, `user:password`. */
const ACCOUNT_NAME = 'YICI_PARTY_VOLUNTEER_ACCOUNT';

interface RosterSheet {
  name: string;
  title: string;
  header: string[];
  rows: Cell[][];
}

interface State {
  month: string;
  sheets: RosterSheet[];
  written: WrittenBack[];
}

/** The office that keeps the roster: a clerk with an account, a spreadsheet program and two addresses of the hub. */
class Office implements Simulator {
  readonly system = SYSTEM;
  readonly environment = {};
  readonly faults = new Faults(['corrupt-file', 'replay', 'out-of-order', 'echo']);
  private token: string | undefined;

  private constructor(private readonly context: SimulatorContext, private readonly state: State, private pending: Buffer | undefined) {}

  static async open(context: SimulatorContext): Promise<Office> {
    const file = join(context.dir, 'state.json');
    if (existsSync(file)) {
      const kept = JSON.parse(readFileSync(file, 'utf8')) as State;
      // JSON writes an empty cell as null.
      for (const sheet of kept.sheets) sheet.rows = sheet.rows.map((row) => Array.from(row, (cell) => cell ?? undefined));
      return new Office(context, kept, undefined);
    }
    const dir = join(context.cityDir, SYSTEM);
    const name = existsSync(dir) ? readdirSync(dir).map((n) => n.normalize('NFC')).filter((n) => CITY_FILE.test(n)).sort().at(-1) : undefined;
    if (name === undefined) return new Office(context, { month: '202601', sheets: [], written: [] }, undefined);
    const bytes = readFileSync(join(dir, name));
    return new Office(context, { month: CITY_FILE.exec(name)![1]!, sheets: await readRoster(bytes), written: [] }, bytes);
  }

  keys(): Promise<readonly string[]> {
    return Promise.resolve(this.state.sheets.flatMap((s) => s.rows.map((r) => keyOf(s, r)).filter((k) => k !== '')));
  }

  record(key: string): Promise<SystemRow | undefined> {
    const found = this.find(key);
    return Promise.resolve(found && Object.fromEntries(found.sheet.header.map((h, i) => [h, shown(found.row[i])])));
  }

  async change(key: string, patch: SystemRow): Promise<void> {
    const found = known(this.find(key), 'The roster has no person with this key.');
    this.paste(found, Object.fromEntries(Object.entries(patch).map(([c, v]) => [c, String((v as string | null) ?? '')])));
    this.save();
    return Promise.resolve();
  }

  async add(row: SystemRow): Promise<string> {
    if (String((row['姓名'] as string | undefined) ?? '') === '') throw refused('姓名不能为空');
    const branch = String((row['所在支部'] as string | undefined) ?? this.state.sheets[0]?.name ?? '先锋1支部');
    let sheet = this.state.sheets.find((s) => s.name === branch);
    if (sheet === undefined) this.state.sheets.push((sheet = { name: branch, title: `${branch}党员志愿者花名册`, header: [...COLUMNS], rows: [] }));
    const highest = Math.max(100_000_000, ...(await this.keys()).map((k) => Number(k.replace(/^DY/, ''))).filter(Number.isFinite));
    const key = `DY${highest + 1}`;
    sheet.rows.push(sheet.header.map((h) => (h === KEY ? key : h === '所在支部' ? branch : (row[h] as Cell))));
    this.save();
    return key;
  }

  written(): Promise<readonly WrittenBack[]> {
    return Promise.resolve(this.state.written);
  }

  /** The clerk fetches what the hub has corrected, pastes it, and uploads the roster. Throws when the hub refuses the workbook. */
  async publish(): Promise<void> {
    await this.download();
    await this.upload();
  }

  /** Fetches the corrections and pastes them; returns how many cells. `again`: those of an earlier download. */
  async download(again?: string): Promise<number> {
    const answer = await this.call('GET', `/deliveries/${SYSTEM}/workbook${again === undefined ? '' : `?again=${again}`}`);
    if (answer.status === 204 || answer.status === 404) return 0;
    if (answer.status !== 200) throw hubRefused(answer.status);
    let pasted = 0;
    for (const sheet of await readRoster(answer.body)) for (const row of sheet.rows) pasted += this.correct(sheet, row);
    this.save();
    return pasted;
  }

  /** Uploads the roster of the month as it stands, or what the fault that is due makes of it. */
  async upload(): Promise<void> {
    const fault = this.faults.nextOf(['corrupt-file', 'replay', 'out-of-order']);
    const bytes = this.pending ?? workbook(this.state.sheets.map((s) => ({ ...s, rows: [...s.rows, totalOf(s)] })));
    const month = fault?.kind === 'out-of-order' ? monthBefore(this.state.month) : this.state.month;
    const sent = fault?.kind === 'corrupt-file' ? bytes.subarray(0, Math.trunc(bytes.length / 2)) : bytes;
    const answer = await this.call('PUT', `/intake/${SYSTEM}/files/${encodeURIComponent(`党员志愿者花名册_${month}.xlsx`)}`, sent);
    this.context.log('roster-uploaded', { status: answer.status });
    if (fault?.kind === 'corrupt-file') return;
    if (answer.status !== 200) throw hubRefused(answer.status);
    if (fault?.kind === 'replay') await this.call('PUT', `/intake/${SYSTEM}/files/${encodeURIComponent(`党员志愿者花名册_${month}.xlsx`)}`, sent);
  }

  stop(): Promise<void> {
    this.save();
    return Promise.resolve();
  }

  private correct(sheet: RosterSheet, row: readonly Cell[]): number {
    const key = keyOf(sheet, row);
    const columns = Object.fromEntries(sheet.header.flatMap((h, i) => (PASTED.has(h) && shown(row[i]) !== '' ? [[h, shown(row[i])]] : [])));
    const found = this.find(key);
    this.state.written.push({ at: Date.now(), ...(found && { key }), columns, answer: found === undefined ? '查无此人' : 'taken' });
    if (found !== undefined) this.paste(found, this.faults.standing?.kind === 'echo' ? respelt(columns, { 联系电话: 'phone', 现住址: 'address' }) : columns);
    return found === undefined ? 0 : Object.keys(columns).length;
  }

  private find(key: string): { sheet: RosterSheet; row: Cell[] } | undefined {
    for (const sheet of this.state.sheets) {
      const row = sheet.rows.find((r) => keyOf(sheet, r) === key);
      if (row !== undefined) return { sheet, row };
    }
    return undefined;
  }

  private paste({ sheet, row }: { sheet: RosterSheet; row: Cell[] }, patch: Readonly<Record<string, string>>): void {
    for (const [column, value] of Object.entries(patch)) {
      const at = sheet.header.indexOf(column);
      if (at >= 0 && shown(row[at]) !== value) {
        row[at] = value;
        this.pending = undefined;
      }
    }
  }

  private async call(method: 'GET' | 'PUT', path: string, body?: Buffer): Promise<{ status: number; body: Buffer }> {
    this.token ??= await this.signIn();
    const answer = await request(`${this.context.hubUrl}${path}`, { method, headers: { authorization: `Bearer ${this.token}`, ...(body && { 'content-type': 'application/octet-stream' }) }, ...(body && { body }) });
    // A session ends; the clerk signs in again next time.
    if (answer.statusCode === 401) this.token = undefined;
    return { status: answer.statusCode, body: Buffer.from(await answer.body.arrayBuffer()) };
  }

  private async signIn(): Promise<string> {
    const [username, ...password] = this.context.secret(ACCOUNT_NAME).split(':');
    const answer = await request(`${this.context.hubUrl}/login`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username, password: password.join(':'), bearer: true }),
    });
    if (answer.statusCode !== 200 && answer.statusCode !== 201) {
      await answer.body.dump();
      throw hubRefused(answer.statusCode);
    }
    return ((await answer.body.json()) as { token: string }).token;
  }

  private save(): void {
    const file = join(this.context.dir, 'state.json');
    writeFileSync(`${file}.new`, JSON.stringify(this.state));
    renameSync(`${file}.new`, file);
  }
}

async function readRoster(bytes: Buffer): Promise<RosterSheet[]> {
  const sheets: RosterSheet[] = [];
  for (const { sheet: name, data } of await readXlsxFile(bytes)) {
    const [title, header, ...rows] = data;
    const names = (header ?? []).map((h) => String(h as string | null ?? ''));
    const people = rows.filter((r) => r[0] !== '合计').map((r) => r.map(cellOf));
    sheets.push({ name, title: String(title?.[0] as string | null ?? ''), header: names, rows: people });
  }
  return sheets;
}

function cellOf(value: unknown): Cell {
  if (value instanceof Date) return { serial: Math.round((value.getTime() - EXCEL_EPOCH) / DAY_MS) };
  return typeof value === 'number' ? value : value === null || value === undefined ? undefined : String(value as string);
}

function shown(cell: Cell): string {
  return cell === undefined ? '' : typeof cell === 'object' ? String(cell.serial) : String(cell);
}

function keyOf(sheet: RosterSheet, row: readonly Cell[]): string {
  return shown(row[sheet.header.indexOf(KEY)]);
}

function totalOf(sheet: RosterSheet): Cell[] {
  const at = sheet.header.indexOf('志愿时长(小时)');
  const hours = sheet.rows.reduce((sum, r) => sum + (typeof r[at] === 'number' ? (r[at] as number) : 0), 0);
  return sheet.header.map((_, i): Cell => (i === 0 ? '合计' : i === at ? hours : undefined));
}

function monthBefore(month: string): string {
  const [year, m] = [Number(month.slice(0, 4)), Number(month.slice(4))];
  return m === 1 ? `${year - 1}12` : `${year}${String(m - 1).padStart(2, '0')}`;
}

function hubRefused(status: number): Error {
  return refused(`The hub answered the office with HTTP ${status}.`);
}

export const startPartyVolunteer: StartSimulator = (context) => Office.open(context);
