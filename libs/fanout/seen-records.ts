import type pg from 'pg';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { compareVersions } from '#libs/store/record-content';
import { decodeSourceRecord, SOURCE_RECORD_COLUMNS, type StoredSourceRecord } from '#libs/store/source-record-codec';

/** A record as the target gave it, and whether the hub has this very version. */
export interface SeenRecord {
  ref: Buffer;
  matched: boolean;
  record: AnySourceRecord;
}

type StoredRow = StoredSourceRecord & { record_ref: Buffer };

/** A record of the target that the hub lacks or has in another version. */
export interface Unmatched {
  ref: Buffer;
  record: AnySourceRecord;
  held?: AnySourceRecord;
}

const PAGE = 500;

/**
 * What one run has read of a target, in a temporary table of its own connection: memory stays flat however many records there
 * are, and only those whose version the hub lacks are kept whole. Compared in the order of their blind keys.
 */
export class SeenRecords {
  private constructor(private readonly client: pg.PoolClient, private readonly sealing: Sealing, private readonly system: string) {}

  static async open(pool: pg.Pool, sealing: Sealing, system: string): Promise<SeenRecords> {
    const client = await pool.connect();
    try {
      await client.query('create temporary table reconcile_seen (ref bytea primary key, matched boolean not null, version_order text collate "C", sealed_record bytea)');
    } catch (error) {
      client.release(true);
      throw error;
    }
    return new SeenRecords(client, sealing, system);
  }

  /** The connection goes back without the table. */
  async close(): Promise<void> {
    await this.client.query('drop table reconcile_seen').then(() => this.client.release(), () => this.client.release(true));
  }

  /** Content digests that the hub holds under these keys, by ref in hex. */
  async heldDigests(refs: readonly Buffer[]): Promise<Map<string, Buffer>> {
    const found = await this.client.query<{ record_ref: Buffer; content_digest: Buffer }>({
      name: 'reconcile_digests', text: 'select record_ref, content_digest from source_record where record_ref = any($1::bytea[])', values: [refs],
    });
    return new Map(found.rows.map((r) => [r.record_ref.toString('hex'), r.content_digest]));
  }

  /** A target may give several versions of a record (history rows): the newest that does not match is kept. */
  async add(seen: readonly SeenRecord[]): Promise<void> {
    const rows = new Map<string, SeenRecord>();
    for (const s of seen) {
      const hex = s.ref.toString('hex');
      const known = rows.get(hex);
      if (known === undefined) rows.set(hex, s);
      else rows.set(hex, { ref: s.ref, matched: known.matched || s.matched, record: compareVersions(s.record, known.record) > 0 ? s.record : known.record });
    }
    const all = [...rows.values()];
    if (all.length === 0) return;
    await this.client.query({
      name: 'reconcile_seen_add',
      text: `insert into reconcile_seen as s select * from unnest($1::bytea[], $2::boolean[], $3::text[], $4::bytea[])
             on conflict (ref) do update set matched = s.matched or excluded.matched,
               version_order = case when excluded.version_order >= s.version_order then excluded.version_order else s.version_order end,
               sealed_record = case when excluded.version_order >= s.version_order then coalesce(excluded.sealed_record, s.sealed_record) else s.sealed_record end`,
      values: [
        all.map((s) => s.ref), all.map((s) => s.matched), all.map((s) => s.record.order),
        all.map((s) => (s.matched ? null : this.sealing.sealJson(s.record))),
      ],
    });
  }

  /** Records whose version the hub lacked when they were read, with what it holds now; page by page. */
  async *unmatched(): AsyncGenerator<Unmatched[]> {
    await this.client.query('analyze reconcile_seen');
    for (let after: Buffer = Buffer.alloc(0); ;) {
      const page = await this.client.query<{ ref: Buffer; sealed_record: Buffer; matched: boolean; version_order: string }>({
        name: 'reconcile_unmatched', text: 'select ref, sealed_record, matched, version_order from reconcile_seen where sealed_record is not null and ref > $1 order by ref limit $2', values: [after, PAGE],
      });
      if (page.rows.length === 0) return;
      after = page.rows.at(-1)!.ref;
      const held = await this.held(page.rows.map((r) => r.ref));
      yield page.rows.flatMap((row): Unmatched[] => {
        const stored = held.get(row.ref.toString('hex'));
        const record = this.sealing.openJson<AnySourceRecord>(row.sealed_record);
        // One of the versions given is the hub's own, and none is newer than that: the others are history.
        if (row.matched && stored !== undefined && record.order <= stored.order) return [];
        return [{ ref: row.ref, record, ...(stored !== undefined && { held: stored }) }];
      });
    }
  }

  /** What the hub holds under these keys now, by ref in hex. */
  async held(refs: readonly Buffer[]): Promise<Map<string, AnySourceRecord>> {
    const found = await this.client.query<StoredRow>({
      name: 'reconcile_held', text: `select record_ref, ${SOURCE_RECORD_COLUMNS} from source_record where record_ref = any($1::bytea[])`, values: [refs],
    });
    return new Map(found.rows.map((r) => [r.record_ref.toString('hex'), decodeSourceRecord(this.sealing, r)]));
  }

  /** Current records that the hub holds of the system and the target did not give. */
  async *unseen(): AsyncGenerator<{ ref: Buffer; record: AnySourceRecord }[]> {
    for (let after: Buffer = Buffer.alloc(0); ;) {
      const page = await this.client.query<StoredRow>({
        name: 'reconcile_unseen',
        text: `select s.record_ref, ${SOURCE_RECORD_COLUMNS} from source_record s
               where s.system = $1 and s.state = 'current' and s.record_ref > $2 and not exists (select from reconcile_seen n where n.ref = s.record_ref) order by s.record_ref limit $3`,
        values: [this.system, after, PAGE],
      });
      if (page.rows.length === 0) return;
      after = page.rows.at(-1)!.record_ref;
      yield page.rows.map((r) => ({ ref: r.record_ref, record: decodeSourceRecord(this.sealing, r) }));
    }
  }

  async countHeld(): Promise<number> {
    const found = await this.client.query<{ n: string }>(`select count(*) as n from source_record where system = $1 and state = 'current'`, [this.system]);
    return Number(found.rows[0]!.n);
  }
}
