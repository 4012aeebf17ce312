import type { DataSource } from 'typeorm';
import { SnapshotFileStore } from '#libs/store/snapshot-file-store';
import { ConnectorStateStore } from '#libs/store/connector-state-store';
import { saveCity } from '#libs/store/city-store';
import { WatermarkStore } from '#libs/store/watermark-store';
import { lockKeys, UnitOfWork, type Transaction } from '#libs/store/unit-of-work';
import { changedEvent } from '#libs/resolution/changed-event';
import { PARTITION_LOCK } from '#libs/resolution/resolution-service';
import type { CityDirectory } from '#libs/intake/city-directory';
import { stopsConnector } from '#libs/intake/connector-states';
import { fileChannel } from '#libs/intake/file-mark';
import { FirstLoad, type FirstLoadParts } from './first-load.js';
import type { LoadResult, OnProgress } from './load-result.js';
import type { ReadFile } from './read-system.js';

export type LoadParts = Omit<FirstLoadParts, 'encode'> & {
  /** As owner: a first load drops and makes indexes. */
  owner: DataSource;
};

/** Whether the store holds no source record yet. */
export async function isEmptyStore(tx: Pick<Transaction, 'client'>): Promise<boolean> {
  return (await tx.client.query('select from source_record limit 1')).rowCount === 0;
}

/** First load of a city into an empty store. Throws YICI_STORE_OTHER_CITY when the store is about another. */
export async function loadCity(parts: LoadParts, city: CityDirectory, onProgress: OnProgress): Promise<LoadResult> {
  const { clock, sealing } = parts;
  return new UnitOfWork(parts.owner).run(async (tx) => {
    await lockKeys(tx, [PARTITION_LOCK]);
    await saveCity(tx.client, { code: city.code, name: city.name, snapshotDate: city.snapshotDate, divisions: city.divisionsCsv }, new Date(clock.now()));
    const load = new FirstLoad({ ...parts, encode: (event) => changedEvent(sealing, clock, event) }, tx, city, onProgress);
    const result = await load.run();
    await keepFiles(tx, load.files, parts);
    return result;
  }, 1);
}

async function keepFiles(tx: Transaction, files: readonly ReadFile[], { clock }: LoadParts): Promise<void> {
  const store = new SnapshotFileStore(clock);
  const states = new ConnectorStateStore(clock);
  const watermarks = new WatermarkStore(clock);
  for (const { file, counts, mark, refused } of files) {
    if (refused === undefined) {
      await store.finish(tx.manager, file, counts);
      await watermarks.move(tx.manager, file.system, fileChannel(file.digest), mark);
    } else {
      await store.refuse(tx.manager, file, refused.reason);
      if (stopsConnector(refused.code)) await states.set(tx.manager, file.system, 'stopped', refused);
    }
  }
}
