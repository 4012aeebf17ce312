import type pg from 'pg';
import type { RecordKey } from '#libs/kernel/record-key';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import type { RecordContent } from '#libs/store/record-content';
import { decodeSourceRecord, recordRef, SOURCE_RECORD_COLUMNS, type StoredSourceRecord } from '#libs/store/source-record-codec';
import { valueAt } from '#libs/survivorship/echoed-fields';
import { isEmptyValue } from '#libs/survivorship/same-value';
import { keyOf } from './entity-members.js';

/** What systems said of their own, before the hub wrote over it. */
export class OwnValues {
  constructor(private readonly pool: pg.Pool, private readonly sealing: Sealing) {}

  /** Source records by key; unknown keys are left out. */
  async records(keys: readonly RecordKey[]): Promise<Map<RecordKey, AnySourceRecord>> {
    const found = await this.pool.query<StoredSourceRecord>({
      name: 'fanout_records', text: `select ${SOURCE_RECORD_COLUMNS} from source_record where record_ref = any($1::bytea[])`, values: [keys.map((k) => recordRef(this.sealing, k))],
    });
    return new Map(found.rows.map((row) => decodeSourceRecord(this.sealing, row)).map((record) => [keyOf(record), record]));
  }

  /**
   * The last value of each path that the record's own system gave and no write of ours; paths without one are left out. With
   * `until`, as the hub knew it then.
   */
  async before(record: AnySourceRecord, paths: readonly string[], until?: string): Promise<Map<string, unknown>> {
    const newest = until === undefined || record.observedAt <= until ? [record] : [];
    const versions: Pick<RecordContent, 'body' | 'hubOrigin'>[] = [...newest, ...(await this.earlier(keyOf(record), until))];
    const own = new Map<string, unknown>();
    for (const path of paths) {
      const said = versions.find((v) => v.hubOrigin?.includes(path) !== true && !isEmptyValue(valueAt(v.body, path)));
      if (said !== undefined) own.set(path, valueAt(said.body, path));
    }
    return own;
  }

  private async earlier(key: RecordKey, until?: string): Promise<RecordContent[]> {
    const found = await this.pool.query<{ sealed_body: Buffer }>({
      name: 'fanout_earlier', values: [recordRef(this.sealing, key), until ?? 'infinity'],
      text: `select v.sealed_body from source_record s join source_record_version v on v.record_id = s.id
              where s.record_ref = $1 and v.version_order <= s.version_order and v.observed_at <= $2::timestamptz order by v.version_order desc, v.observed_at desc limit 50`,
    });
    return found.rows.map((row) => this.sealing.openJson<RecordContent>(row.sealed_body));
  }
}
