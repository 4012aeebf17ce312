import type { AnySourceRecord } from '#libs/model/source-record';
import type { Drift } from './drift-store.js';
import { LogNews } from './log-news.js';
import type { LostWrite } from './lost-writes.js';
import type { ReconcilerParts } from './reconciler.js';
import type { Target } from './target.js';

/**
 * Mends drift by the normal ways: what the hub missed goes on the log like everything a system sends; what was written and lost
 * becomes a due delivery that is worked out anew when it is written, a new create where the hub had created the record. What else
 * vanished is for its department to say: absence alone takes no record back.
 */
export class DriftRepair {
  private readonly news: LogNews;

  constructor(private readonly parts: ReconcilerParts, private readonly target: Target, private readonly runId: string) {
    this.news = new LogNews(parts.log, parts.sealing, parts.store);
  }

  /** Returns for how many a repair is on its way. `records`: the target's versions of what was missed or changed. */
  async repair(drift: readonly Drift[], records: readonly AnySourceRecord[]): Promise<number> {
    const { store } = this.parts;
    const read = drift.filter((d) => d.kind === 'missed' || d.kind === 'changed');
    if (records.length > 0) await this.news.readBack(records);
    const lost = drift.filter((d): d is LostWrite & { entityId: string } => d.kind === 'lostWrite' && d.entityId !== undefined);
    const entities = lost.length === 0 ? new Map<string, { entityId: string; version: number }>() : await store.entities.load(lost.map((d) => d.entityId));
    // A create that waits already is the one that mends it.
    const waits = await store.deliveries.dueFor(this.target.id, lost.filter((d) => d.paths.length === 0).map((d) => d.ref));
    const due = lost.filter((d) => entities.has(d.entityId) && !(d.paths.length === 0 && waits.has(d.ref.toString('hex'))));
    await store.unitOfWork.run(async (tx) => {
      await store.projections.forget(tx, this.target.id, due.filter((d) => d.paths.length > 0).map((d) => ({ targetRef: d.ref, paths: d.paths })));
      await store.deliveries.add(tx, due.map((d) => ({
        target: this.target.id, recordType: d.recordType, targetRef: d.ref, entityId: entities.get(d.entityId)!.entityId, entityVersion: entities.get(d.entityId)!.version,
        cause: `reconcile-${this.runId}`, action: d.paths.length === 0 ? 'create' as const : 'update' as const, state: 'waiting' as const, due: true, payload: { lost: d.paths },
      })));
      await store.drift.repaired(tx, this.target.id, [...read, ...due]);
    });
    return read.length + due.length;
  }
}
