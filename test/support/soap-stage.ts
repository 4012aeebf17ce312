import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { decodeEvent, encodeEvent } from '#libs/bus/cloud-event';
import { authorityRows } from '#libs/connector-sdk/authority-rows';
import type { Connector } from '#libs/connector-sdk/connector';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { readSnapshot } from '#libs/connector-sdk/read-snapshot';
import { Fanout } from '#libs/fanout/fanout';
import { FanoutStore } from '#libs/fanout/fanout-store';
import { proposalsOf } from '#libs/fanout/propose-agreements';
import { Receipts } from '#libs/fanout/receipts';
import { Intake } from '#libs/intake/intake';
import { systemClock } from '#libs/kernel/clock';
import { TOPIC } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import { silentLogger } from '#libs/platform/logger';
import { Metrics } from '#libs/platform/metrics';
import { projectRoot } from '#libs/platform/project-root';
import { replaceAuthority } from '#libs/store/authority-store';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { HUB_AUTHORITY } from '#libs/survivorship/hub-authority';
import type { Simulator, StartSimulator, WrittenBack } from '#libs/synthetic/simulators/simulator';
import { openCityDirectory } from '#libs/intake/city-directory';
import { fanoutStage, personRecord, type FanoutStage } from './fanout-stage.js';
import { RememberingLog } from './intake-stage.js';
import { until } from './until.js';

export const SAMPLE_CITY = path.join(projectRoot(), 'test/fixtures/sample-city');

/** A system that speaks SOAP or lays files at work with the hub's own intake and fan-out, on a database of their own; only the log in between is held by the test. */
export interface SoapStage {
  stage: FanoutStage;
  connector: Connector;
  simulator: Simulator;
  /** The simulator's own folder. */
  dir: string;
  log: RememberingLog;
  receipts: Receipts;
  /** Stops the simulator and starts it anew at the same address, over what it kept. */
  restartSimulator(): Promise<void>;
  /** Starts intake as a new process would. */
  startIntake(environment?: Readonly<Record<string, string>>): Promise<Intake>;
  startFanout(): Promise<Fanout>;
  /** Records that intake published since the call before, in their order. */
  accepted(): AnySourceRecord[];
  /** Waits until persons of all these keys were published; returns what was published since the call before, of anybody. */
  arrivals(...keys: string[]): Promise<AnySourceRecord[]>;
  /** What the snapshot files of the same city give. */
  snapshot(): Promise<{ records: AnySourceRecord[]; dead: { code: string; bytes: string }[] }>;
  /** A person as the snapshot has it. */
  own(key: string): Promise<AnySourceRecord>;
  /** What was written to one record of the system. */
  writes(key: string): Promise<WrittenBack[]>;
  /** Codes of the dead letters, in their order. */
  letters(): Promise<string[]>;
  state(): Promise<{ state: string; code: string | null; reason: string | null } | undefined>;
  /** A person with these records, whose entry asks for these fields to be written; returns the entry. */
  entry(entityId: string, changed: string[], body: object, ...others: AnySourceRecord[]): Promise<string>;
  /** Hands records that came back to fan-out, as the log would. */
  echo(fanout: Fanout, records: readonly AnySourceRecord[]): Promise<void>;
  line(entry: string): Promise<{ state: string; reasonCode?: string | undefined } | undefined>;
  end(): Promise<void>;
}

/** A `pollSeconds` of 1 is the only thing that differs from the connector's folder. `believed`: other systems whose authority and offers count. */
export async function soapStage(system: string, start: StartSimulator, believed: readonly string[] = []): Promise<SoapStage> {
  const stage = await fanoutStage();
  const dir = mkdtempSync(path.join(os.tmpdir(), `yici-${system}-`));
  const loaded = loadConnector(path.join(projectRoot(), 'connectors', system));
  const connector: Connector = { ...loaded, manifest: { ...loaded.manifest, live: loaded.manifest.live.map((l) => ('pollSeconds' in l ? { ...l, pollSeconds: 1 } : l)) } };
  const context = (port?: number) => ({ cityDir: SAMPLE_CITY, hubUrl: 'http://127.0.0.1:9', databaseUrl: '', dir, secret: (name: string) => `${name} of this test`, log: () => undefined, ...(port !== undefined && { port }) });
  let simulator = await start(context());
  const log = new RememberingLog();
  const city = await openCityDirectory(SAMPLE_CITY);
  const store = new FanoutStore(stage.db.pool, new UnitOfWork(stage.db.dataSource), stage.sealing, systemClock);
  await store.unitOfWork.run(async (tx) => {
    const folders = [connector, ...believed.map((id) => loadConnector(path.join(projectRoot(), 'connectors', id)))];
    await replaceAuthority(tx, [...HUB_AUTHORITY, ...folders.flatMap(authorityRows)]);
    await store.agreements.propose(tx, proposalsOf(folders));
    await store.agreements.approve(tx, {}, 'test');
    await store.connections.rehearsed(tx, system, 0);
    await store.connections.approve(tx, system, 'test');
  });
  const running: { close(): Promise<void> }[] = [];
  let seen = 0;
  let version = 0;
  const parts = () => ({ secret: (name: string) => simulator.environment[name], connectors: [connector], divisions: city.divisions, log, sealing: stage.sealing, logger: silentLogger });
  const fanoutOf = () => new Fanout({ ...parts(), store });
  const messages = (values: Buffer[], topic: string) => ({ topic, partition: 0, messages: values.map((value, i) => ({ key: 'k', value, topic, partition: 0, offset: String(i) })) });
  const accepted = (): AnySourceRecord[] => {
    const published = log.published.filter((p) => p.topic === TOPIC.sourceRecordAccepted);
    const fresh = published.slice(seen).map(({ message }) => decodeEvent(stage.sealing, TOPIC.sourceRecordAccepted, message.value).data.record);
    seen = published.length;
    return fresh;
  };
  const snapshot: SoapStage['snapshot'] = async () => {
    const records: AnySourceRecord[] = [];
    const dead: { code: string; bytes: string }[] = [];
    for await (const batch of readSnapshot(connector, SAMPLE_CITY, { divisions: city.divisions, snapshotDate: city.snapshotDate, observedAt: '2026-03-31T00:00:00+08:00' })) {
      for (const row of batch.rows) {
        if (row.kind === 'accepted') records.push(...row.records);
        else if (row.kind === 'dead') dead.push({ code: row.code, bytes: Buffer.from(row.bytes).toString('hex') });
      }
    }
    return { records, dead };
  };
  return {
    stage, connector, dir, log, receipts: new Receipts(store, fanoutOf().targets),
    get simulator() {
      return simulator;
    },
    restartSimulator: async () => {
      const port = Number(new URL(Object.values(simulator.environment).find((v) => v.startsWith('http'))!).port);
      await simulator.stop();
      simulator = await start(context(port));
    },
    startIntake: async (environment) => {
      const intake = new Intake({
        ...parts(), ...(environment !== undefined && { secret: (name: string) => environment[name] ?? simulator.environment[name] }),
        dataSource: stage.db.dataSource, pool: stage.db.pool, unitOfWork: new UnitOfWork(stage.db.dataSource), clock: systemClock, metrics: new Metrics(), spoolDir: path.join(dir, 'spool'),
      });
      await intake.start();
      running.push(intake);
      return intake;
    },
    startFanout: async () => {
      const fanout = fanoutOf();
      await fanout.start();
      running.push(fanout);
      return fanout;
    },
    accepted,
    arrivals: async (...keys) => {
      const found: AnySourceRecord[] = [];
      await until(() => found.push(...accepted()), () => keys.every((key) => found.some((r) => isPerson(r, key))));
      return found;
    },
    snapshot,
    own: async (key) => (await snapshot()).records.find((r) => isPerson(r, key))!,
    writes: async (key) => (await simulator.written()).filter((w) => w.key === key),
    letters: async () => (await stage.db.pool.query<{ code: string }>('select code from dead_letter where system = $1 order by code', [system])).rows.map((r) => r.code),
    state: async () => (await stage.db.pool.query('select state, code, reason from connector_state where system = $1', [system])).rows[0] as never,
    entry: async (entityId, changed, body, ...others) => {
      const entry = `entry-${entityId}-${++version}`;
      await stage.person(entityId, ...others, personRecord('hub', entry, body as never, { order: String(version), sourceTime: new Date().toISOString() }));
      const { id, data } = stage.change(entityId, version, changed, [`hub:person:${entry}`] as never);
      const fanout = running.find((r) => r instanceof Fanout) as Fanout;
      await fanout.changes(messages([encodeEvent(stage.sealing, { id, type: TOPIC.goldenRecordChanged, source: '/test', time: new Date().toISOString(), data })], TOPIC.goldenRecordChanged) as never, [system]);
      return entry;
    },
    echo: (fanout, records) => fanout.accepted(messages(records.map((record, i) =>
      encodeEvent(stage.sealing, { id: `echo-${i}-${Date.now()}`, type: TOPIC.sourceRecordAccepted, source: '/test', time: new Date().toISOString(), data: { record } })), TOPIC.sourceRecordAccepted) as never),
    line: async (entry) => (await new Receipts(store, fanoutOf().targets).receiptFor(entry)).find((l) => l.target === system),
    end: async () => {
      for (const part of running) await part.close();
      await simulator.stop();
      await stage.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export function isPerson(record: AnySourceRecord, key: string): boolean {
  return record.recordType === 'person' && record.naturalKey === key;
}

/** A record without what tells when and where it was read. */
export function timeless({ observedAt: _observedAt, origin: _origin, ...record }: AnySourceRecord): object {
  return record;
}
