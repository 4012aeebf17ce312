import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { decodeEvent } from '#libs/bus/cloud-event';
import type { Log, LogMessage } from '#libs/bus/log';
import type { Connector } from '#libs/connector-sdk/connector';
import { loadConnectors } from '#libs/connector-sdk/load-connector';
import { openCityDirectory } from '#libs/intake/city-directory';
import { ConnectorStates } from '#libs/intake/connector-states';
import { Replays } from '#libs/intake/replays';
import { SnapshotIntake } from '#libs/intake/snapshot-intake';
import { TakeRows } from '#libs/intake/take-rows';
import { systemClock } from '#libs/kernel/clock';
import { TOPIC } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Logger } from '#libs/platform/logger';
import { silentLogger } from '#libs/platform/logger';
import { Metrics } from '#libs/platform/metrics';
import { projectRoot } from '#libs/platform/project-root';
import { Sealing } from '#libs/platform/sealing';
import { saveCity } from '#libs/store/city-store';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** A log that only remembers; `fail` makes it refuse. */
export class RememberingLog implements Log {
  readonly published: { topic: string; message: LogMessage }[] = [];
  /** Refuses from this publish on (1 = the next one of accepted records). */
  failAfter = Infinity;

  publish(topic: string, messages: readonly LogMessage[]): Promise<void> {
    if (topic === TOPIC.sourceRecordAccepted && --this.failAfter < 0) return Promise.reject(new Error('the log is away'));
    for (const message of messages) this.published.push({ topic, message });
    return Promise.resolve();
  }
  ensureTopics = (): Promise<void> => Promise.resolve();
  subscribe = (): Promise<never> => Promise.reject(new Error('nobody reads this log'));
  positions = (): Promise<[]> => Promise.resolve([]);
  close = (): Promise<void> => Promise.resolve();
}

export interface IntakeStage {
  db: TestDatabase;
  dir: string;
  log: RememberingLog;
  sealing: Sealing;
  connectors: Connector[];
  metrics: Metrics;
  /** Events of the program's log. */
  events: { level: string; event: string; system?: unknown; code?: unknown }[];
  takeRows: TakeRows;
  states: ConnectorStates;
  replays: Replays;
  /** Looks into the folders of these systems as a process started anew would, or as one that runs on (`again`). */
  look(systems: readonly string[], again?: SnapshotIntake): Promise<SnapshotIntake>;
  accepted(): { id: string; key: string; record: AnySourceRecord }[];
  one<T>(sql: string, values?: unknown[]): Promise<T>;
  end(): Promise<void>;
}

/** Intake on a database of its own, with a copy of the sample city that a test may spoil. */
export async function intakeStage(): Promise<IntakeStage> {
  const db = await createTestDatabase();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-city-'));
  cpSync(path.join(projectRoot(), 'test/fixtures/sample-city'), dir, { recursive: true });
  const sealing = new Sealing({ current: 1, sealing: new Map([[1, randomBytes(32)]]), index: randomBytes(32) });
  const connectors = loadConnectors(path.join(projectRoot(), 'connectors'));
  const log = new RememberingLog();
  const metrics = new Metrics();
  const events: IntakeStage['events'] = [];
  const note = (level: string) => (event: string, fields?: object, error?: unknown) => {
    events.push({ level, event, ...fields, ...(error instanceof Error && 'code' in error && { code: error.code }) });
  };
  const logger: Logger = { ...silentLogger, info: note('info'), warn: note('warn'), error: note('error') };
  const unitOfWork = new UnitOfWork(db.dataSource);
  const takeRows = new TakeRows({ log, unitOfWork, sealing, clock: systemClock, logger, metrics });
  const states = new ConnectorStates(db.dataSource.manager, systemClock, logger, metrics);
  await states.recall();
  const city = await openCityDirectory(dir);
  await saveCity(db.pool as never, { code: city.code, name: city.name, snapshotDate: city.snapshotDate, divisions: city.divisionsCsv }, new Date());
  const replays = new Replays({ connectors, divisions: city.divisions, unitOfWork, log, sealing, takeRows, logger });
  return {
    db, dir, log, sealing, connectors, metrics, events, takeRows, states, replays,
    look: async (systems, again) => {
      const intake = again ?? new SnapshotIntake({ unitOfWork, sealing, clock: systemClock, logger, takeRows, states }, 0);
      for (const id of systems) await intake.readSystem(connectors.find((c) => c.id === id)!, await openCityDirectory(dir), new AbortController().signal);
      return intake;
    },
    accepted: () => log.published.filter((p) => p.topic === TOPIC.sourceRecordAccepted).map(({ message }) => {
      const event = decodeEvent(sealing, TOPIC.sourceRecordAccepted, message.value);
      return { id: event.id, key: message.key, record: event.data.record };
    }),
    one: async <T>(sql: string, values: unknown[] = []) => (await db.pool.query(sql, values)).rows[0] as T,
    end: async () => {
      rmSync(dir, { recursive: true });
      await db.drop();
    },
  };
}
