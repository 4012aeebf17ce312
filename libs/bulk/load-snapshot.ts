import type { DataSource } from 'typeorm';
import type { Connector } from '#libs/connector-sdk/connector';
import { cityFiles, fileDigest, tableFiles } from '#libs/connector-sdk/snapshot-files';
import type { CityDirectory } from '#libs/intake/city-directory';
import { ConnectorStates } from '#libs/intake/connector-states';
import { SnapshotIntake } from '#libs/intake/snapshot-intake';
import { TakeRows } from '#libs/intake/take-rows';
import type { Clock } from '#libs/kernel/clock';
import type { RecordType } from '#libs/kernel/record-key';
import type { MatchModel } from '#libs/matching/match-model';
import type { Logger } from '#libs/platform/logger';
import { Metrics } from '#libs/platform/metrics';
import type { Sealing } from '#libs/platform/sealing';
import { storedPartitionHash } from '#libs/resolution/partition-reader';
import { resolutionService } from '#libs/resolution/resolution-module';
import { saveCity } from '#libs/store/city-store';
import { poolOf } from '#libs/store/data-source';
import type { SnapshotFileEntity } from '#libs/store/entities';
import { SnapshotFileStore, type RowCounts } from '#libs/store/snapshot-file-store';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { DirectLog } from './direct-log.js';
import { StageTimes, type LoadResult, type OnProgress } from './load-result.js';

export interface SnapshotLoadParts {
  dataSource: DataSource;
  sealing: Sealing;
  clock: Clock;
  logger: Logger;
  model: MatchModel;
  connectors: readonly Connector[];
}

/** A file of the directory, and whether an earlier load had read it to its end. */
interface Offered {
  system: string;
  name: string;
  digest: string;
  known: boolean;
}

/**
 * Load of a city directory into a store that holds records: intake's snapshot reader straight into resolution's own writer.
 * Files read before are skipped by their digest. Throws YICI_STORE_OTHER_CITY and errors of the store; run again, it goes on
 * where it stopped. `rows` counts the files read now.
 */
export async function loadSnapshot(parts: SnapshotLoadParts, city: CityDirectory, onProgress: OnProgress): Promise<LoadResult> {
  const { dataSource, sealing, clock, logger, connectors } = parts;
  const unitOfWork = new UnitOfWork(dataSource);
  const times = new StageTimes();
  const metrics = new Metrics();
  const takeRows = new TakeRows({ log: new DirectLog(resolutionService(parts)), unitOfWork, sealing, clock, logger, metrics });
  const states = new ConnectorStates(dataSource.manager, clock, logger, metrics);
  await states.recall();
  // The files of a load are whole: who runs it says so.
  const intake = new SnapshotIntake({ unitOfWork, sealing, clock, logger, takeRows, states }, 0);
  const files = new SnapshotFileStore(clock);
  await unitOfWork.run((tx) => saveCity(tx.client, { code: city.code, name: city.name, snapshotDate: city.snapshotDate, divisions: city.divisionsCsv }, new Date(clock.now())));
  const offered: Offered[] = [];
  for (const [i, connector] of connectors.entries()) {
    onProgress({ stage: 'decode', system: connector.id, done: i, total: connectors.length });
    offered.push(...(await offeredFiles(connector, city, (digest) => unitOfWork.run((tx) => files.find(tx.manager, digest)))));
    await times.time('snapshot', () => intake.readSystem(connector, city, new AbortController().signal));
    onProgress({ stage: 'decode', system: connector.id, done: i + 1, total: connectors.length });
  }
  const rows: LoadResult['rows'] = {};
  const refused: LoadResult['refused'] = [];
  for (const { id } of connectors) rows[id] = { read: 0, accepted: 0, superseded: 0, void: 0, dead: 0 };
  for (const file of offered.filter((f) => !f.known)) {
    const now = await unitOfWork.run((tx) => files.find(tx.manager, file.digest));
    if (now?.state === 'refused') refused.push({ system: file.system, file: file.name, code: 'YICI_SNAPSHOT_REFUSED', reason: now.reason ?? '' });
    else if (now !== null) add(rows[file.system]!, now);
  }
  const pool = poolOf(dataSource);
  const counted = await pool.query<{ name: string; n: string }>(
    `select record_type as name, count(*) as n from entity where state = 'active' group by record_type union all select 'reviews', count(*) from review where state = 'open'`);
  const count = (name: RecordType | 'reviews'): number => Number(counted.rows.find((r) => r.name === name)?.n ?? 0);
  return {
    rows, refused, entities: { person: count('person'), household: count('household'), dwelling: count('dwelling') }, reviews: count('reviews'),
    partitionHash: await times.time('hash', () => storedPartitionHash(pool, sealing)), seconds: times.seconds, peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    skipped: offered.filter((f) => f.known).map(({ system, name }) => ({ system, file: name })),
  };
}

async function offeredFiles(connector: Connector, city: CityDirectory, find: (digest: string) => Promise<SnapshotFileEntity | null>): Promise<Offered[]> {
  const offered: Offered[] = [];
  for (const { file } of tableFiles(connector, cityFiles(connector, city.dir))) {
    const digest = await fileDigest(file);
    offered.push({ system: connector.id, name: file.name, digest, known: (await find(digest))?.state === 'read' });
  }
  return offered;
}

function add(sum: RowCounts, file: SnapshotFileEntity): void {
  sum.read += Number(file.rowsRead);
  sum.accepted += Number(file.rowsAccepted);
  sum.superseded += Number(file.rowsSuperseded);
  sum.void += Number(file.rowsVoid);
  sum.dead += Number(file.rowsDead);
}
