import { fieldsOfBody } from '#libs/mapping/encode-out';
import type { GoldenFields } from '#libs/model/golden-record';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Phone } from '#libs/model/values';
import type { AuthorityTable } from '#libs/survivorship/authority';
import { sameFact } from '#libs/survivorship/same-fact';
import type { DeliveryState } from '#libs/model/receipt';
import type { DeliveryAction } from './delivery.js';
import { recordsAtTarget, shareableFields, type EntityMembers } from './entity-members.js';
import { planTickets, TICKET_PATHS } from './plan-tickets.js';
import { planCreate, planUpdate, type WrittenProjection } from './plan-write.js';
import type { Refusal, SharingRules } from './sharing-rules.js';
import type { StrayWrites } from './stray-writes.js';
import type { Target } from './target.js';

/** Why a line is where it is; each has its words in receipt-words.ts. */
export type LineReason =
  | Refusal | 'ticketsOnly' | 'takesNoFields' | 'notReceived' | 'outranked' | 'noRecordThere' | 'cannotBeSaid' | 'alreadyThere' | 'createdOnce'
  | 'notLive' | 'firstConnection' | 'notProcessed' | 'retrying' | 'conflict' | 'targetRefused' | 'neverAnswered' | 'nothingLeft' | 'entryFailed' | 'restricted'
  | 'cutThere' | 'awaitsPickUp' | 'awaitsTaking' | 'awaitsDownload' | 'awaitsExport' | 'ticketTaken' | 'fileRefused' | 'rowRefused';

/** What everything about one person, household or dwelling and one target is decided from. */
export interface LineContext {
  target: Target;
  rules: SharingRules;
  authority: AuthorityTable;
  members: EntityMembers;
  /** What was last written, by natural key of the target's record. */
  written: ReadonlyMap<string, WrittenProjection>;
  /** What stands there because of a merge that was undone, by natural key. */
  stray: ReadonlyMap<string, StrayWrites>;
  /** Key that the target minted for this person and resolution has not listed yet. */
  mintedKey?: string;
  contested: readonly string[];
  /** The target's first differences were rehearsed and approved. */
  approved: boolean;
}

/** What changed. */
export interface Change {
  /** Canonical paths whose winning value changed; undefined: everything is looked at (first connection). */
  changed?: readonly string[];
  /** The worker's entry that caused it; only then does every target answer, with a line. */
  entry?: AnySourceRecord;
}

/** One line of a receipt, or one delivery to make. */
export interface PlannedLine {
  action: DeliveryAction;
  state: DeliveryState;
  reasonCode?: LineReason;
  /** Column names the reason is about. */
  reason?: string;
  /** The target's own key; absent: known there by no key, only by our own ref. */
  naturalKey?: string;
  tickets?: string[];
}

/** What one change means for one target. Without an entry, only what there is to do; with one, always at least one line. */
export function planLines(context: LineContext, change: Change): PlannedLine[] {
  return context.target.ticketKinds !== undefined ? ticketLines(context, change) : fieldLines(context, change);
}

function ticketLines(context: LineContext, change: Change): PlannedLine[] {
  const { target, members } = context;
  const own = recordsAtTarget(members, target.id);
  if (own.length === 0) return answer(change, { action: 'ticket', state: 'noRecord', reasonCode: 'noRecordThere' });
  const relevant = change.changed === undefined || context.contested.length > 0 || [...change.changed, ...entryPaths(change)].some((p) => (TICKET_PATHS as readonly string[]).includes(p));
  const shareable = relevant ? shareableFields(members, target, context.rules, context.authority) : {};
  const lines: PlannedLine[] = [];
  for (const record of own) {
    if (!relevant) break;
    const due = planTickets({ kinds: target.ticketKinds ?? [], shareable, own: record, written: context.written.get(record.naturalKey), contested: context.contested });
    if (due.length === 0) continue;
    lines.push({ action: 'ticket', naturalKey: record.naturalKey, tickets: due.map((t) => t.kind), ...waiting(context) });
  }
  if (lines.length > 0) return lines;
  const refusal = sharingRefusal(context, change, TICKET_PATHS);
  return answer(change, { action: 'ticket', naturalKey: own[0]!.naturalKey, state: 'notShared', reasonCode: refusal ?? 'ticketsOnly' });
}

function fieldLines(context: LineContext, change: Change): PlannedLine[] {
  const { target, members } = context;
  const channel = target.channels.get(members.recordType);
  if (channel === undefined) return answer(change, { action: 'update', state: 'notShared', reasonCode: 'takesNoFields' });
  const own = recordsAtTarget(members, target.id);
  if (change.entry !== undefined) {
    const refusal = sharingRefusal(context, change, channel.fields);
    if (refusal !== undefined) return [{ action: 'update', state: 'notShared', reasonCode: refusal, ...keyOfFirst(own) }];
  }
  const shareable = shareableFields(members, target, context.rules, context.authority);
  if (own.length > 0) {
    return own.flatMap((record) => updateLine(context, change, shareable, record.naturalKey, record));
  }
  if (context.mintedKey !== undefined) return updateLine(context, change, shareable, context.mintedKey);
  const create = change.entry === undefined || members.recordType !== 'person' ? undefined : planCreate(target, shareable);
  if (create === undefined) return answer(change, { action: 'update', state: 'noRecord', reasonCode: 'noRecordThere' });
  return [{ action: 'create', ...waiting(context) }];
}

function updateLine(context: LineContext, change: Change, shareable: GoldenFields, naturalKey: string, own?: AnySourceRecord): PlannedLine[] {
  const write = planUpdate(context.target, context.members.recordType, shareable, own, context.written.get(naturalKey), context.stray.get(naturalKey));
  if (Object.keys(write.columns).length > 0) return [{ action: 'update', naturalKey, ...waiting(context) }];
  if (write.refused.length > 0) {
    return answer(change, { action: 'update', naturalKey, state: 'rejected', reasonCode: 'cannotBeSaid', reason: write.refused.map((r) => r.column).join(', ') });
  }
  if (outranked(context, change, shareable)) return answer(change, { action: 'update', naturalKey, state: 'notShared', reasonCode: 'outranked' });
  return answer(change, { action: 'update', naturalKey, state: 'confirmed', reasonCode: 'alreadyThere' });
}

/** A better source stands against what the entry says of a field this target takes. */
function outranked(context: LineContext, change: Change, shareable: GoldenFields): boolean {
  const said = change.entry === undefined ? {} : fieldsOfBody(change.entry.body);
  return entryPaths(change).some((path) => {
    const inForce = shareable[path]?.value;
    if (inForce === undefined || context.target.channels.get(context.members.recordType)?.fields.includes(path) !== true) return false;
    return path === 'phones' ? (inForce as Phone[])[0]?.number !== (said[path] as Phone[])[0]?.number : !sameFact(path, inForce, said[path]);
  });
}

/** Why nothing of the entry may go to the target; undefined when something may. */
function sharingRefusal(context: LineContext, change: Change, taken: readonly string[]): LineReason | undefined {
  const { entry } = change;
  if (entry === undefined) return undefined;
  const read = entryPaths(change).filter((path) => taken.includes(path));
  if (read.length === 0) return context.target.ticketKinds !== undefined ? 'ticketsOnly' : 'notReceived';
  const refusals = read.map((path) => context.rules.refusal(entry, path));
  if (refusals.includes(undefined)) return undefined;
  return REFUSAL_ORDER.find((r) => refusals.includes(r));
}

/** The most telling reason first: what a person could still do something about. */
const REFUSAL_ORDER: readonly Refusal[] = ['consentMissing', 'agreementProposed', 'agreementExpired', 'agreementRevoked', 'conditionNone', 'noAgreement'];

/** Canonical paths the entry states. Who the person is was only said to find them, when they were known before. */
function entryPaths(change: Change): string[] {
  if (change.entry === undefined) return [];
  const paths = Object.keys(fieldsOfBody(change.entry.body));
  const stated = paths.filter((path) => path !== 'name' && path !== 'citizenId');
  return stated.length > 0 ? stated : paths;
}

function waiting({ target, approved }: LineContext): Pick<PlannedLine, 'state' | 'reasonCode' | 'reason'> {
  return waitingFor(target, approved);
}

/** Where a delivery to this target stands before its first attempt. */
export function waitingFor(target: Target, approved: boolean): Pick<PlannedLine, 'state' | 'reasonCode' | 'reason'> {
  if (!target.live) return { state: 'waiting', reasonCode: 'notLive' };
  return approved ? { state: 'waiting' } : { state: 'waiting', reasonCode: 'firstConnection' };
}

function answer(change: Change, line: PlannedLine): PlannedLine[] {
  return change.entry === undefined ? [] : [line];
}

function keyOfFirst(own: readonly AnySourceRecord[]): { naturalKey?: string } {
  return own[0] === undefined ? {} : { naturalKey: own[0].naturalKey };
}
