import type { NewDelivery } from './delivery.js';
import { keyOf, recordsAtTarget } from './entity-members.js';
import { entryIdOf, type FanoutStore } from './fanout-store.js';
import { Occupancy } from './occupancy.js';
import type { ResidenceChange } from './occupancy-store.js';
import type { ChangeMessage, Wanted } from './change-planner.js';
import type { Target } from './target.js';

/** What a batch of changes means for the counts of one target; kept in the transaction that adds its deliveries. */
export interface OccupancyPlan {
  wanted: Wanted[];
  doors: Map<string, string[]>;
  residences: ResidenceChange[];
}

/** Who moved or has another household, or which house has other doors than before. */
interface Moved {
  /** Whose change says so. */
  entityId: string;
  /** Before and after. */
  doors: readonly Buffer[];
  /** The house itself. */
  dwellingId?: string;
}

/**
 * Finds the dwellings whose number of residents or households may have changed: where a changed person lived and lives, where those
 * live whose household is another one by a change of the household alone, and which had or have the doors of a changed dwelling. One delivery a dwelling and change; what it says is counted when it is written, so that many changes of
 * one house are one write.
 */
export class OccupancyPlanner {
  private readonly occupancy: Occupancy;

  constructor(private readonly store: FanoutStore, private readonly target: Target) {
    this.occupancy = new Occupancy(store, target);
  }

  async plan(messages: readonly ChangeMessage[], settled: Pick<NewDelivery, 'state' | 'reasonCode' | 'reason'>): Promise<OccupancyPlan> {
    const ids = (type: string): string[] => [...new Set(messages.filter((m) => m.data.recordType === type).flatMap((m) => [m.data.entityId, ...(m.data.mergedInto ?? [])].flat()))];
    const [dwellingIds, personIds] = [ids('dwelling'), ids('person')];
    const doors = dwellingIds.length === 0 ? new Map<string, string[]>() : await this.occupancy.doorsOf(dwellingIds);
    const living = await this.store.occupancy.livingIn(this.target.id, ids('household'));
    const concerned = [...new Set([...personIds, ...living.keys()])];
    const residences = concerned.length === 0 ? [] : await this.occupancy.changesOf(concerned);
    const changed = new Set(personIds);
    const moved = residences.map((r): Moved => ({ entityId: changed.has(r.personId) ? r.personId : living.get(r.personId)!, doors: r.doors }));
    const rehung = (await this.store.occupancy.changedDoors(doors)).map((d): Moved => ({ entityId: d.dwellingId, doors: d.doors, dwellingId: d.dwellingId }));
    return { doors, residences, wanted: await this.deliveriesFor(messages, [...moved, ...rehung], settled) };
  }

  private async deliveriesFor(messages: readonly ChangeMessage[], moved: readonly Moved[], settled: Pick<NewDelivery, 'state' | 'reasonCode' | 'reason'>): Promise<Wanted[]> {
    const { store, target } = this;
    const at = await store.occupancy.dwellingsAt(moved.flatMap((m) => m.doors));
    const dwellings = await store.entities.load([...at.map((a) => a.dwellingId), ...moved.flatMap((m) => m.dwellingId ?? [])]);
    if (dwellings.size === 0) return [];
    const byDoor = new Map<string, string[]>();
    for (const { door, dwellingId } of at) byDoor.set(door, [...(byDoor.get(door) ?? []), dwellingId]);
    const wanted: Wanted[] = [];
    const planned = new Set<string>();
    for (const { entityId, doors, dwellingId: own } of moved) {
      const message = messages.findLast((m) => m.data.entityId === entityId) ?? messages.findLast((m) => m.data.mergedInto === entityId);
      if (message === undefined) continue;
      // A later change of the same person is another cause, though the dwelling itself has no new version by it.
      const causes = message.data.causes.flatMap((key) => entryIdOf(key) ?? []);
      for (const dwellingId of new Set([...doors.flatMap((d) => byDoor.get(d.toString('hex')) ?? []), ...(own === undefined ? [] : [own])])) {
        const dwelling = dwellings.get(dwellingId);
        for (const record of dwelling === undefined ? [] : recordsAtTarget(dwelling, target.id)) {
          for (const cause of causes.length > 0 ? causes : [`${entityId}@${message.data.version}`]) {
            // Whatever else moved in the same batch, a house is counted once.
            const unique = causes.length > 0 ? `${keyOf(record)} ${cause}` : keyOf(record);
            if (planned.has(unique)) continue;
            planned.add(unique);
            wanted.push({
              messageId: message.id,
              delivery: {
                target: target.id, recordType: 'dwelling', targetRef: store.refOf(record), entityId: dwelling!.entityId, entityVersion: dwelling!.version, cause, action: 'update', ...settled,
                due: settled.reasonCode === undefined,
              },
            });
          }
        }
      }
    }
    return wanted;
  }
}
