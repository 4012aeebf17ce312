import type pg from 'pg';
import type { Log } from '#libs/bus/log';
import type { Connector } from '#libs/connector-sdk/connector';
import type { LiveSpec } from '#libs/connector-sdk/live-spec';
import { isPolled, secretsOf } from '#libs/connector-sdk/open-source';
import type { Clock } from '#libs/kernel/clock';
import type { HealthCheck } from '#libs/platform/health';
import type { Logger } from '#libs/platform/logger';
import type { Metrics } from '#libs/platform/metrics';
import type { Sealing } from '#libs/platform/sealing';
import type { UnitOfWork } from '#libs/store/unit-of-work';
import type { DataSource } from 'typeorm';
import type { Divisions } from '#libs/values/divisions';
import { ConnectorStates } from './connector-states.js';
import { FileFetcher } from './file-fetch.js';
import { LivePoller } from './live-poller.js';
import { PushIntake } from './push-intake.js';
import { Replays } from './replays.js';
import { SnapshotIntake } from './snapshot-intake.js';
import { SnapshotWatch } from './snapshot-watch.js';
import { TakeRows } from './take-rows.js';
import { UploadIntake } from './upload-intake.js';

export interface IntakeParts {
  dataSource: DataSource;
  pool: pg.Pool;
  unitOfWork: UnitOfWork;
  log: Log;
  sealing: Sealing;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  connectors: readonly Connector[];
  divisions: Divisions;
  /** A secret of a connector folder by its name; undefined when the environment lacks it. */
  secret(name: string): string | undefined;
  /** Asks every system at least so often; absent: as their folders say. */
  pollAtMostSeconds?: number;
  /** Where copies of fetched and uploaded files lie. */
  spoolDir: string;
  /** City directory that is read at the start and watched for new files. */
  cityDir?: string;
}

/** The whole of intake without Nest: what is pushed, polled, dropped and replayed. */
export class Intake {
  readonly pushes: PushIntake;
  readonly uploads: UploadIntake;
  readonly replays: Replays;
  private readonly states: ConnectorStates;
  private readonly readers: { start(): void; close(): Promise<void> }[] = [];

  constructor(private readonly parts: IntakeParts) {
    const { connectors, dataSource, clock, logger, metrics, pool, cityDir } = parts;
    this.states = new ConnectorStates(dataSource.manager, clock, logger, metrics);
    const shared = { ...parts, takeRows: new TakeRows(parts), states: this.states };
    this.pushes = new PushIntake(connectors, shared);
    this.replays = new Replays(shared);
    const snapshots = new SnapshotIntake(shared, 0);
    for (const connector of connectors) {
      if (connector.manifest.mode !== 'live') continue;
      for (const spec of connector.manifest.live) {
        if (this.missing(spec) !== undefined) continue;
        if (spec.protocol === 'file-fetch') this.readers.push(new FileFetcher(connector, this.asOften(spec), snapshots, shared));
        else if (isPolled(spec)) this.readers.push(new LivePoller(connector, this.asOften(spec), shared));
      }
    }
    this.uploads = new UploadIntake(connectors, snapshots, shared);
    this.readers.push(this.uploads);
    if (cityDir !== undefined) this.readers.push(new SnapshotWatch(cityDir, connectors, new SnapshotIntake(shared), pool, logger));
  }

  /** Says which connectors are disabled for want of a secret, and sets the readers to work. */
  async start(): Promise<void> {
    await this.states.recall();
    for (const { id, manifest: { live } } of this.parts.connectors) {
      const missing = live.flatMap((spec) => this.missing(spec) ?? []);
      if (missing.length > 0 && missing.length === live.length) {
        await this.states.report(id, 'live', { state: 'disabled', code: 'YICI_CONNECTOR_SECRET_MISSING', reason: `${missing[0]!} is not set.`, chosen: true });
      } else await this.states.report(id, 'live');
      // A system that is read in several ways goes on with those that were configured.
      if (missing.length > 0 && missing.length < live.length) this.parts.logger.warn('intake.streamNotConfigured', { system: id, missing });
    }
    for (const reader of this.readers) reader.start();
  }

  /** Lets running batches end; what was not read is read after the next start. */
  async close(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.close()));
  }

  health(): Promise<HealthCheck> {
    return this.states.health();
  }

  private asOften<S extends { pollSeconds: number }>(spec: S): S {
    const most = this.parts.pollAtMostSeconds ?? Infinity;
    return withTables({ ...spec, pollSeconds: Math.min(spec.pollSeconds, most) }, most);
  }

  /** A secret of the spec that the environment lacks. */
  private missing(spec: LiveSpec): string | undefined {
    return secretsOf(spec).find((name) => this.parts.secret(name) === undefined);
  }
}

/** Whole tables are compared at least so often, too. */
function withTables<S extends object>(spec: S, most: number): S {
  if (!('tables' in spec) || most === Infinity) return spec;
  const tables = (spec.tables as { compareSeconds?: number }[]).map((t) => (t.compareSeconds === undefined ? t : { ...t, compareSeconds: Math.min(t.compareSeconds, most) }));
  return { ...spec, tables };
}
