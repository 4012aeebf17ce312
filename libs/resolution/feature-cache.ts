import type { Sealing } from '#libs/platform/sealing';
import { OpenedRecords } from '#libs/store/opened-records';
import { SOURCE_RECORD_COLUMNS, type StoredSourceRecord } from '#libs/store/source-record-codec';
import type { Transaction } from '#libs/store/unit-of-work';
import { featuresOfRecord, indexedKeys, type IndexedKey, type RecordFeatures } from './record-features.js';

/** A record as the resolver works on it. */
export interface Loaded {
  id: number;
  features: RecordFeatures;
  keys: readonly IndexedKey[];
  withdrawn: boolean;
}

interface Kept extends Loaded {
  digest: string;
}

/** About 1.5 KB a record: 150 MB at the most. */
const MOST = 100_000;

/**
 * Features by record id. The neighbours of a change are read again and again, and opening, parsing and preparing one
 * costs ten times what asking for its digest does; so features are kept while the stored content digest is the same.
 */
export class FeatureCache {
  private readonly kept = new Map<number, Kept>();

  constructor(private readonly sealing: Sealing) {}

  async load(tx: Transaction, ids: readonly number[]): Promise<Loaded[]> {
    if (ids.length === 0) return [];
    const current = await tx.client.query<{ id: string; digest: string }>({
      name: 'record_digests', text: `select id, encode(content_digest, 'hex') as digest from source_record where id = any($1::bigint[])`, values: [ids],
    });
    const found: Loaded[] = [];
    const missing = new Map<number, string>();
    for (const row of current.rows) {
      const id = Number(row.id);
      const kept = this.kept.get(id);
      if (kept?.digest === row.digest) {
        found.push(kept);
        // Re-inserted, so that the oldest entries of the map are those least recently used.
        this.kept.delete(id);
        this.kept.set(id, kept);
      } else missing.set(id, row.digest);
    }
    if (missing.size > 0) found.push(...(await this.read(tx, missing)));
    return found;
  }

  private async read(tx: Transaction, missing: ReadonlyMap<number, string>): Promise<Loaded[]> {
    const result = await tx.client.query<StoredSourceRecord>({
      name: 'record_bodies', text: `select ${SOURCE_RECORD_COLUMNS} from source_record where id = any($1::bigint[])`, values: [[...missing.keys()]],
    });
    return result.rows.map((row) => {
      const id = Number(row.id);
      const features = featuresOfRecord(OpenedRecords.of(this.sealing).open(row));
      const loaded: Kept = { id, features, withdrawn: row.state === 'withdrawn', keys: indexedKeys(this.sealing, features), digest: missing.get(id)! };
      this.kept.delete(id);
      this.kept.set(id, loaded);
      if (this.kept.size > MOST) this.kept.delete(this.kept.keys().next().value!);
      return loaded;
    });
  }
}
