import type { OutgoingItem } from '#libs/connector-sdk/target-channel';
import { fieldsOfBody } from '#libs/mapping/encode-out';
import type { OutValue } from '#libs/mapping/encode-value';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Projection } from '#libs/survivorship/echoed-fields';
import type { Delivery, DeliveryOutcome, DeliveryPayload } from './delivery.js';
import { HUB, recordsAtTarget, shareableFields } from './entity-members.js';
import type { FanoutStore } from './fanout-store.js';
import { planLines, type LineContext } from './plan-lines.js';
import type { RecordChannel } from './target.js';
import { planTickets, ticketPath } from './plan-tickets.js';
import { planCreate, planUpdate, projectionAfter, type PlannedWrite } from './plan-write.js';

/** The target's record as it was read after a conflict: once the hub's version is no older, its time is known. */
export type ReadBack = Pick<AnySourceRecord, 'order' | 'sourceTime'>;

/** A delivery that is to be written now, and what to remember once the target has accepted it. */
export interface Attempt {
  delivery: Delivery;
  entityId: string;
  /** Of the golden record that it was worked out from. */
  version: number;
  item: OutgoingItem;
  payload: DeliveryPayload;
  projection: Projection;
  /** What was remembered before. */
  before: Projection;
  /** Canonical values written: the body of a record created there. */
  fields: Record<string, unknown>;
  /** The record that the hub had created there and the target has lost: this create takes its place. */
  replaces?: AnySourceRecord;
}

/**
 * Decides a due delivery anew from what is true now: the newest values, the agreements of this moment, what the target holds
 * by now. So an old delivery never writes an old value, and one that later changes made needless ends without a write.
 */
export function planAttempt(store: FanoutStore, delivery: Delivery, context: LineContext | undefined, readBack?: ReadBack): Attempt | DeliveryOutcome {
  const ended = (state: DeliveryOutcome['state'], reasonCode: string, reason?: string): DeliveryOutcome => ({ id: delivery.id, state, reasonCode, reason, attempted: false });
  if (context === undefined) return ended('notShared', 'nothingLeft');
  if (!context.approved) return ended('waiting', 'firstConnection');
  const own = recordsAtTarget(context.members, delivery.target).find((r) => store.refOf(r).equals(delivery.targetRef));
  if (delivery.action === 'ticket') return own === undefined ? ended('noRecord', 'noRecordThere') : ticketAttempt(context, delivery, own, ended);
  return fieldAttempt(store, delivery, context, own, readBack, ended);
}

type End = (state: DeliveryOutcome['state'], reasonCode: string, reason?: string) => DeliveryOutcome;

function fieldAttempt(store: FanoutStore, delivery: Delivery, context: LineContext, own: AnySourceRecord | undefined, readBack: ReadBack | undefined, ended: End): Attempt | DeliveryOutcome {
  const { target, members } = context;
  const channel = target.channels.get(members.recordType);
  if (channel === undefined) return ended('notShared', 'takesNoFields');
  const shareable = shareableFields(members, target, context.rules, context.authority);
  const lost = lostRecord(delivery, own);
  if (lost === undefined && own === undefined && isCreatedAgain(store, delivery)) return ended('noRecord', 'noRecordThere');
  const kept = lost === undefined ? own : undefined;
  const first = recordsAtTarget(members, target.id).find((r) => r !== lost);
  const mintedKey = context.mintedKey === lost?.naturalKey ? undefined : context.mintedKey;
  // A create whose key came back meanwhile goes on as an update of that record.
  const naturalKey = kept?.naturalKey ?? (delivery.action === 'create' ? first?.naturalKey ?? mintedKey : mintedIs(store, delivery, context) ? mintedKey : undefined);
  if (naturalKey === undefined && delivery.action === 'update') return ended('noRecord', 'noRecordThere');
  const base = kept ?? (delivery.action === 'create' ? first : undefined);
  const written = naturalKey === undefined ? undefined : context.written.get(naturalKey);
  const write = naturalKey === undefined ? planCreate(target, shareable) : planUpdate(target, members.recordType, shareable, withoutLost(base, channel, delivery.payload?.lost), written, context.stray.get(naturalKey));
  if (write === undefined) return ended('noRecord', 'noRecordThere');
  if (Object.keys(write.columns).length === 0) return nothingToWrite(delivery, context, naturalKey, base, ended);
  const item: OutgoingItem = {
    // A create repeated after a merge goes under the ref it had before: the target may know it by that. One that is made again would only be told the lost key.
    recordType: members.recordType, ref: naturalKey === undefined && lost === undefined ? delivery.entityId : delivery.id, columns: write.columns, plannedAt: knownUntil(delivery, base, readBack), held: write.held,
    carried: carriedOf(channel.carried, base), ...(naturalKey !== undefined && { naturalKey }), ...(delivery.payload?.intended !== undefined && { intended: delivery.payload.intended }),
  };
  return {
    delivery, entityId: members.entityId, version: members.version, item, fields: write.fields,
    before: { fields: written?.fields ?? {} },
    payload: { paths: Object.keys(write.fields), columns: write.columns, ...(naturalKey !== undefined && { key: naturalKey }) },
    projection: projectionAfter(channel, written, write),
    ...(naturalKey === undefined && lost !== undefined && { replaces: lost }),
  };
}

/** Whether this delivery creates a record again that the hub had created there before: it names the lost one, not our own ref. */
function isCreatedAgain(store: FanoutStore, { action, target, targetRef, entityId }: Delivery): boolean {
  return action === 'create' && !targetRef.equals(store.ownRef(target, entityId));
}

/** The record that a delivery is to create again, unless the target has told of it since; one that it has deleted itself is no record of its own any more. */
function lostRecord({ action, createdAt }: Delivery, own: AnySourceRecord | undefined): AnySourceRecord | undefined {
  return action === 'create' && own !== undefined && Date.parse(own.observedAt) <= createdAt.getTime() ? own : undefined;
}

/** The target's record as it is said to be without these fields: the hub may hold a newer version than a target that went back to an older one. */
function withoutLost(own: AnySourceRecord | undefined, channel: RecordChannel, lost: readonly string[] | undefined): AnySourceRecord | undefined {
  if (own === undefined || lost === undefined || lost.length === 0) return own;
  const columns = new Set(lost.flatMap((path) => channel.columnsOf.get(path) ?? []));
  const { facets, ...body } = own.body as { facets?: Record<string, unknown> } & Record<string, unknown>;
  const kept = (map: Record<string, unknown> | undefined, gone: (name: string) => boolean) => map && Object.fromEntries(Object.entries(map).filter(([name]) => !gone(name)));
  return {
    ...own, legacy: kept(own.legacy, (name) => columns.has(name)), hubOrigin: own.hubOrigin?.filter((path) => !lost.includes(path)),
    body: { ...kept(body, (name) => lost.includes(name)), ...(facets !== undefined && { facets: kept(facets, (name) => lost.includes(`facets.${name}`)) }) },
  } as AnySourceRecord;
}

/**
 * Until when this write knows what the target knew: when it was planned, or when the target's record was read after that. A
 * change made there later is newer than ours and the target refuses us.
 */
function knownUntil(delivery: Delivery, base: AnySourceRecord | undefined, readBack: ReadBack | undefined): Date {
  // The hub's own version may keep an older time, where the newer one only repeats the hub.
  const read = base !== undefined && readBack !== undefined && base.order >= readBack.order ? readBack.sourceTime : undefined;
  return new Date(Math.max(delivery.createdAt.getTime(), ...[base?.observedAt, base?.sourceTime, read].map((t) => (t === undefined ? 0 : Date.parse(t)))));
}

function carriedOf(columns: readonly string[], own: AnySourceRecord | undefined): Record<string, string> {
  return Object.fromEntries(columns.flatMap((c) => (own?.legacy?.[c] === undefined ? [] : [[c, own.legacy[c]]])));
}

function mintedIs(store: FanoutStore, delivery: Delivery, { mintedKey }: LineContext): boolean {
  return mintedKey !== undefined && store.refOf({ system: delivery.target, recordType: delivery.recordType, naturalKey: mintedKey }).equals(delivery.targetRef);
}

/** Ends in the words its line would have now: no longer shared, refused by the target's limits, or there already. */
function nothingToWrite(delivery: Delivery, context: LineContext, naturalKey: string | undefined, own: AnySourceRecord | undefined, ended: End): DeliveryOutcome {
  const entry = context.members.records.find((r) => r.system === HUB && r.naturalKey === delivery.cause);
  const line = entry === undefined ? undefined : planLines(context, { entry }).find((l) => l.naturalKey === naturalKey);
  if (line === undefined) return ended('notShared', 'nothingLeft');
  if (line.state !== 'confirmed') return ended(line.state === 'waiting' ? 'notShared' : line.state, line.reasonCode ?? 'nothingLeft', line.reason);
  const written = naturalKey === undefined ? undefined : context.written.get(naturalKey);
  const readBack = own !== undefined && (written === undefined || Date.parse(own.observedAt) > Date.parse(written.writtenAt));
  const there = delivery.reasonCode === 'createdOnce' ? 'createdOnce' : 'alreadyThere';
  if (readBack || written === undefined) return ended('confirmed', there);
  // Another delivery wrote it: what confirms that one confirms this one.
  const paths = Object.keys(fieldsOfBody(entry!.body)).filter((path) => written.fields[path] !== undefined);
  return { ...ended('written', there), payload: { paths } };
}

function ticketAttempt(context: LineContext, delivery: Delivery, own: AnySourceRecord, ended: End): Attempt | DeliveryOutcome {
  const { target } = context;
  const shareable = shareableFields(context.members, target, context.rules, context.authority);
  const kinds = (target.ticketKinds ?? []).filter((kind) => delivery.payload?.tickets?.includes(kind) ?? false);
  const written = context.written.get(own.naturalKey);
  const due = planTickets({ kinds, shareable, own, written, contested: context.contested });
  if (due.length === 0) return ended('notShared', 'nothingLeft');
  const rows: Record<string, OutValue>[] = [];
  const refused: string[] = [];
  const told: PlannedWrite['fields'] = {};
  due.forEach((ticket, i) => {
    // The ticket's number names the delivery, so that a file dropped twice is one ticket there.
    const row = target.mapper.ticket({ number: `${delivery.id.slice(0, 33)}-${i + 1}`, kind: ticket.kind, text: ticket.text }, { ...own.body }, own.legacy);
    if (row.refused.length > 0) return refused.push(...row.refused.map((r) => r.column));
    rows.push(row.columns);
    told[ticketPath(ticket.kind)] = ticket.signature;
  });
  if (rows.length === 0) return ended('rejected', 'cannotBeSaid', refused.join(', '));
  const projection: Projection = { fields: { ...written?.fields } };
  for (const [path, value] of Object.entries(told)) projection.fields[path] = { value, columns: {} };
  return {
    delivery, entityId: context.members.entityId, version: context.members.version, fields: {}, projection, before: { fields: written?.fields ?? {} },
    payload: { tickets: due.map((t) => t.kind), paths: Object.keys(told), key: own.naturalKey },
    item: { recordType: 'person', ref: delivery.id, naturalKey: own.naturalKey, columns: {}, rows, plannedAt: delivery.createdAt, ...(delivery.payload?.intended !== undefined && { intended: delivery.payload.intended }) },
  };
}
