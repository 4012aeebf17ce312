import { loadCity } from '#libs/bulk/load-city';
import { loadSnapshot } from '#libs/bulk/load-snapshot';
import type { LoadResult, OnProgress } from '#libs/bulk/load-result';
import type { CityDirectory } from '#libs/intake/city-directory';
import { systemClock } from '#libs/kernel/clock';
import type { MatchModel } from '#libs/matching/match-model';
import { openDataSource } from '#libs/store/data-source';
import { replaceMatchModel } from '#libs/store/match-model-store';
import { authorityOfFolders, connectorsOf, type StoreContext } from './store-context.js';

/** First load of a city into the empty store at hand, with the connector folders of its configuration. */
export async function bulkLoad({ config, store }: StoreContext, city: CityDirectory, model: MatchModel, onProgress: OnProgress): Promise<LoadResult> {
  const connectors = connectorsOf(config);
  const authority = authorityOfFolders(connectors);
  const owner = await openDataSource({ url: store.ownerUrl, poolSize: 2, as: 'owner' });
  const started = performance.now();
  try {
    // Kept first: whatever ends this process, records and model never part.
    await replaceMatchModel(store.pool, model, new Date(systemClock.now()));
    const result = await loadCity({
      owner, sealing: store.sealing, keysFile: config.keysFile, clock: systemClock, model, connectors, authority: authority.table, restricted: authority.restricted,
    }, city, onProgress);
    result.seconds['total'] = Math.round(performance.now() - started) / 1000;
    return result;
  } finally {
    await owner.destroy();
  }
}

/** Load into a store that holds records: new files through intake's reader and resolution's writer, in this process. */
export async function snapshotLoad({ config, store, logger }: StoreContext, city: CityDirectory, model: MatchModel, onProgress: OnProgress): Promise<LoadResult> {
  const { dataSource, sealing } = store;
  const started = performance.now();
  const connectors = connectorsOf(config);
  const result = await loadSnapshot({ dataSource, sealing, clock: systemClock, logger, model, connectors }, city, onProgress);
  result.seconds['total'] = Math.round(performance.now() - started) / 1000;
  return result;
}
