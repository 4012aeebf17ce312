import type pg from 'pg';
import type { Clock } from '#libs/kernel/clock';
import type { RecordType } from '#libs/kernel/record-key';
import type { Sealing } from '#libs/platform/sealing';
import type { Projection } from '#libs/survivorship/echoed-fields';
import type { Transaction } from '#libs/store/unit-of-work';
import type { WrittenProjection } from './plan-write.js';

export interface ProjectionWrite {
  targetRef: Buffer;
  recordType: RecordType;
  entityId: string;
  naturalKey: string;
  projection: Projection;
  deliveryId: string;
}

export interface MintedKey {
  entityId: string;
  naturalKey: string;
  targetRef: Buffer;
}

/** A projection with the record it is of. */
export interface KnownProjection extends WrittenProjection {
  targetRef: Buffer;
  recordType: RecordType;
  entityId: string;
  naturalKey: string;
}

interface Row {
  target_ref: Buffer;
  record_type: RecordType;
  entity_id: string;
  sealed_key: Buffer;
  sealed_fields: Buffer;
  written_at: Date;
}

/** Before any write: `written_at` of a record that only has a write ahead of it. */
const NOT_WRITTEN = new Date(0);
const COLUMNS = 'target_ref, record_type, entity_id, sealed_key, sealed_fields, written_at';

/** What was last written to each target record, and the keys that targets gave to records created there. */
export class ProjectionStore {
  constructor(private readonly pool: pg.Pool, private readonly sealing: Sealing, private readonly clock: Clock) {}

  /** By target ref, hex. */
  async load(target: string, refs: readonly Buffer[], db: Pick<pg.Pool, 'query'> | Transaction['client'] = this.pool): Promise<Map<string, KnownProjection>> {
    const found = await db.query<Row>({ name: 'projection_load', text: `select ${COLUMNS} from projection where target = $1 and target_ref = any($2::bytea[])`, values: [target, refs] });
    return new Map(found.rows.map((r) => [r.target_ref.toString('hex'), this.decode(r)]));
  }

  /**
   * Keeps what is about to be written, so that an echo that comes before the answer is known for one; what was written before
   * stays as it is. {@link save} puts the write in its place, {@link forget} takes it back.
   */
  async intend(target: string, writes: readonly ProjectionWrite[]): Promise<void> {
    // One statement is a transaction of its own.
    await this.upsert(this.pool, target, writes, NOT_WRITTEN, 'sealed_fields = excluded.sealed_fields');
  }

  async save(tx: Transaction, target: string, writes: readonly ProjectionWrite[]): Promise<void> {
    await this.upsert(tx.client, target, writes, new Date(this.clock.now()),
      'entity_id = excluded.entity_id, sealed_fields = excluded.sealed_fields, delivery_id = excluded.delivery_id, written_at = excluded.written_at');
  }

  private async upsert(db: Pick<pg.Pool, 'query'> | Transaction['client'], target: string, writes: readonly ProjectionWrite[], at: Date, update: string): Promise<void> {
    if (writes.length === 0) return;
    await db.query(
      `insert into projection (target, record_type, target_ref, entity_id, sealed_key, sealed_fields, delivery_id, written_at)
       select $1, ty, r, e, k, f, d, $7 from unnest($2::bytea[], $3::text[], $4::bytea[], $5::bytea[], $6::text[], $8::text[]) as u(r, e, k, f, d, ty)
       on conflict (target, record_type, target_ref) do update set ${update}`,
      [
        target, writes.map((w) => w.targetRef), writes.map((w) => w.entityId), writes.map((w) => this.sealing.seal(w.naturalKey)),
        writes.map((w) => this.sealing.sealJson(w.projection)), writes.map((w) => w.deliveryId), at, writes.map((w) => w.recordType),
      ]);
  }

  /** These paths are not there after all (refused, or lost): the next look finds them lacking. Unknown records are passed over. */
  async forget(tx: Transaction, target: string, lost: readonly { targetRef: Buffer; paths: readonly string[] }[]): Promise<void> {
    for (const { targetRef, paths } of lost) {
      const found = await tx.client.query<Row>({
        name: 'projection_lock', text: `select ${COLUMNS} from projection where target = $1 and target_ref = $2 for update`, values: [target, targetRef],
      });
      for (const row of found.rows) {
        const { fields } = this.sealing.openJson<Projection>(row.sealed_fields);
        const left: Projection = { fields: Object.fromEntries(Object.entries(fields).filter(([path]) => !paths.includes(path))) };
        await tx.client.query({
          name: 'projection_forget', text: 'update projection set sealed_fields = $4 where target = $1 and record_type = $2 and target_ref = $3',
          values: [target, row.record_type, targetRef, this.sealing.sealJson(left)],
        });
      }
    }
  }

  /** Keys minted by this target for these entities or for what was merged into them, the oldest, by entity id: resolution may not have listed them in the crosswalk yet. */
  async minted(target: string, entityIds: readonly string[]): Promise<Map<string, MintedKey>> {
    const found = await this.pool.query<{ entity_id: string; sealed_key: Buffer; target_ref: Buffer }>({
      name: 'minted_load',
      text: `with recursive hop (live, id) as (select i, i from unnest($2::text[]) as i union select h.live, e.id from hop h join entity e on e.merged_into = h.id)
             select distinct on (h.live) h.live as entity_id, m.sealed_key, m.target_ref from hop h join minted_key m on m.entity_id = h.id
             where m.target = $1 and m.record_type = 'person' order by h.live, m.minted_at, m.own_ref`,
      values: [target, entityIds],
    });
    return new Map(found.rows.map((r) => [r.entity_id, { entityId: r.entity_id, naturalKey: this.sealing.openText(r.sealed_key), targetRef: r.target_ref }]));
  }

  /** Of these target records those that the hub created, with the person they were created for, by ref in hex. */
  async createdFor(target: string, refs: readonly Buffer[]): Promise<Map<string, string>> {
    const found = await this.pool.query<{ target_ref: Buffer; entity_id: string }>({
      name: 'minted_of', text: 'select target_ref, entity_id from minted_key where target = $1 and target_ref = any($2::bytea[])', values: [target, refs],
    });
    return new Map(found.rows.map((r) => [r.target_ref.toString('hex'), r.entity_id]));
  }

  /** A record that the hub created is there no more: neither its key nor what was written to it is known from now on. */
  async drop(tx: Transaction, target: string, targetRef: Buffer): Promise<void> {
    await tx.client.query(`delete from projection where target = $1 and record_type = 'person' and target_ref = $2`, [target, targetRef]);
    await tx.client.query(`delete from minted_key where target = $1 and record_type = 'person' and target_ref = $2`, [target, targetRef]);
  }

  async saveMinted(tx: Transaction, target: string, ownRef: string, key: MintedKey): Promise<void> {
    await tx.client.query(
      `insert into minted_key (target, record_type, own_ref, entity_id, target_ref, sealed_key, minted_at) values ($1, 'person', $2, $3, $4, $5, $6)
       on conflict (target, record_type, own_ref) do nothing`,
      [target, ownRef, key.entityId, key.targetRef, this.sealing.seal(key.naturalKey), new Date(this.clock.now())]);
  }

  private decode(r: Row): KnownProjection {
    return {
      ...this.sealing.openJson<Projection>(r.sealed_fields), writtenAt: r.written_at.toISOString(), targetRef: r.target_ref, recordType: r.record_type,
      entityId: r.entity_id, naturalKey: this.sealing.openText(r.sealed_key),
    };
  }
}
