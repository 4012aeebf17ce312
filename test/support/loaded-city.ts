import { randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse';
import { loadCity } from '#libs/bulk/load-city';
import type { LoadResult } from '#libs/bulk/load-result';
import { authorityRows } from '#libs/connector-sdk/authority-rows';
import { loadConnectors } from '#libs/connector-sdk/load-connector';
import { openCityDirectory } from '#libs/intake/city-directory';
import { systemClock } from '#libs/kernel/clock';
import { parseRecordKey } from '#libs/kernel/record-key';
import { evaluate, type Evaluation } from '#libs/matching/evaluate';
import { personModel } from '#libs/matching/match-model';
import type { PersonBody } from '#libs/model/bodies';
import { projectRoot } from '#libs/platform/project-root';
import { Sealing } from '#libs/platform/sealing';
import { readCrosswalk } from '#libs/resolution/partition-reader';
import { openDataSource } from '#libs/store/data-source';
import { decodeSourceRecord, SOURCE_RECORD_COLUMNS, type StoredSourceRecord } from '#libs/store/source-record-codec';
import { authorityTable } from '#libs/survivorship/authority';
import { HUB_AUTHORITY } from '#libs/survivorship/hub-authority';
import { createTestDatabase } from './test-database.js';

/** What a test asks of a loaded city; all by record key. */
export interface LoadedCity {
  result: LoadResult;
  truth: Map<string, string>;
  crosswalk: Map<string, string>;
  /** Valid citizen IDs of the person records that have one. */
  validIds: Map<string, string>;
  expectedDeadLetters: Record<string, number>;
}

/** Loads a city directory that has its truth into a database of its own, reads what came of it, and drops the database. */
export async function loadedCity(dir: string): Promise<LoadedCity> {
  const sealing = new Sealing({ current: 1, sealing: new Map([[1, randomBytes(32)]]), index: randomBytes(32) });
  const connectors = loadConnectors(path.join(projectRoot(), 'connectors'));
  const authority = authorityTable([...connectors.flatMap(authorityRows), ...HUB_AUTHORITY]);
  const restricted = new Set(connectors.filter((c) => c.manifest.restricted.length > 0).map((c) => c.id));
  const db = await createTestDatabase();
  try {
    const owner = await openDataSource({ url: db.ownerUrl, poolSize: 2, as: 'owner' });
    const parts = { owner, sealing, clock: systemClock, model: personModel(), connectors, authority, restricted };
    const result = await loadCity(parts, await openCityDirectory(dir), () => undefined).finally(() => owner.destroy());
    const crosswalk = new Map<string, string>();
    for await (const { key, entityId } of readCrosswalk(db.pool, sealing)) crosswalk.set(key, entityId);
    const validIds = new Map<string, string>();
    const { rows } = await db.pool.query<StoredSourceRecord>(`select ${SOURCE_RECORD_COLUMNS} from source_record where record_type = 'person'`);
    for (const row of rows) {
      const { system, recordType, naturalKey, body } = decodeSourceRecord(sealing, row);
      const id = (body as PersonBody).citizenId;
      if (id?.status === 'valid') validIds.set(`${system}:${recordType}:${naturalKey}`, id.value);
    }
    const expectedDeadLetters = JSON.parse(readFileSync(path.join(dir, 'expected_dead_letters.json'), 'utf8')) as Record<string, number>;
    return { result, truth: await readTruth(path.join(dir, 'truth.csv')), crosswalk, validIds, expectedDeadLetters };
  } finally {
    await db.drop();
  }
}

/** Keys of the truth that the crosswalk lacks, and the other way round; withdrawn records are in both. */
export function keyDifference({ truth, crosswalk }: LoadedCity): { missing: string[]; unknown: string[] } {
  return { missing: [...truth.keys()].filter((k) => !crosswalk.has(k)), unknown: [...crosswalk.keys()].filter((k) => !truth.has(k)) };
}

/** Compares the crosswalk with the truth, over the keys of one type, or those of them that `only` keeps. A key the crosswalk lacks is alone. */
export function compareWithTruth(city: LoadedCity, recordType: string, only: (key: string) => boolean = () => true): Evaluation {
  const keys = [...city.truth.keys()].filter((k) => parseRecordKey(k).recordType === recordType && only(k));
  return evaluate(keys.map((k) => city.truth.get(k)!), keys.map((k) => city.crosswalk.get(k) ?? `missing ${k}`));
}

/**
 * Keys of the person records whose valid ID is the person's own. A number given to two people is the own one of whom most
 * records name with it; on a tie it is nobody's.
 */
export function ownIdKeys({ truth, validIds }: LoadedCity): Set<string> {
  const named = new Map<string, Map<string, number>>();
  for (const [key, id] of validIds) {
    const entity = truth.get(key);
    if (entity === undefined) continue;
    const persons = named.get(id) ?? new Map<string, number>();
    named.set(id, persons.set(entity, (persons.get(entity) ?? 0) + 1));
  }
  const owner = new Map<string, string>();
  for (const [id, persons] of named) {
    const [first, second] = [...persons].sort((a, b) => b[1] - a[1]);
    if (second === undefined || first![1] > second[1]) owner.set(id, first![0]);
  }
  return new Set([...validIds].filter(([key, id]) => owner.get(id) === truth.get(key) && truth.has(key)).map(([key]) => key));
}

async function readTruth(file: string): Promise<Map<string, string>> {
  const truth = new Map<string, string>();
  const rows = createReadStream(file).pipe(parse({ columns: true }));
  for await (const r of rows as AsyncIterable<Record<string, string>>) truth.set(`${r['system']}:${r['record_type']}:${r['natural_key']}`, r['entity_id']!);
  return truth;
}
