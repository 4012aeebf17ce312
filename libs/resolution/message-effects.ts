import { recordKey, type RecordKey } from '#libs/kernel/record-key';
import type { Batch, DeliveredMessage } from '#libs/bus/log';
import { decodeEvent } from '#libs/bus/cloud-event';
import { TOPIC, type Command, type SourceRecordAccepted, type TargetKeyMinted } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';

/** A steward's decision to be written, append-only. */
export interface NewDecision {
  id: string;
  kind: 'link' | 'noLink' | 'revoke';
  records: RecordKey[];
  revokes?: string;
  actor: string;
  reason?: string;
}

/** What one message asks resolution to do. */
export interface MessageEffect {
  /** CloudEvents id: its inbox row. */
  messageId: string;
  records: AnySourceRecord[];
  decisions: NewDecision[];
  /** Entry that this message brings. */
  entryId?: string;
  /** Dispute whose answer this message brings. */
  disputeId?: string;
}

/** Thrown parts of a batch: what could not be opened, to be set aside. */
export interface Poisoned {
  message: DeliveredMessage;
  error: unknown;
}

/** Opens a batch of any topic that resolution reads. A message that cannot be opened harms only itself. */
export function effectsOf(sealing: Sealing, batch: Batch): { effects: MessageEffect[]; poisoned: Poisoned[] } {
  const effects: MessageEffect[] = [];
  const poisoned: Poisoned[] = [];
  for (const message of batch.messages) {
    try {
      effects.push(effectOf(sealing, batch.topic, message));
    } catch (error) {
      poisoned.push({ message, error });
    }
  }
  return { effects, poisoned };
}

function effectOf(sealing: Sealing, topic: string, message: DeliveredMessage): MessageEffect {
  if (topic === TOPIC.sourceRecordAccepted) {
    const event = decodeEvent(sealing, TOPIC.sourceRecordAccepted, message.value);
    return ofRecord(event.id, event.data);
  }
  if (topic === TOPIC.targetKeyMinted) {
    const event = decodeEvent(sealing, TOPIC.targetKeyMinted, message.value);
    return ofMintedKey(event.id, event.data);
  }
  const event = decodeEvent(sealing, TOPIC.command, message.value);
  return ofCommand(event.id, event.data);
}

function ofRecord(messageId: string, data: SourceRecordAccepted): MessageEffect {
  return { messageId, records: [data.record], decisions: [] };
}

/** The new record says nothing of its own (every field is the hub's); that it is this person is known because the hub made it. */
function ofMintedKey(messageId: string, data: TargetKeyMinted): MessageEffect {
  const key = recordKey(data.system, data.recordType, data.naturalKey);
  return {
    messageId, records: [data.record],
    decisions: [{ id: `minted-${messageId}`, kind: 'link', records: [key, entityAnchor(data.entityId)], actor: 'hub', reason: 'targetKeyMinted' }],
  };
}

function ofCommand(messageId: string, command: Command): MessageEffect {
  switch (command.kind) {
    case 'entry': {
      const own = recordKey(command.record.system, command.record.recordType, command.record.naturalKey);
      const decisions: NewDecision[] = command.linkTo === undefined ? []
        : [{ id: `entry-${command.entryId}`, kind: 'link', records: [own, command.linkTo], actor: command.actor, reason: 'pickedByWorker' }];
      return { messageId, records: [command.record], decisions, entryId: command.entryId };
    }
    case 'settlement': {
      const own = recordKey(command.record.system, command.record.recordType, command.record.naturalKey);
      return { messageId, records: [command.record], decisions: [{ id: `dispute-${command.disputeId}`, kind: 'link', records: [own, command.linkTo], actor: command.actor, reason: 'settlement' }], disputeId: command.disputeId };
    }
    case 'link':
    case 'noLink':
      return { messageId, records: [], decisions: [{ id: command.decisionId, kind: command.kind, records: command.records, actor: command.actor, reason: command.reason }] };
    case 'revoke':
      return { messageId, records: [], decisions: [{ id: command.decisionId, kind: 'revoke', records: [], revokes: command.revokes, actor: command.actor, reason: command.reason }] };
    case 'replay':
      // Intake's: what it reads again comes back as a source record.
      return { messageId, records: [], decisions: [] };
  }
}

const ANCHOR = 'entity ';

/** Stands for "a record of this entity" until the transaction knows one: decisions name records, never entities. */
export function entityAnchor(entityId: string): RecordKey {
  return ANCHOR + entityId;
}
export function anchoredEntity(key: RecordKey): string | undefined {
  return key.startsWith(ANCHOR) ? key.slice(ANCHOR.length) : undefined;
}

