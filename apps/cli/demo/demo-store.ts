import { existsSync } from 'node:fs';
import path from 'node:path';
import { isEmptyStore } from '#libs/bulk/load-city';
import type { LoadProgress, LoadResult } from '#libs/bulk/load-result';
import { openCityDirectory } from '#libs/intake/city-directory';
import { personModel } from '#libs/matching/match-model';
import { generateCity } from '#libs/synthetic/generate-city';
import { bulkLoad } from '../bulk-load.js';
import { withStore } from '../store-context.js';
import type { DemoFolder } from './demo-folder.js';

export interface DemoSource {
  persons: number;
  seed: number;
}

/** Writes the demo city unless it stands already; the list of expected dead letters comes last, so it tells that the city is whole. */
export async function writeDemoCity(folder: DemoFolder, source: DemoSource, onProgress: (step: string, share: number) => void): Promise<boolean> {
  if (existsSync(path.join(folder.city, 'expected_dead_letters.json'))) return false;
  await generateCity(source, folder.city, { onProgress });
  return true;
}

/** Loads the twelve exports unless the store holds them; undefined then. */
export async function loadDemoCity(folder: DemoFolder, onProgress: (p: LoadProgress) => void): Promise<LoadResult | undefined> {
  const city = await openCityDirectory(folder.city);
  return withStore({ dataDir: folder.dir }, async (context) => {
    if (!(await isEmptyStore({ client: context.store.pool as never }))) return undefined;
    return bulkLoad(context, city, personModel(), onProgress);
  });
}
