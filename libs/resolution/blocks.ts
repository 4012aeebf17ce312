import { levelOf, proposes, isCounted, KEY, type KeyLevel } from '#libs/matching/blocking';
import type { Transaction } from '#libs/store/unit-of-work';
import { MEMBERSHIP, type IndexedKey } from './record-features.js';

/** The records behind one key; how many of them count, and how many distinct people those name. */
export interface Block {
  ids: number[];
  size: number;
  distinct: number;
}

const EMPTY: Block = { ids: [], size: 0, distinct: 0 };

/**
 * Reads blocks of the store. Of keys that one record alone has only those in `alone`: such a block brings nothing together and has
 * the level of an empty one, and most are such. Plan: one index-only scan of blocking_key_key a key (it includes record and token).
 */
export async function readBlocks(tx: Transaction, hashes: readonly string[], alone: readonly string[] = []): Promise<Map<string, Block>> {
  const blocks = new Map<string, Block>();
  if (hashes.length === 0) return blocks;
  const result = await tx.client.query<{ key: string; ids: string[]; size: string; distinct_tokens: string }>({
    name: 'blocks',
    text: `select key, array_agg(record_id) as ids, count(*) filter (where token <> -1) as size, count(distinct token) filter (where token not in (0, -1)) as distinct_tokens
             from blocking_key where key = any($1::bigint[]) group by key having count(*) > 1 or key = any($2::bigint[])`,
    values: [hashes, alone],
  });
  for (const row of result.rows) blocks.set(row.key, { ids: row.ids.map(Number), size: Number(row.size), distinct: Number(row.distinct_tokens) });
  return blocks;
}

/** Replaces the keys of records; `keys` is empty for none. */
export async function replaceKeys(tx: Transaction, records: readonly { id: number; keys: readonly IndexedKey[]; isNew: boolean }[]): Promise<void> {
  const known = records.filter((r) => !r.isNew).map((r) => r.id);
  if (known.length > 0) {
    await tx.client.query({ name: 'blocking_key_clear', text: 'delete from blocking_key where record_id = any($1::bigint[])', values: [known] });
  }
  const rows = records.flatMap((r) => r.keys.map((k) => ({ id: r.id, key: k })));
  if (rows.length === 0) return;
  await tx.client.query({
    name: 'blocking_key_add',
    text: 'insert into blocking_key (key, record_id, token) select * from unnest($1::bigint[], $2::bigint[], $3::integer[])',
    values: [rows.map((r) => r.key.hash), rows.map((r) => r.id), rows.map((r) => r.key.token)],
  });
}

export function blockLevelOf(kind: IndexedKey['kind'], block: Block | undefined): KeyLevel {
  if (kind === MEMBERSHIP) return 0;
  const { size, distinct } = block ?? EMPTY;
  return levelOf(kind, size, distinct);
}

/**
 * Whether a block may bring its records together: what the candidate search of a changed record must follow.
 * A phone that more than a family shares brings nobody; an ID always does.
 */
export function bringsTogether(kind: IndexedKey['kind'], level: KeyLevel): boolean {
  if (kind === MEMBERSHIP || !proposes(kind)) return false;
  if (kind === KEY.phone) return level <= 1;
  return isCounted(kind) || level < 3;
}
