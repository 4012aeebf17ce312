import { YiciError } from '#libs/kernel/errors';
import { uuidv7 } from '#libs/kernel/ids';
import type { RecordType } from '#libs/kernel/record-key';
import type { DeliveryAction, NewDelivery } from './delivery.js';
import { dueDeliveries } from './due-deliveries.js';
import type { FanoutStore } from './fanout-store.js';
import { readContexts } from './line-contexts.js';
import type { LineContext, PlannedLine } from './plan-lines.js';
import { Occupancy } from './occupancy.js';
import { ANSWER, planUpdate } from './plan-write.js';
import { recordsAtTarget, shareableFields } from './entity-members.js';
import type { Target } from './target.js';

/** What a first connection would write, in counts: no values, so that it may be printed. */
export interface Rehearsal {
  target: string;
  /** Records of the target that differ, and by what would be done. */
  differences: number;
  actions: Partial<Record<DeliveryAction, number>>;
  /** Differing records by canonical path, or by kind of ticket. */
  byField: Record<string, number>;
  /** A few persons (of housing: dwellings) to look at. */
  examples: string[];
}

interface Difference {
  entityId: string;
  line: PlannedLine;
  /** Worked out when asked. */
  fields: () => string[];
  delivery: NewDelivery;
}

const PAGE = 500;
const EXAMPLES = 10;
/** `delivery.cause` of what one approval delivers begins so: when more may be shared later, the same persons differ once more. */
const CAUSE = 'first-connection';

/**
 * The first connection of a target: rehearse, look at the differences, approve; then they are delivered and streaming begins. When
 * more agreements are in force, or a folder says more, the same again brings what the target lacks by now.
 */
export class FirstConnections {
  constructor(private readonly store: FanoutStore) {}

  /** Counts what differs and writes nothing to the target. */
  async rehearse(target: Target): Promise<Rehearsal> {
    const rehearsal: Rehearsal = { target: target.id, differences: 0, actions: {}, byField: {}, examples: [] };
    for await (const { entityId, line, fields } of this.differences(target)) {
      rehearsal.differences += 1;
      rehearsal.actions[line.action] = (rehearsal.actions[line.action] ?? 0) + 1;
      for (const field of fields()) rehearsal.byField[field] = (rehearsal.byField[field] ?? 0) + 1;
      if (rehearsal.examples.length < EXAMPLES) rehearsal.examples.push(entityId);
    }
    await this.store.unitOfWork.run((tx) => this.store.connections.rehearsed(tx, target.id, rehearsal.differences));
    return rehearsal;
  }

  /**
   * Puts the connection in force. What differs is delivered (`deliver: false`: the office settles what is old by itself, only
   * later changes go out), and what waited for the approval becomes due. Returns how many deliveries are due.
   */
  async approve(target: Target, actor: string, options: { deliver: boolean } = { deliver: true }): Promise<number> {
    if (!target.live) throw notLive(target.id);
    await this.store.unitOfWork.run((tx) => this.store.connections.approve(tx, target.id, actor));
    let due = 0;
    if (options.deliver) {
      const cause = `${CAUSE}-${uuidv7(this.store.clock.now())}`;
      let page: NewDelivery[] = [];
      const flush = async () => {
        const rows = page;
        page = [];
        // What is due already is worked out anew when it is written, and brings everything.
        const before = await this.store.deliveries.dueFor(target.id, rows.map((r) => r.targetRef));
        const more = rows.filter((r) => !before.has(r.targetRef.toString('hex')));
        due += await this.store.unitOfWork.run((tx) => this.store.deliveries.add(tx, more.map((row) => ({ ...row, cause }))));
      };
      for await (const { delivery } of this.differences(target)) {
        page.push(delivery);
        if (page.length >= PAGE) await flush();
      }
      await flush();
    }
    for (const reasonCode of ['firstConnection', 'notLive']) {
      due += await this.store.unitOfWork.run((tx) => this.store.deliveries.release(tx, { target: target.id, reasonCode }));
    }
    return due;
  }

  private async *differences(target: Target): AsyncIterable<Difference> {
    if (target.countsResidents) await new Occupancy(this.store, target).rebuild();
    for (const type of target.ticketKinds === undefined ? target.channels.keys() : (['person'] as const)) yield* this.differencesOf(target, type);
  }

  private async *differencesOf(target: Target, recordType: RecordType): AsyncIterable<Difference> {
    let after = '';
    for (;;) {
      const page = await this.store.pool.query<{ id: string }>(
        // A first connection creates nothing: only who is known to the target by a record can differ there.
        `select id from entity e where record_type = $1 and state = 'active' and id > $2 and (
           exists (select from crosswalk c join source_record s on s.id = c.record_id where c.entity_id = e.id and s.system = $4)
           or exists (select from minted_key m where m.target = $4 and m.entity_id = e.id)) order by id limit $3`, [recordType, after, PAGE, target.id]);
      if (page.rows.length === 0) return;
      after = page.rows.at(-1)!.id;
      const contexts = await readContexts(this.store, target, page.rows.map((r) => r.id));
      for (const [entityId, context] of contexts) {
        for (const { line, naturalKey, delivery } of dueDeliveries(this.store, context, CAUSE)) {
          yield { entityId, line, delivery, fields: () => line.tickets ?? changedPaths(context, naturalKey) };
        }
      }
    }
  }
}

function notLive(target: string): YiciError {
  return new YiciError({
    code: 'YICI_FANOUT_NOT_LIVE', stage: 'sharing', message: `系统 ${target} 的在线接口尚未接通。The live connection of ${target} is not built yet.`,
    fix: 'Deliveries to it wait; it can be approved once its folder says mode: live.',
  });
}

function changedPaths(context: LineContext, naturalKey: string): string[] {
  const { target, members } = context;
  const own = recordsAtTarget(members, target.id).find((r) => r.naturalKey === naturalKey);
  return Object.keys(planUpdate(target, members.recordType, shareableFields(members, target, context.rules, context.authority), own, context.written.get(naturalKey), context.stray.get(naturalKey)).fields).map((path) => path.replace(ANSWER, ''));
}
