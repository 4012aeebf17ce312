import { join } from 'node:path';
import { readCsvTable, type TextRow } from './city-files.js';
import { ExchangeOffice } from './exchange-office.js';
import { ExchangeTables, type ExchangeForm } from './exchange-tables.js';
import { Faults } from './faults.js';
import type { HttpDoor } from './http-door.js';
import { HTTP_FAULTS } from './http-faults.js';
import { jsonOf, openJsonDoor, type JsonCall } from './json-door.js';
import { known, refused } from './refusals.js';
import { isSigned } from './signature.js';
import type { SimulatorContext, StartSimulator, SystemRow, WrittenBack } from './simulator.js';
import type { TableShape } from './sql-database.js';
import { SQL_FAULTS } from './sql-proxy.js';

const SYSTEM = 'housing';
const SECRET = 'YICI_HOUSING_SYNC_SECRET';
const COLUMNS = ['ID', 'FWBM', 'XQMC', 'LDH', 'DYH', 'FJH', 'DZ', 'CQRXM', 'CQRZJH', 'MJ', 'YT', 'SQDM'];
const TITLES: TableShape = { name: 'T_FWCQ', columns: COLUMNS, types: { ID: 'bigint' }, primaryKey: ['ID'], indexes: [['FWBM']] };
const OCCUPANCY: TableShape = {
  name: 'T_RZQK', columns: ['N', 'FWBM', 'RESIDENTS', 'HOUSEHOLDS', 'REF', 'AT'], types: { N: 'bigint', RESIDENTS: 'integer', HOUSEHOLDS: 'integer', AT: 'bigint', REF: 'varchar(80)' }, primaryKey: ['N'], indexes: [['REF']],
};
const LARGEST_BODY = 64 * 1024;

/** The housing bureau: a view of titles without times, in PostgreSQL or MariaDB, and a REST interface that takes counts and nothing else. */
class HousingSimulator extends ExchangeOffice {
  readonly system = SYSTEM;
  private last: Promise<unknown> = Promise.resolve();
  override readonly faults = new Faults([...new Set([...HTTP_FAULTS, ...SQL_FAULTS]), 'echo']);
  private door!: HttpDoor;

  constructor(private readonly context: SimulatorContext) {
    super();
  }

  async start(): Promise<this> {
    const { cityDir, port, log } = this.context;
    const form: ExchangeForm = {
      schema: SYSTEM, main: { name: TITLES.name, key: 'FWBM', newest: 'ID' },
      tables: [OCCUPANCY, { ...TITLES, fill: () => readCsvTable(join(cityDir, SYSTEM, 'V_FWCQ.csv'), 'ID', log, 'utf-8') }],
    };
    // Faults that were told for some requests are meant for the interface; lasting ones are of the whole system.
    const lasting = () => SQL_FAULTS.some((kind) => kind === this.faults.standing?.kind) ? this.faults.standing : undefined;
    this.tables = await ExchangeTables.open(form, this.context, { faults: { next: lasting, peek: lasting } });
    const { database } = this.tables;
    await database.run(`create or replace view ${database.table('V_FWCQ')} as select * from ${database.table(TITLES.name)}`);
    this.door = await openJsonDoor({ port, largestBody: LARGEST_BODY, faults: this.faults, serve: (call) => this.serve(call) });
    return this;
  }

  get environment(): Readonly<Record<string, string>> {
    return { YICI_HOUSING_DATABASE_URL: this.tables.url, YICI_HOUSING_URL: this.door.url, [SECRET]: this.context.secret(SECRET) };
  }

  /** A title is corrected: its row is rewritten, and nothing tells when. */
  async change(key: string, patch: SystemRow): Promise<void> {
    const row = known(await this.tables.newest(key), 'The housing bureau has no house with this code.');
    await this.tables.update(TITLES.name, Object.fromEntries(Object.entries(patch).filter(([c]) => COLUMNS.includes(c) && c !== 'ID')), { ID: row['ID'] });
  }

  /** A new house, or, for a code that is known, a sale: a row is appended. */
  async add(row: SystemRow): Promise<string> {
    const key = typeof row['FWBM'] === 'string' ? row['FWBM'] : `${String(row['SQDM'])}9${String(Date.now()).padStart(12, '0').slice(-12)}`;
    if (!/^\d{25}$/.test(key)) throw refused('The housing bureau does not take this house: FWBM or SQDM.');
    const before = (await this.record(key)) ?? Object.fromEntries(COLUMNS.map((c) => [c, '']));
    await this.tables.database.insert(TITLES.name, COLUMNS, [{ ...before, ...row, ID: await this.tables.nextNumber(TITLES.name, 'ID'), FWBM: key }]);
    return key;
  }

  override async written(): Promise<readonly WrittenBack[]> {
    const rows = await this.tables.database.all(`select * from ${this.tables.database.table(OCCUPANCY.name)} order by "N"`);
    return rows.map((r) => ({ at: Number(r['AT']), key: r['FWBM']!, columns: { residents: Number(r['RESIDENTS']), households: Number(r['HOUSEHOLDS']) }, answer: 'taken' }));
  }

  override async stop(): Promise<void> {
    await this.door.close();
    await super.stop();
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
    const { database } = this.tables;
    await database.transaction(async (runner) => {
      if (ref !== '' && (await database.all(`select 1 as n from ${database.table(OCCUPANCY.name)} where "REF" = ? and "RESIDENTS" = ? and "HOUSEHOLDS" = ?`, [ref, residents, households], runner)).length > 0) return;
      const n = await this.tables.nextNumber(OCCUPANCY.name, 'N', runner);
      await database.insert(OCCUPANCY.name, OCCUPANCY.columns, [{ N: n, FWBM: fwbm, RESIDENTS: residents, HOUSEHOLDS: households, REF: ref, AT: Date.now() }], runner);
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
