import type pg from 'pg';
import type { Clock } from '#libs/kernel/clock';
import type { Sealing } from '#libs/platform/sealing';
import type { Projection } from '#libs/survivorship/echoed-fields';
import type { Transaction } from '#libs/store/unit-of-work';
import type { WrittenProjection } from './plan-write.js';

export interface ProjectionWrite {
  targetRef: Buffer;
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

/** What was last written to each target record, and the keys that targets gave to records created there. */
export class ProjectionStore {
  constructor(private readonly pool: pg.Pool, private readonly sealing: Sealing, private readonly clock: Clock) {}

  /** By target ref, hex. */
  async load(target: string, refs: readonly Buffer[], db: Pick<pg.Pool, 'query'> | Transaction['client'] = this.pool): Promise<Map<string, WrittenProjection>> {
    const found = await db.query<{ target_ref: Buffer; sealed_fields: Buffer; written_at: Date }>({
      name: 'projection_load', text: `select target_ref, sealed_fields, written_at from projection where target = $1 and record_type = 'person' and target_ref = any($2::bytea[])`,
      values: [target, refs],
    });
    return new Map(found.rows.map((r) => [r.target_ref.toString('hex'), { ...this.sealing.openJson<Projection>(r.sealed_fields), writtenAt: r.written_at.toISOString() }]));
  }

  async save(tx: Transaction, target: string, writes: readonly ProjectionWrite[]): Promise<void> {
    if (writes.length === 0) return;
    await tx.client.query({
      name: 'projection_save',
      text: `insert into projection (target, record_type, target_ref, entity_id, sealed_key, sealed_fields, delivery_id, written_at)
             select $1, 'person', r, e, k, f, d, $7 from unnest($2::bytea[], $3::text[], $4::bytea[], $5::bytea[], $6::text[]) as u(r, e, k, f, d)
             on conflict (target, record_type, target_ref) do update set entity_id = excluded.entity_id, sealed_fields = excluded.sealed_fields,
               delivery_id = excluded.delivery_id, written_at = excluded.written_at`,
      values: [
        target, writes.map((w) => w.targetRef), writes.map((w) => w.entityId), writes.map((w) => this.sealing.seal(w.naturalKey)),
        writes.map((w) => this.sealing.sealJson(w.projection)), writes.map((w) => w.deliveryId), new Date(this.clock.now()),
      ],
    });
  }

  /** Keys minted by this target for these entities, by entity id: resolution may not have listed them in the crosswalk yet. */
  async minted(target: string, entityIds: readonly string[]): Promise<Map<string, MintedKey>> {
    const found = await this.pool.query<{ entity_id: string; sealed_key: Buffer; target_ref: Buffer }>({
      name: 'minted_load', text: `select entity_id, sealed_key, target_ref from minted_key where target = $1 and record_type = 'person' and entity_id = any($2::text[])`,
      values: [target, entityIds],
    });
    return new Map(found.rows.map((r) => [r.entity_id, { entityId: r.entity_id, naturalKey: this.sealing.openText(r.sealed_key), targetRef: r.target_ref }]));
  }

  async saveMinted(tx: Transaction, target: string, ownRef: string, key: MintedKey): Promise<void> {
    await tx.client.query(
      `insert into minted_key (target, record_type, own_ref, entity_id, target_ref, sealed_key, minted_at) values ($1, 'person', $2, $3, $4, $5, $6)
       on conflict (target, record_type, own_ref) do nothing`,
      [target, ownRef, key.entityId, key.targetRef, this.sealing.seal(key.naturalKey), new Date(this.clock.now())]);
  }
}
