import { YiciError } from '#libs/kernel/errors';
import type { Command, DeadLetterRaised, GoldenRecordChanged, SourceRecordAccepted, TargetKeyMinted, Topic } from '#libs/model/events';
import type { Sealing } from '#libs/platform/sealing';

/** What each topic's events carry. */
export interface EventData {
  'yici.source-record.accepted.v1': SourceRecordAccepted;
  'yici.command.v1': Command;
  'yici.golden-record.changed.v1': GoldenRecordChanged;
  'yici.target-key.minted.v1': TargetKeyMinted;
  'yici.dead-letter.v1': DeadLetterRaised;
}

export interface CloudEvent<T extends Topic = Topic> {
  /** Unique for its source; consumers keep it in their inbox, so a retry must use it again. */
  id: string;
  /** The topic. */
  type: T;
  /** The room that made it: `/intake`, `/entries`, `/resolution`, `/fanout`. */
  source: string;
  /** ISO 8601. */
  time: string;
  data: EventData[T];
}

interface Envelope {
  specversion: '1.0';
  id: string;
  type: string;
  source: string;
  time: string;
  datacontenttype: string;
  data_base64: string;
}

const SEALED_JSON = 'application/vnd.yici.sealed+json';

/** CloudEvents 1.0, JSON format; the data is sealed JSON in `data_base64`, so that the log holds nothing readable. */
export function encodeEvent<T extends Topic>(sealing: Sealing, event: CloudEvent<T>): Buffer {
  const envelope: Envelope = {
    specversion: '1.0', id: event.id, type: event.type, source: event.source, time: event.time, datacontenttype: SEALED_JSON,
    data_base64: sealing.sealJson(event.data).toString('base64'),
  };
  return Buffer.from(JSON.stringify(envelope), 'utf8');
}

/**
 * Opens an event of the topic `type`. Throws YICI_EVENT_MALFORMED when it is no such event or was changed: poisoned, no retry
 * will help.
 */
export function decodeEvent<T extends Topic>(sealing: Sealing, type: T, bytes: Uint8Array): CloudEvent<T> {
  try {
    const e = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as Partial<Envelope>;
    if (e.specversion !== '1.0' || e.type !== type || e.datacontenttype !== SEALED_JSON) throw new Error('not an event of this topic');
    if (typeof e.id !== 'string' || typeof e.source !== 'string' || typeof e.time !== 'string' || typeof e.data_base64 !== 'string') {
      throw new Error('an attribute is missing');
    }
    return { id: e.id, type, source: e.source, time: e.time, data: sealing.openJson<EventData[T]>(Buffer.from(e.data_base64, 'base64')) };
  } catch (cause) {
    throw new YiciError({
      code: 'YICI_EVENT_MALFORMED', stage: 'receiving', cause,
      message: `A message on ${type} is no event that this hub can open.`,
      fix: 'Check that every process uses the same key file and version.',
    });
  }
}
