import { join } from 'node:path';
import { texts } from './city-files.js';
import { Faults } from './faults.js';
import { HukouSimulator } from './hukou-simulator.js';
import { refused } from './refusals.js';
import type { Simulator, SimulatorContext, StartSimulator, SystemRow, WrittenBack } from './simulator.js';
import { SQL_FAULTS, SqlProxy } from './sql-proxy.js';

/** The register among the twelve simulators. It is never written: what the hub wrote are tickets. */
class Hukou implements Simulator {
  readonly system = 'hukou';
  readonly faults = new Faults(SQL_FAULTS);
  private proxy!: SqlProxy;

  constructor(private readonly running: HukouSimulator, private readonly context: SimulatorContext, private readonly ticketFolder: string) {}

  async start(): Promise<this> {
    const { databaseUrl, port } = this.context;
    this.proxy = await SqlProxy.start(databaseUrl, this.faults, (ms) => this.running.busy(ms), port);
    return this;
  }

  get environment(): Readonly<Record<string, string>> {
    return { YICI_HUKOU_DATABASE_URL: this.proxy.url, YICI_HUKOU_TICKET_FOLDER: this.ticketFolder };
  }

  keys(): Promise<readonly string[]> {
    return this.running.personKeys();
  }

  record(key: string): Promise<SystemRow | undefined> {
    return this.running.person(key);
  }

  async change(key: string, patch: SystemRow): Promise<void> {
    await this.running.change(key, texts(patch));
  }

  async add(row: SystemRow): Promise<string> {
    if (typeof row['XM'] !== 'string' || typeof row['HHNBID'] !== 'string' || 'RYID' in row) {
      throw refused('The register takes a person with XM and HHNBID, and gives the RYID itself.');
    }
    return this.running.register(texts(row));
  }

  written(): Promise<readonly WrittenBack[]> {
    return Promise.resolve(this.running.tickets.map(({ file, ...columns }) => ({ at: timeOf(file), columns, answer: 'taken' })));
  }

  publish(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.running.stop();
  }
}

export const startHukou: StartSimulator = async (context) => {
  const { cityDir, databaseUrl, dir, log } = context;
  const ticketFolder = join(dir, 'tickets');
  const running = await HukouSimulator.start({ cityDir, postgresUrl: databaseUrl, ticketFolder, takenFolder: join(dir, 'tickets-taken'), log });
  return new Hukou(running, context, ticketFolder).start();
};

/** Ticket files carry the time of their drop: GD_<yyyyMMddHHmmssSSS>_<nnn>.csv. */
function timeOf(file: string): number {
  return Date.parse(file.replace(/^GD_(....)(..)(..)(..)(..)(..)(...)_.*$/, '$1-$2-$3T$4:$5:$6.$7+08:00'));
}
