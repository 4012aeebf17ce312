import { join } from 'node:path';
import { YiciError } from '#libs/kernel/errors';
import { readCsvTable, type TextRow } from './city-files.js';
import { Faults } from './faults.js';
import type { HttpDoor } from './http-door.js';
import { HTTP_FAULTS } from './http-faults.js';
import { jsonOf, openJsonDoor, type JsonCall } from './json-door.js';
import { isSigned } from './signature.js';
import type { Simulator, SimulatorContext, StartSimulator, SystemRow, WrittenBack } from './simulator.js';
import { SqlDatabase, type TableShape } from './sql-database.js';
import { SQL_FAULTS, SqlProxy } from './sql-proxy.js';

const SYSTEM = 'housing';
const SECRET = 'YICI_HOUSING_SYNC_SECRET';
const COLUMNS = ['ID', 'FWBM', 'XQMC', 'LDH', 'DYH', 'FJH', 'DZ', 'CQRXM', 'CQRZJH', 'MJ', 'YT', 'SQDM'];
const TITLES: TableShape = { name: 'T_FWCQ', columns: COLUMNS, types: { ID: 'bigint' }, primaryKey: ['ID'], indexes: [['FWBM']] };
const OCCUPANCY: TableShape = {
  name: 'T_RZQK', columns: ['N', 'FWBM', 'RESIDENTS', 'HOUSEHOLDS', 'REF', 'AT'], types: { N: 'bigint', RESIDENTS: 'integer', HOUSEHOLDS: 'integer', AT: 'bigint', REF: 'varchar(80)' }, primaryKey: ['N'], indexes: [['REF']],
};
const LARGEST_BODY = 64 * 1024;

/** The housing bureau: a view of titles without times, in PostgreSQL or MariaDB, and a REST interface that takes counts and nothing else. */
class HousingSimulator implements Simulator {
  readonly system = SYSTEM;
  private last: Promise<unknown> = Promise.resolve();
  readonly faults = new Faults([...new Set([...HTTP_FAULTS, ...SQL_FAULTS]), 'echo']);
  private database!: SqlDatabase;
  private proxy!: SqlProxy;
  private door!: HttpDoor;

  constructor(private readonly context: SimulatorContext) {}

  async start(): Promise<this> {
    const { cityDir, databaseUrl, port, log } = this.context;
    this.database = await SqlDatabase.open(databaseUrl, SYSTEM);
    await this.database.create(OCCUPANCY);
    if (await this.database.create(TITLES)) await this.database.insert(TITLES.name, COLUMNS, readCsvTable(join(cityDir, SYSTEM, 'V_FWCQ.csv'), 'ID', log, 'utf-8'));
    await this.database.run(`create or replace view ${this.database.table('V_FWCQ')} as select * from ${this.titles}`);
    // Faults that were told for some requests are meant for the interface; lasting ones are of the whole system.
    const lasting = () => SQL_FAULTS.some((kind) => kind === this.faults.standing?.kind) ? this.faults.standing : undefined;
    this.proxy = await SqlProxy.start(databaseUrl, { next: lasting, peek: lasting }, (ms) => this.database.lock(TITLES.name, ms));
    this.door = await openJsonDoor({ port, largestBody: LARGEST_BODY, faults: this.faults, serve: (call) => this.serve(call) });
    return this;
  }

  get environment(): Readonly<Record<string, string>> {
    return { YICI_HOUSING_DATABASE_URL: this.proxy.url, YICI_HOUSING_URL: this.door.url, [SECRET]: this.context.secret(SECRET) };
  }

  /** FWBM of the houses. */
  async keys(): Promise<readonly string[]> {
    return (await this.database.all(`select distinct "FWBM" from ${this.titles} where "FWBM" <> '' order by "FWBM"`)).map((r) => r['FWBM']!);
  }

  /** Its latest row. */
  async record(key: string): Promise<SystemRow | undefined> {
    return (await this.database.all(`select * from ${this.titles} where "FWBM" = ? order by "ID" desc limit 1`, [key]))[0];
  }

  /** A title is corrected: its row is rewritten, and nothing tells when. */
  async change(key: string, patch: SystemRow): Promise<void> {
    const row = await this.record(key);
    if (row === undefined) throw new YiciError({ code: 'YICI_SIMULATOR_UNKNOWN_KEY', stage: 'serving', message: 'The housing bureau has no house with this code.' });
    const columns = Object.entries(patch).filter(([c]) => COLUMNS.includes(c) && c !== 'ID');
    await this.database.run(`update ${this.titles} set ${columns.map(([c]) => `"${c}" = ?`).join(', ')} where "ID" = ?`, [...columns.map(([, v]) => v), row['ID']]);
  }

  /** A new house, or, for a code that is known, a sale: a row is appended. */
  async add(row: SystemRow): Promise<string> {
    const key = typeof row['FWBM'] === 'string' ? row['FWBM'] : `${String(row['SQDM'])}9${String(Date.now()).padStart(12, '0').slice(-12)}`;
    if (!/^\d{25}$/.test(key)) throw new YiciError({ code: 'YICI_SIMULATOR_REFUSED', stage: 'serving', message: 'The housing bureau does not take this house: FWBM or SQDM.' });
    const before = (await this.record(key)) ?? Object.fromEntries(COLUMNS.map((c) => [c, '']));
    const [highest] = await this.database.all(`select coalesce(max("ID"), 0) + 1 as next from ${this.titles}`);
    await this.database.insert(TITLES.name, COLUMNS, [{ ...before, ...row, ID: highest!['next'], FWBM: key }]);
    return key;
  }

  async written(): Promise<readonly WrittenBack[]> {
    const rows = await this.database.all(`select * from ${this.database.table(OCCUPANCY.name)} order by "N"`);
    return rows.map((r) => ({ at: Number(r['AT']), key: r['FWBM']!, columns: { residents: Number(r['RESIDENTS']), households: Number(r['HOUSEHOLDS']) }, answer: 'taken' }));
  }

  publish(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.door.close();
    await this.proxy.stop();
    await this.database.close();
  }

  private get titles(): string {
    return this.database.table(TITLES.name);
  }

  private async serve({ method, url, headers, body, fault, answer, cut }: JsonCall): Promise<void> {
    if (fault?.kind === 'busy') return answer(503, { message: 'busy' });
    if (!isSigned('sm3', this.context.secret(SECRET), headers, body, Date.now())) return answer(401, { message: 'signature' });
    if (method !== 'POST' || url.pathname !== '/api/occupancy') return answer(404, { message: 'not found' });
    const { status, message } = await this.inTurn(() => this.take(body, String(headers['idempotency-key'] ?? '')));
    if (fault?.kind === 'lost-answer') return cut();
    answer(status, { message });
  }

  /** One after the other: each occupancy gets the next number. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work, work);
    this.last = done.catch(() => undefined);
    return done;
  }

  private async take(body: Buffer, ref: string): Promise<{ status: number; message: string }> {
    const counts = jsonOf(body);
    if (typeof counts !== 'object' || counts === null) return { status: 400, message: 'no JSON object' };
    const { fwbm, residents, households, ...others } = counts as Record<string, unknown>;
    // Persons have no business here: whoever sends one is turned away.
    if (Object.keys(others).length > 0) return { status: 422, message: `unknown: ${Object.keys(others).join(', ')}` };
    for (const [name, value] of Object.entries({ residents, households })) if (!Number.isInteger(value) || (value as number) < 0) return { status: 422, message: name };
    if (typeof fwbm !== 'string') return { status: 422, message: 'fwbm' };
    if ((await this.record(fwbm)) === undefined) return { status: 404, message: 'no such house' };
    const table = this.database.table(OCCUPANCY.name);
    await this.database.transaction(async (runner) => {
      if (ref !== '' && (await this.database.all(`select 1 as n from ${table} where "REF" = ? and "RESIDENTS" = ? and "HOUSEHOLDS" = ?`, [ref, residents, households], runner)).length > 0) return;
      const [last] = await this.database.all(`select coalesce(max("N"), 0) + 1 as next from ${table}`, [], runner);
      await this.database.insert(OCCUPANCY.name, OCCUPANCY.columns, [{ N: last!['next'], FWBM: fwbm, RESIDENTS: residents, HOUSEHOLDS: households, REF: ref, AT: Date.now() }], runner);
    });
    if (this.faults.standing?.kind === 'echo') await this.respell(fwbm);
    return { status: 200, message: 'ok' };
  }

  /** Whoever opens the form of a house saves it in the form's spelling. */
  private async respell(key: string): Promise<void> {
    const row = (await this.record(key)) as TextRow;
    const number = /^\d+/.exec(row['LDH'] ?? '')?.[0];
    await this.change(key, { ...(number !== undefined && { LDH: `${number}#` }), DZ: ` ${(row['DZ'] ?? '').trim()}` });
  }
}

export const startHousing: StartSimulator = (context) => new HousingSimulator(context).start();
