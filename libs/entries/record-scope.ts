import type { DataSource } from 'typeorm';
import { inCommunity, type Account } from '#libs/access/account';
import { scopesOfRecord } from '#libs/access/secret-systems';
import type { RecordKey } from '#libs/kernel/record-key';
import type { Sealing } from '#libs/platform/sealing';
import { decodeSourceRecord, keyOf, recordRef, SOURCE_RECORD_COLUMNS, type StoredSourceRecord } from '#libs/store/source-record-codec';
import type { AuthorityReader } from './authority-reader.js';
import { divisionsOfBody, type VisibleEntities } from './visible-entities.js';

/** Which source records exist for an account. */
export class RecordScope {
  constructor(
    private readonly db: DataSource,
    private readonly sealing: Sealing,
    private readonly authority: AuthorityReader,
    private readonly entities: VisibleEntities,
  ) {}

  /** Those of the keys whose record exists, is not hidden, and lies (itself or its entity) in the account's communities. */
  async visible(keys: readonly RecordKey[], account: Account): Promise<Set<RecordKey>> {
    if (keys.length === 0) return new Set();
    const rows = await this.db.query<(StoredSourceRecord & { entity_id: string | null })[]>(
      `select ${SOURCE_RECORD_COLUMNS}, entity_id from source_record left join crosswalk on record_id = id where record_ref = any($1)`,
      [keys.map((key) => recordRef(this.sealing, key))]);
    const { secret } = await this.authority.current();
    // Hidden ones first, so that nothing more is asked for them than for a key that nobody has.
    const open = rows.map((row) => ({ row, record: decodeSourceRecord(this.sealing, row) }))
      .filter(({ record }) => scopesOfRecord(record, secret).every((s) => account.facetScopes.includes(s)));
    const entities = await this.entities.read([...new Set(open.flatMap(({ row }) => row.entity_id ?? []))], account);
    const visible = new Set<RecordKey>();
    for (const { row, record } of open) {
      if ((row.entity_id !== null && entities.has(row.entity_id)) || inCommunity(account, divisionsOfBody(record.body))) visible.add(keyOf(record));
    }
    return visible;
  }
}
