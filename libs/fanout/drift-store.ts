import type pg from 'pg';
import type { Clock } from '#libs/kernel/clock';
import type { RecordType } from '#libs/kernel/record-key';
import type { Sealing } from '#libs/platform/sealing';
import type { Transaction } from '#libs/store/unit-of-work';

/**
 * How a target and the hub differ about a record. `missed`: the hub does not have it. `changed`: the hub has another version of
 * it. `vanished`: the hub holds a current one that the target has no more. `lostWrite`: what the hub wrote there, and the target
 * took, is not there.
 */
export type DriftKind = 'missed' | 'changed' | 'vanished' | 'lostWrite';
export const DRIFT_KINDS: readonly DriftKind[] = ['missed', 'changed', 'vanished', 'lostWrite'];

export interface Drift {
  kind: DriftKind;
  ref: Buffer;
  recordType: RecordType;
  naturalKey: string;
  entityId?: string;
}

/** Drift as it is kept, with its age. */
export interface KeptDrift extends Drift {
  firstSeenAt: Date;
  repairedAt?: Date;
}

export interface DriftCount {
  target: string;
  kind: DriftKind;
  records: number;
  oldest: Date;
}

/** One comparison of a target with the hub. */
export interface ReconciliationRun {
  id: string;
  target: string;
  state: 'running' | 'done' | 'failed';
  repair: boolean;
  /** Why it failed. */
  code?: string;
  reason?: string;
  /** Records that the target gave, and current ones that the hub held of it. */
  recordsRead: number;
  recordsHeld: number;
  /** Records for which a repair is on its way. */
  repaired: number;
  startedAt: Date;
  endedAt?: Date;
}

/** Runs of reconciliation, and the drift that the last one of each target found. */
export class DriftStore {
  constructor(private readonly pool: pg.Pool, private readonly sealing: Sealing, private readonly clock: Clock) {}

  async begin(tx: Transaction, run: { id: string; target: string; actor: string; repair: boolean }): Promise<void> {
    const now = new Date(this.clock.now());
    // A run whose process died was never ended by it.
    await tx.client.query(`update reconciliation set state = 'failed', code = 'YICI_RECONCILE_INTERRUPTED', ended_at = $2 where target = $1 and state = 'running'`, [run.target, now]);
    await tx.client.query(`insert into reconciliation (id, target, actor, state, repair, started_at) values ($1, $2, $3, 'running', $4, $5)`, [run.id, run.target, run.actor, run.repair, now]);
  }

  async end(tx: Transaction, run: Pick<ReconciliationRun, 'id' | 'target' | 'state' | 'recordsRead' | 'recordsHeld' | 'repaired'> & { code?: string; reason?: string }): Promise<void> {
    await tx.client.query(
      `update reconciliation set state = $2, records_read = $3, records_held = $4, repaired = $5, code = $6, reason = $7, ended_at = $8 where id = $1`,
      [run.id, run.state, run.recordsRead, run.recordsHeld, run.repaired, run.code ?? null, run.reason ?? null, new Date(this.clock.now())]);
    // What the run no longer found is no drift any more; a run that failed has not looked at everything.
    if (run.state === 'done') await tx.client.query('delete from drift where target = $1 and run_id <> $2', [run.target, run.id]);
  }

  /** Drift seen before keeps its age. */
  async found(tx: Transaction, target: string, runId: string, drift: readonly Drift[]): Promise<void> {
    if (drift.length === 0) return;
    await tx.client.query({
      name: 'drift_found',
      text: `insert into drift (target, record_ref, kind, record_type, sealed_key, entity_id, first_seen_at, last_seen_at, run_id)
             select $1, r, k, t, s, e, $2, $2, $3 from unnest($4::bytea[], $5::text[], $6::text[], $7::bytea[], $8::text[]) as u(r, k, t, s, e)
             on conflict (target, record_ref, kind) do update set last_seen_at = excluded.last_seen_at, run_id = excluded.run_id, entity_id = excluded.entity_id, repaired_at = null`,
      values: [target, new Date(this.clock.now()), runId, drift.map((d) => d.ref), drift.map((d) => d.kind), drift.map((d) => d.recordType),
        drift.map((d) => this.sealing.seal(d.naturalKey)), drift.map((d) => d.entityId ?? null)],
    });
  }

  async repaired(tx: Transaction, target: string, drift: readonly Drift[]): Promise<void> {
    if (drift.length === 0) return;
    await tx.client.query(
      'update drift d set repaired_at = $2 from unnest($3::bytea[], $4::text[]) as u(r, k) where d.target = $1 and d.record_ref = u.r and d.kind = u.k',
      [target, new Date(this.clock.now()), drift.map((d) => d.ref), drift.map((d) => d.kind)]);
  }

  async lastRun(target: string): Promise<ReconciliationRun | undefined> {
    const found = await this.pool.query<{
      id: string; state: ReconciliationRun['state']; repair: boolean; code: string | null; reason: string | null; records_read: string; records_held: string; repaired: string;
      started_at: Date; ended_at: Date | null;
    }>('select * from reconciliation where target = $1 order by id desc limit 1', [target]);
    const r = found.rows[0];
    return r && {
      id: r.id, target, state: r.state, repair: r.repair, code: r.code ?? undefined, reason: r.reason ?? undefined, recordsRead: Number(r.records_read),
      recordsHeld: Number(r.records_held), repaired: Number(r.repaired), startedAt: r.started_at, endedAt: r.ended_at ?? undefined,
    };
  }

  /** By target and kind, with the oldest of each. */
  async counts(target?: string): Promise<DriftCount[]> {
    const found = await this.pool.query<{ target: string; kind: DriftKind; records: string; oldest: Date }>(
      'select target, kind, count(*) as records, min(first_seen_at) as oldest from drift where $1::text is null or target = $1 group by target, kind order by target, kind', [target ?? null]);
    return found.rows.map((r) => ({ ...r, records: Number(r.records) }));
  }

  /** Oldest first. */
  async list(target: string, limit: number): Promise<KeptDrift[]> {
    const found = await this.pool.query<{ record_ref: Buffer; kind: DriftKind; record_type: RecordType; sealed_key: Buffer; entity_id: string | null; first_seen_at: Date; repaired_at: Date | null }>(
      'select * from drift where target = $1 order by first_seen_at, record_ref limit $2', [target, limit]);
    return found.rows.map((r) => ({
      kind: r.kind, ref: r.record_ref, recordType: r.record_type, naturalKey: this.sealing.openText(r.sealed_key), ...(r.entity_id !== null && { entityId: r.entity_id }),
      firstSeenAt: r.first_seen_at, ...(r.repaired_at !== null && { repairedAt: r.repaired_at }),
    }));
  }
}
