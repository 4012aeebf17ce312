import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Fanout } from '#libs/fanout/fanout';
import type { Intake } from '#libs/intake/intake';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { StartSimulator } from '#libs/synthetic/simulators/simulator';
import { personRecord } from './fanout-stage.js';
import { isPerson, soapStage, timeless, type SoapStage } from './soap-stage.js';
import { until } from './until.js';

/** What a system that lives by files is tested with. */
export interface FileSuite {
  system: string;
  start: StartSimulator;
  /** What its office changes, and how the hub reads it. */
  change: { patch: Record<string, string>; reads: object };
  /** What is entered in the hub: canonical paths and body; the columns that the system then holds. */
  entry: { changed: string[]; body: (own: AnySourceRecord) => object; columns: Record<string, string> };
  /** Records of other systems that say what the entry says, where the system believes them and not a worker. */
  others?: (body: object) => AnySourceRecord[];
  /** Whom the entry is about. */
  whom(record: AnySourceRecord): boolean;
  /** There is nothing to write a second time. */
  once?: boolean;
  /** The dropped file as text, for the first entry. */
  dropped: RegExp;
}

/** The whole life of such a system with the hub's own intake and fan-out, over its real server and a real database. */
export function describeFileSystem(suite: FileSuite): void {
  const { system } = suite;
  let s: SoapStage;
  let intake: Intake;
  let fanout: Fanout;
  const everything: AnySourceRecord[] = [];
  const files = (): string => path.join(s.dir, 'files');
  const fresh = (): AnySourceRecord[] => {
    const found = s.accepted();
    everything.push(...found);
    return found;
  };
  const settled = async (code: string | null, state = 'running') => until(() => s.state(), (now) => now?.state === state && now.code === code);
  const filesRead = async (): Promise<number> => (await s.stage.db.pool.query<{ n: number }>(`select count(*)::int as n from snapshot_file where system = $1 and state = 'read'`, [system])).rows[0]!.n;
  /** Publishes and waits until the hub has read the file. */
  async function published(): Promise<AnySourceRecord[]> {
    const before = await filesRead();
    fresh();
    await s.simulator.publish();
    await until(filesRead, (n) => n > before);
    return fresh();
  }
  const newest = (key: string): AnySourceRecord => everything.filter((r) => isPerson(r, key)).sort((a, b) => (a.order < b.order ? -1 : 1)).at(-1)!;
  let key: string;

  beforeAll(async () => {
    s = await soapStage(system, suite.start, ['hukou']);
    intake = await s.startIntake();
  }, 120_000);
  afterAll(() => s.end(), 60_000);

  describe(`${system} over its own server`, () => {
    it('gives the very records of its snapshot files, and their dead letters', async () => {
      const { records, dead } = await s.snapshot();
      await until(filesRead, (n) => n === 1);
      const read = fresh();
      expect(read.map(timeless)).toEqual(records.map(timeless));
      expect(await s.letters()).toEqual(dead.map((d) => d.code).sort());
      await settled(null);
      key = read.find(suite.whom)!.naturalKey;
    });

    it('is not fetched again by a hub that starts anew', async () => {
      await intake.close();
      intake = await s.startIntake();
      await sleep(2500);
      expect(fresh()).toEqual([]);
      expect(await filesRead()).toBe(1);
    });

    it('tells a change of its office with the next file', async () => {
      await s.simulator.change(key, suite.change.patch);
      await published();
      expect(newest(key).body).toMatchObject(suite.change.reads);
      expect(await s.letters()).toEqual([...(await s.snapshot()).dead, ...(await s.snapshot()).dead].map((d) => d.code).sort());
    });

    it('takes a change in its own format, and each step of it is told', async () => {
      fanout = await s.startFanout();
      const own = newest(key);
      const entry = await s.entry('p-1', suite.entry.changed, suite.entry.body(own), own, ...(suite.others?.(suite.entry.body(own)) ?? []));
      await until(() => s.line(entry), (line) => ['written', 'pickedUp'].includes(line?.state ?? ''));
      await until(() => s.line(entry), (line) => line?.state === 'pickedUp');
      expect(await s.simulator.record(key)).toMatchObject(suite.entry.columns);
      expect((await s.simulator.written()).at(-1)).toMatchObject({ key, answer: 'taken' });
      const taken = readdirSync(path.join(s.dir, 'taken')).filter((n) => !/\.(OK|END)$/.test(n));
      expect(taken).toHaveLength(1);
      expect(new TextDecoder('gb18030').decode(readFileSync(path.join(s.dir, 'taken', taken[0]!)))).toMatch(suite.dropped);
      await fanoutEchoes(await published());
      await until(() => s.line(entry), (line) => line?.state === 'confirmed');
    });

    async function fanoutEchoes(records: readonly AnySourceRecord[]): Promise<void> {
      for (let at = 0; at < records.length; at += 200) await s.echo(fanout, records.slice(at, at + 200));
    }
  });

  describe(`${system} when its files are not as they should be`, () => {
    it('a spoilt file is waited for, then refused with a reason, and the next sound one lifts it', async () => {
      s.simulator.faults.fail({ kind: 'corrupt-file' }, 1);
      await s.simulator.publish();
      await settled('YICI_FILE_INCOMPLETE', 'stopped');
      expect((await s.state())?.reason).not.toMatch(/\d{15}/);
      expect(fresh()).toEqual([]);
      await published();
      await settled(null);
    });

    it('a file that grows is read when it is whole', async () => {
      s.simulator.faults.fail({ kind: 'growing-file' }, 1);
      const before = await filesRead();
      await s.simulator.publish();
      await until(filesRead, (n) => n > before);
      expect(fresh().length).toBeGreaterThan(0);
      await settled(null);
    });

    it('an empty file is refused, and lifted', async () => {
      const name = readdirSync(path.join(files(), 'export')).filter((n) => !/\.(OK|END)$/.test(n)).sort().at(-1)!;
      const bytes = readFileSync(path.join(files(), 'export', name));
      writeFileSync(path.join(files(), 'export', name), '');
      await until(() => s.state(), (now) => now?.state === 'stopped' && now.code?.startsWith('YICI_FILE_') === true);
      writeFileSync(path.join(files(), 'export', name), bytes);
      await settled(null);
      expect(fresh().every((r) => r.system === system)).toBe(true);
    });

    it('an old file that is offered again changes nothing that stands; an older date stays older', async () => {
      s.simulator.faults.fail({ kind: 'replay' }, 1);
      await s.simulator.publish();
      await sleep(3500);
      fresh();
      const stands = newest(key);
      s.simulator.faults.fail({ kind: 'out-of-order' }, 1);
      await s.simulator.publish();
      await sleep(3500);
      fresh();
      expect(newest(key).order).toBe(stands.order);
      await settled(null);
    });

    it('a server that fails, cuts the line or is away says so on its card alone, and is asked again', async () => {
      for (const fault of [{ kind: 'error' }, { kind: 'disconnect' }] as const) {
        s.simulator.faults.fail(fault);
        await settled('YICI_SOURCE_UNREACHABLE', 'disabled');
        s.simulator.faults.clear();
        await settled(null);
      }
    });
  });

  if (suite.once !== true) describe(`${system} and what it makes of a write`, () => {
    it('a write through a dying connection has one effect, and an echo in its own spelling ends there', async () => {
      await published();
      s.simulator.faults.fail({ kind: 'echo' });
      s.simulator.faults.fail({ kind: 'lost-answer' }, 3);
      const own = newest(key);
      const before = (await s.simulator.written()).length;
      const body = { ...suite.entry.body(own), ...again(suite.entry.body(own)) };
      const entry = await s.entry('p-1', suite.entry.changed, body, own, ...(suite.others?.(body) ?? []));
      await until(() => s.line(entry), (line) => ['pickedUp', 'confirmed'].includes(line?.state ?? ''));
      await sleep(1500);
      expect((await s.simulator.written()).slice(before)).toEqual([expect.objectContaining({ key, answer: 'taken' })]);
      s.simulator.faults.clear();
    });
  });
}

let orders = 0;
/** Another system's record of the same person, newer than the one before. */
export function sayingSo(body: object): AnySourceRecord {
  orders += 1;
  return personRecord('hukou', 'R-1', body as never, { order: String(orders).padStart(4, '0') });
}

/** The same entry with another value, so that there is something to write once more. */
function again(body: object): object {
  const { registeredAddress } = body as { registeredAddress: object };
  return { registeredAddress: { ...registeredAddress, room: '808', raw: '808' } };
}
