import type { Clock } from '#libs/kernel/clock';
import type { OutValue } from '#libs/mapping/encode-value';
import type { Connector } from '../connector.js';
import type { ConnectionParts } from '../open-target.js';
import { RotatingSecret } from '../rotating-secret.js';
import type { ItemAnswer, OutgoingItem, TargetChannel } from '../target-channel.js';
import { sign } from './hmac.js';
import type { RestCallSpec } from './rest-call-spec.js';
import { RestRequest, type RestAnswer } from './rest-request.js';
import { writeEach } from './write-each.js';

/** The target will not answer the next request either. */
const OF_THE_WHOLE = new Set([401, 403, 407, 408, 429]);
const LARGEST_ANSWER = 256 * 1024;

/**
 * Writes each record by one request: 2xx taken, 404 no such record there, 409 the target has something newer, 400, 413, 422 refused, 429 and 5xx
 * tried again. The ref goes along as `Idempotency-Key`. A page of HTML with HTTP 200 is a proxy's and no answer.
 */
export class RestCallTarget implements TargetChannel {
  readonly maxItems: number;
  private readonly http: RestRequest;
  private readonly secret: RotatingSecret | undefined;
  private readonly token: RotatingSecret | undefined;
  private readonly clock: Clock;
  private readonly columns: readonly string[];
  /** A column that did not change goes along as it was last known there. */
  private readonly together: boolean;

  constructor(connector: Connector, private readonly spec: RestCallSpec, parts: ConnectionParts) {
    this.maxItems = spec.maxItems;
    this.clock = parts.clock;
    const section = connector.mappingOut[spec.record];
    this.columns = Object.keys(section?.columns ?? {});
    this.together = section?.together ?? false;
    this.http = RestRequest.of(connector, 'target', spec, (name) => parts.secret(name), LARGEST_ANSWER);
    const find = (name: string | undefined): RotatingSecret | undefined => (name === undefined ? undefined : RotatingSecret.find((n) => parts.secret(n), name));
    this.secret = find(spec.secret);
    this.token = find(spec.tokenSecret);
  }

  /** Throws what RestRequest throws when nothing may be assumed of any of them. */
  async write(items: readonly OutgoingItem[], signal?: AbortSignal): Promise<ItemAnswer[]> {
    const answers = await writeEach(items, this.spec.atOnce, (item) => this.writeOne(item, signal));
    // A 500 for each of them is of the target, not of any one record.
    if (items.length > 0 && answers.every((a) => a.outcome === 'failed')) throw this.http.unreachable('it failed at every record');
    return answers;
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private async writeOne(item: OutgoingItem, signal: AbortSignal | undefined): Promise<ItemAnswer> {
    const { spec } = this;
    if (item.naturalKey === undefined) return { outcome: 'refused', detail: 'nothing is created there' };
    const body = Buffer.from(JSON.stringify(this.body(item)), 'utf8');
    const path = spec.path.replace('{key}', encodeURIComponent(item.naturalKey));
    const send = (secret?: string, token?: string): Promise<RestAnswer> => this.http.call({
      method: spec.method, path, body, headers: {
        'content-type': 'application/json', 'idempotency-key': item.ref, ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(secret !== undefined && sign(spec.hmac, secret, body, this.clock.now())),
      },
    }, signal);
    const refused = (a: RestAnswer): boolean => a.status === 401;
    const withToken = (secret?: string): Promise<RestAnswer> => (this.token === undefined ? send(secret) : this.token.use((token) => send(secret, token), refused));
    return this.answer(await (this.secret === undefined ? withToken() : this.secret.use((secret) => withToken(secret), refused)));
  }

  private body(item: OutgoingItem): Record<string, OutValue> {
    const { keyField } = this.spec;
    const columns: Record<string, OutValue> = { ...(keyField !== undefined && { [keyField]: item.naturalKey! }) };
    for (const column of this.columns) {
      const value = item.columns[column] ?? (this.together ? lastKnown(item.held?.[column]) : undefined);
      if (value !== undefined) columns[column] = value;
    }
    return columns;
  }

  private answer({ status, mediaType, body }: RestAnswer): ItemAnswer {
    // A JSON interface that answers in HTML is not what answered.
    if (mediaType === 'text/html' && status < 500) throw this.http.unreachable('a page in HTML came instead of its answer');
    if (status < 300) return { outcome: 'accepted' };
    if (OF_THE_WHOLE.has(status)) throw this.http.unreachable(`it answered HTTP ${status}`);
    if (status === 404) return { outcome: 'noRecord' };
    if (status === 409) return { outcome: 'conflict' };
    if (status >= 500) return { outcome: 'failed', detail: `HTTP ${status}` };
    const words = new Set(body.toString('utf8').match(/[A-Za-z_]\w*/g) ?? []);
    const named = this.columns.filter((c) => words.has(c));
    return { outcome: 'refused', detail: `HTTP ${status}${named.length === 0 ? '' : `: ${named.join(', ')}`}` };
  }
}

/** A text that is a number was one on the wire. */
function lastKnown(text: string | undefined): OutValue | undefined {
  if (text === undefined || text === '') return undefined;
  return /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}
