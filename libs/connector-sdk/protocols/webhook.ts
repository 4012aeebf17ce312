import { createHmac } from 'node:crypto';
import type { Clock } from '#libs/kernel/clock';
import { sha256Hex } from '#libs/kernel/hashing';
import { YiciError } from '#libs/kernel/errors';
import type { Connector } from '../connector.js';
import type { ConnectionParts } from '../open-target.js';
import { RotatingSecret } from '../rotating-secret.js';
import type { ItemAnswer, OutgoingItem, TargetChannel } from '../target-channel.js';
import { RestRequest } from './rest-request.js';
import type { WebhookSpec } from './rest-specs.js';
import { writeHalves } from './write-halves.js';

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';

/** What the subscriber may answer for an event; left out, a 2xx means that it was taken. */
interface EventAnswer {
  id?: unknown;
  status?: unknown;
  /** The subscriber's own key of a record that it made. */
  key?: unknown;
}

/**
 * Posts what changed to a subscriber as CloudEvents 1.0, signed by the Standard Webhooks convention: `webhook-id`, `webhook-timestamp`
 * (seconds) and `webhook-signature` = `v1,` + base64 HMAC-SHA256 of `id.timestamp.body`, one signature for each value of the secret
 * while it is being changed. The id of an event is the same at every attempt. A subscriber that answers 410 Gone is not asked again
 * before the hub is started anew.
 */
export class WebhookSender implements TargetChannel {
  readonly maxItems: number;
  private readonly http: RestRequest;
  private readonly secret: RotatingSecret;
  private readonly clock: Clock;
  private readonly keyColumn: string;
  private gone = false;

  constructor(private readonly connector: Connector, private readonly spec: WebhookSpec, parts: ConnectionParts) {
    this.maxItems = spec.maxItems;
    this.clock = parts.clock;
    this.http = RestRequest.of(connector, 'target', spec, (name) => parts.secret(name));
    this.secret = RotatingSecret.find((name) => parts.secret(name), spec.secret) ?? new RotatingSecret(['']);
    this.keyColumn = connector.mappingOut.person?.key ?? 'id';
  }

  /** Throws YICI_TARGET_GONE after 410, and what RestRequest throws; 401, 403, 404, 408, 429 and 5xx say nothing of any one event. */
  async write(items: readonly OutgoingItem[], signal: AbortSignal): Promise<ItemAnswer[]> {
    if (this.gone) throw this.goneError();
    return writeHalves(items, (some) => this.post(some, signal));
  }

  close(): Promise<void> {
    return this.http.close();
  }

  /** Undefined: the batch was refused as a whole. */
  private async post(items: readonly OutgoingItem[], signal: AbortSignal): Promise<ItemAnswer[] | undefined> {
    const events = items.map((item) => this.event(item));
    const single = this.spec.maxItems === 1;
    const body = Buffer.from(JSON.stringify(single ? events[0] : events), 'utf8');
    // The same events again are the same message.
    const id = single ? items[0]!.ref : `batch-${sha256Hex(items.map((i) => i.ref).join(' ')).slice(0, 32)}`;
    const { status, body: answer } = await this.http.call({ method: 'POST', path: '', body, headers: { 'content-type': single ? STRUCTURED : BATCH, ...this.signed(id, body) } }, signal);
    if (status < 300) return this.answers(items, answer);
    if (status === 410) {
      this.gone = true;
      throw this.goneError();
    }
    if (status === 409 && single) return [{ outcome: 'conflict' }];
    if (status === 400 || status === 413 || status === 415 || status === 422) return items.length > 1 ? undefined : [{ outcome: 'refused', detail: `HTTP ${status}` }];
    throw this.http.unreachable(`it answered HTTP ${status}`);
  }

  private event(item: OutgoingItem): object {
    return {
      specversion: '1.0', id: item.ref, source: '/yici', type: this.spec.type, time: item.plannedAt.toISOString(), datacontenttype: 'application/json',
      ...(item.naturalKey !== undefined && { subject: item.naturalKey }), data: { [this.keyColumn]: item.naturalKey ?? null, ...item.columns },
    };
  }

  private signed(id: string, body: Buffer): Record<string, string> {
    const timestamp = String(Math.floor(this.clock.now() / 1000));
    const signatures = this.secret.values.map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest('base64')}`);
    return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
  }

  private answers(items: readonly OutgoingItem[], body: Buffer): ItemAnswer[] {
    const given = new Map(acknowledgements(body).map((a) => [String(a.id), a]));
    return items.map((item): ItemAnswer => {
      const answer = given.get(item.ref);
      const status = answer === undefined ? 'accepted' : String(answer.status ?? 'accepted');
      if (status === 'accepted') return { outcome: 'accepted', naturalKey: typeof answer?.key === 'string' && answer.key !== '' ? answer.key : undefined };
      if (status === 'conflict') return { outcome: 'conflict' };
      if (status === 'refused') return { outcome: 'refused', detail: 'refused in its acknowledgement' };
      return { outcome: 'failed', detail: 'not taken by its acknowledgement' };
    });
  }

  private goneError(): YiciError {
    return new YiciError({
      code: 'YICI_TARGET_GONE', stage: 'sending', message: `${this.connector.id} has ended its subscription (HTTP 410); nothing is sent to it any more.`,
      fix: 'Ask its owner. Once it takes messages again, start the hub anew: what waits is then sent.',
    });
  }
}

/** Secrets of the convention are `whsec_` + base64; any other text is its own bytes. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret, 'utf8');
}

/** A body is optional: whatever is no list of acknowledgements leaves the 2xx to speak. */
function acknowledgements(body: Buffer): EventAnswer[] {
  try {
    const value = JSON.parse(body.toString('utf8')) as unknown;
    const list = Array.isArray(value) ? (value as unknown[]) : [value];
    return list.filter((a): a is EventAnswer => typeof a === 'object' && a !== null);
  } catch {
    return [];
  }
}
