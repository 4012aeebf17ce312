import type { Clock } from '#libs/kernel/clock';
import { sha256Hex } from '#libs/kernel/hashing';
import { YiciError } from '#libs/kernel/errors';
import type { Divisions } from '#libs/values/divisions';
import type { Connector } from '../connector.js';
import { streamSource } from '../table-mapper.js';
import { CloudEventRows } from './cloud-event-rows.js';
import { cutJsonArray, cutJsonObject } from './json-array.js';
import { checkedMediaType, type DoorKeeper, type PushDoor, type PushRequest, type ReceivedPush } from './rest-door.js';
import type { CloudEventsSpec } from './rest-specs.js';

/** Protocol part of the source of what came as events: a dead letter of it holds an event, not a row. */
export const EVENT_STREAM = 'event';

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const BINARY = 'application/json';

/**
 * Receives CloudEvents 1.0 by HTTP in its three content modes: structured, batched, binary. One poisoned event harms only itself. A
 * deletion is not taken in binary mode: its type would stand in a header, outside the signature.
 */
export class CloudEventDoor implements PushDoor {
  readonly perMinute = undefined;
  private readonly rows: CloudEventRows;

  constructor(private readonly connector: Connector, private readonly spec: CloudEventsSpec, readonly keeper: DoorKeeper, divisions: Divisions, private readonly clock: Clock) {
    this.rows = new CloudEventRows(connector, spec, divisions);
  }

  receive(request: PushRequest): ReceivedPush {
    const again = this.keeper.admit(request);
    const mode = checkedMediaType(request.headers['content-type'], [STRUCTURED, BATCH, BINARY]);
    const events = mode === BATCH ? cutJsonArray(request.body, this.spec.maxItems) : [mode === BINARY ? this.fromHeaders(request) : oneObject(request.body)];
    const origin = {
      source: streamSource(EVENT_STREAM, this.connector.id, this.spec.table, sha256Hex(request.body)), observedAt: new Date(this.clock.now()).toISOString(), fileDate: '',
    };
    return { outcomes: events.map((bytes, i) => this.rows.outcome(bytes, i + 1, origin)), again };
  }

  /** Binary mode as the structured event it stands for, so that every event is read in one way. */
  private fromHeaders({ headers, body }: PushRequest): Uint8Array {
    const attributes: Record<string, string> = { datacontenttype: BINARY };
    for (const [name, value] of Object.entries(headers)) if (name.startsWith('ce-') && value !== undefined) attributes[name.slice('ce-'.length)] = unescaped(value);
    if (attributes['specversion'] === undefined) throw notAnEvent('A CloudEvent in binary mode has ce-specversion, ce-id, ce-source and ce-type among its headers.');
    if (this.spec.withdrawn.includes(attributes['type'] ?? '')) throw notAnEvent('A deletion comes in structured mode, where the signature covers its type.');
    return Buffer.concat([Buffer.from(`${JSON.stringify(attributes).slice(0, -1)},"data":`), oneObject(body), Buffer.from('}')]);
  }
}

/** A body that is no object at all is refused as a whole: nothing in it says what it was. */
function oneObject(body: Uint8Array): Uint8Array {
  cutJsonObject(body);
  return body;
}

/** Header values are percent-encoded (CloudEvents HTTP binding 1.0.2, 3.1.3.2). */
function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function notAnEvent(fix: string): YiciError {
  return new YiciError({ code: 'YICI_PUSH_MALFORMED', stage: 'decoding', message: 'The request is no CloudEvent that this address takes.', fix });
}
