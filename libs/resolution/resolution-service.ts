import type { Clock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import type { RecordKey } from '#libs/kernel/record-key';
import type { Batch } from '#libs/bus/log';
import { InTurn } from '#libs/platform/in-turn';
import type { Logger } from '#libs/platform/logger';
import type { Sealing } from '#libs/platform/sealing';
import { DeadLetterStore } from '#libs/store/dead-letter-store';
import { newToInbox } from '#libs/store/inbox';
import { appendToOutbox } from '#libs/store/outbox';
import { lockKeys, type Transaction, type UnitOfWork } from '#libs/store/unit-of-work';
import { recordRef } from '#libs/store/source-record-codec';
import { TOPIC } from '#libs/model/events';
import { authorityTable, type AuthorityRow, type AuthorityTable } from '#libs/survivorship/authority';
import { changedEvent } from './changed-event.js';
import type { ChangeWriter } from './change-writer.js';
import { writeDecisions } from './decision-writer.js';
import { effectsOf, type MessageEffect, type NewDecision, type Poisoned } from './message-effects.js';
import { entitiesOf, partsOf, RolledBack, type DecisionPreview } from './preview-decision.js';

const CONSUMER = 'resolution';
/** Every writer of the partition holds it: a change may reach records that no key of its own names. See docs/decisions/0005. */
export const PARTITION_LOCK = 0x79696369_0001n;
/** Systems whose facets are restricted are known by the authority they state for them. */
const RESTRICTED_FIELDS = ['facets.correction', 'facets.party'];

/** Messages of one transaction, unless a single batch brings more. */
const MESSAGES_A_TURN = 500;

/** A batch with what its messages ask for. */
interface Opened {
  batch: Batch;
  effects: readonly MessageEffect[];
  poisoned: readonly Poisoned[];
}

/**
 * Handles batches of source records, commands and minted keys: effects single by the inbox. The lock of the partition lets one
 * transaction work at a time, so batches that come meanwhile share the next: they share their neighbourhood as well.
 */
export class ResolutionService {
  private readonly deadLetters: DeadLetterStore;
  private readonly inTurn = new InTurn<Opened, void>((waiting) => this.nextTurn(waiting), (turn) => this.work(turn));
  private lastTurn: 'commands' | 'records' = 'records';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly writer: ChangeWriter,
    private readonly sealing: Sealing,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.deadLetters = new DeadLetterStore(sealing, clock);
  }

  async handle(batch: Batch): Promise<void> {
    await this.inTurn.do(this.open(batch));
  }

  /** Commands are a person's, who waits: they go before the records that wait, but not twice. The two are not mixed, so that each keeps its own cause. */
  private nextTurn(waiting: readonly Opened[]): readonly Opened[] {
    const commands = waiting.filter((o) => o.batch.topic === TOPIC.command);
    const records = waiting.filter((o) => o.batch.topic !== TOPIC.command);
    this.lastTurn = records.length === 0 || (commands.length > 0 && this.lastTurn === 'records') ? 'commands' : 'records';
    const turn: Opened[] = [];
    let messages = 0;
    for (const opened of this.lastTurn === 'commands' ? commands : records) {
      messages += opened.batch.messages.length;
      if (turn.length > 0 && messages > MESSAGES_A_TURN) break;
      turn.push(opened);
    }
    return turn;
  }

  private open(batch: Batch): Opened {
    return { batch, ...effectsOf(this.sealing, batch) };
  }

  private async work(turn: readonly Opened[]): Promise<void> {
    try {
      await this.unitOfWork.run((tx) => this.apply(tx, turn));
    } catch (error) {
      const [only] = turn;
      if (turn.length > 1 || only === undefined || !isPermanent(error)) throw error;
      const { batch, effects } = only;
      // One record may poison the batch: each alone, so that only it is set aside.
      if (batch.messages.length === 1) {
        if (effects[0] === undefined) throw error;
        this.logger.error('resolution.poisoned', { topic: batch.topic, messageId: effects[0].messageId }, error);
        await this.unitOfWork.run(async (tx) => {
          await this.setAside(tx, batch, [{ message: batch.messages[0]!, error }]);
          await failSubmitted(tx, effects[0]!, error, new Date(this.clock.now()));
        });
        return;
      }
      for (const message of batch.messages) await this.work([this.open({ ...batch, messages: [message] })]);
    }
  }

  /**
   * What this decision would make of the entities it touches: made in earnest and rolled back, so that it can differ in nothing.
   * Holds up other changes for as long as it would take.
   */
  async preview(decision: NewDecision): Promise<DecisionPreview> {
    try {
      return await this.unitOfWork.run(async (tx) => {
        await lockKeys(tx, [PARTITION_LOCK]);
        const decided = await writeDecisions(tx, this.sealing, [decision], new Date(this.clock.now()));
        const refs = [...decided.keys()].map((key) => recordRef(this.sealing, key));
        const former = await entitiesOf(tx, refs);
        const { table, restricted } = await readAuthority(tx);
        const changes = await this.writer.apply(tx, { records: [], decided: [...decided.keys()] }, table, restricted);
        const ids = [...new Set([...former, ...changes.map((c) => c.entityId), ...(await entitiesOf(tx, refs))])];
        throw new RolledBack({ former, parts: await partsOf(tx, this.sealing, ids) });
      });
    } catch (error) {
      if (error instanceof RolledBack) return error.preview;
      throw error;
    }
  }

  private async apply(tx: Transaction, turn: readonly Opened[]): Promise<void> {
    for (const { batch, poisoned } of turn) if (poisoned.length > 0) await this.setAside(tx, batch, poisoned);
    const all = turn.flatMap((o) => o.effects);
    if (all.length === 0) return;
    await lockKeys(tx, [PARTITION_LOCK]);
    const fresh = await newToInbox(tx, CONSUMER, all.map((e) => e.messageId));
    const effects = all.filter((e) => fresh.has(e.messageId));
    if (effects.length === 0) return;
    const decided = await writeDecisions(tx, this.sealing, effects.flatMap((e) => e.decisions), new Date(this.clock.now()));
    const { table, restricted } = await readAuthority(tx);
    const changes = await this.writer.apply(tx, { records: effects.flatMap((e) => e.records), decided: [...decided.keys()], decisions: stewardsOf(decided, effects) }, table, restricted);
    await this.closeEntries(tx, effects);
    await closeDisputes(tx, effects, new Date(this.clock.now()));
    await appendToOutbox(tx, changes.map((c) => changedEvent(this.sealing, this.clock, c)));
    this.logger.debug('resolution.applied', { messages: effects.length, changed: changes.length });
  }

  /** An entry is resolved when its record has an entity. */
  private async closeEntries(tx: Transaction, effects: readonly MessageEffect[]): Promise<void> {
    const entries = effects.filter((e) => e.entryId !== undefined);
    if (entries.length === 0) return;
    await tx.client.query(
      `update entry e set state = 'resolved', resolved_at = $3, entity_id = c.entity_id, failure_code = null, failure_reason = null
         from unnest($1::text[], $2::bytea[]) as u(id, ref) join source_record s on s.record_ref = u.ref join crosswalk c on c.record_id = s.id
        where e.id = u.id`,
      [entries.map((e) => e.entryId), entries.map((e) => this.sealing.ref('record', `hub:person:${e.entryId!}`)), new Date(this.clock.now())]);
  }

  private async setAside(tx: Transaction, batch: Pick<Batch, 'topic'>, poisoned: readonly Poisoned[]): Promise<void> {
    await this.deadLetters.add(tx, poisoned.map(({ message, error }) => ({
      system: 'hub', recordType: 'unknown', ...faultOf(error), stage: 'resolving' as const,
      origin: { source: `${batch.topic}/${message.partition}`, position: Number(message.offset) }, bytes: message.value,
    })));
  }
}

export async function readAuthority(tx: Transaction): Promise<{ table: AuthorityTable; restricted: Set<string> }> {
  const { rows } = await tx.client.query<AuthorityRow>({ name: 'authority', text: 'select system, field, rank, condition from authority' });
  return { table: authorityTable(rows), restricted: new Set(rows.filter((r) => RESTRICTED_FIELDS.includes(r.field)).map((r) => r.system)) };
}

/** Decisions that a person made; what goes with an entry, a minted key or a settled dispute has a cause of its own. */
function stewardsOf(decided: ReadonlyMap<RecordKey, string>, effects: readonly MessageEffect[]): Map<RecordKey, string> {
  const made = new Set(effects.filter((e) => e.records.length === 0).flatMap((e) => e.decisions.map((d) => d.id)));
  return new Map([...decided].filter(([, id]) => made.has(id)));
}

function faultOf(error: unknown): { code: string; reason: string } {
  return error instanceof YiciError
    ? { code: error.code, reason: error.message }
    : { code: 'YICI_RESOLUTION_FAILED', reason: '处理时出错，平台日志有记录。The message could not be worked on; the log of the hub says why.' };
}

/** The answers whose records are taken in now. */
async function closeDisputes(tx: Transaction, effects: readonly MessageEffect[], now: Date): Promise<void> {
  const ids = effects.flatMap((e) => e.disputeId ?? []);
  if (ids.length > 0) await tx.client.query('update dispute set settled_at = $2, failure_reason = null where id = any($1::text[])', [ids, now]);
}

/** An entry or answer whose command cannot be applied ends here, with the reason for whoever made it. */
async function failSubmitted(tx: Transaction, effect: MessageEffect, error: unknown, now: Date): Promise<void> {
  const { code, reason } = faultOf(error);
  if (effect.disputeId !== undefined) await tx.client.query('update dispute set settled_at = $2, failure_reason = $3 where id = $1', [effect.disputeId, now, reason]);
  if (effect.entryId === undefined) return;
  await tx.client.query(`update entry set state = 'failed', resolved_at = $2, failure_code = $3, failure_reason = $4 where id = $1 and state = 'accepted'`, [effect.entryId, now, code, reason]);
}

/** Not the database being away: trying again changes nothing. */
function isPermanent(error: unknown): boolean {
  if (error instanceof YiciError) return !error.retriable;
  const code = (error as { code?: unknown }).code;
  // SQLSTATE classes 22 (data) and 23 (integrity), and plain faults of the program; connection and resource errors come again.
  return typeof code === 'string' ? /^2[23]/.test(code) : error instanceof TypeError || error instanceof RangeError;
}
