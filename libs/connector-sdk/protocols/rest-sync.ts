import { TextDecoder } from 'node:util';
import type { Clock } from '#libs/kernel/clock';
import type { OutValue } from '#libs/mapping/encode-value';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Connector } from '../connector.js';
import { parseJsonRow } from '../formats/json-lines.js';
import type { ConnectionParts } from '../open-target.js';
import { RotatingSecret } from '../rotating-secret.js';
import { TableMapper } from '../table-mapper.js';
import type { ItemAnswer, OutgoingItem, TargetChannel } from '../target-channel.js';
import { sign } from './hmac.js';
import { RestRequest } from './rest-request.js';
import type { RestSyncSpec } from './rest-specs.js';
import { writeHalves } from './write-halves.js';

/** Writes to a REST target that answers for each item; reads one record back. Signed like the pushes it sends us. */
export class RestSyncClient implements TargetChannel {
  readonly maxItems: number;
  private readonly http: RestRequest;
  private readonly secret: RotatingSecret;
  private readonly clock: Clock;
  private readonly mapper: TableMapper;
  private readonly keyColumn: string;
  private readonly refColumn: string;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });

  constructor(private readonly connector: Connector, private readonly spec: RestSyncSpec, parts: ConnectionParts) {
    this.maxItems = spec.maxItems;
    this.clock = parts.clock;
    this.http = RestRequest.of(connector, 'target', spec, (name) => parts.secret(name));
    this.secret = RotatingSecret.find((name) => parts.secret(name), spec.secret) ?? new RotatingSecret(['']);
    const section = connector.mappingOut.person;
    this.keyColumn = section?.key ?? 'id';
    this.refColumn = section?.createRef ?? 'ref';
    const rule = connector.manifest.records.find((r) => r.type === 'person' && !r.derived)!;
    this.mapper = new TableMapper(connector, rule.table, parts.divisions);
  }

  /** One answer an item, in order. Throws a retriable YICI_TARGET_UNREACHABLE when nothing may be assumed of any of them. */
  write(items: readonly OutgoingItem[], signal?: AbortSignal): Promise<ItemAnswer[]> {
    return writeHalves(items, (some) => this.writeBatch(some, signal));
  }

  /** Undefined: the batch was refused as a whole. */
  private async writeBatch(items: readonly OutgoingItem[], signal: AbortSignal | undefined): Promise<ItemAnswer[] | undefined> {
    const body = Buffer.from(JSON.stringify(items.map((i) => this.wire(i))), 'utf8');
    const { status, body: answer } = await this.call('POST', this.spec.path, body, signal);
    if (status === 400 || status === 413 || status === 422) return items.length > 1 ? undefined : [{ outcome: 'refused', detail: `HTTP ${status}` }];
    const answers = this.readAnswers(answer);
    const byRef = new Map(answers.map((a) => [String(a.ref), a]));
    return items.map((item) => this.answer(byRef.get(item.ref)));
  }

  /** The record as it stands there now, read by the connector's own rules; undefined when it is gone. */
  async readBack(naturalKey: string, signal?: AbortSignal): Promise<AnySourceRecord | undefined> {
    if (this.spec.readPath === undefined) return undefined;
    const { status, body: bytes } = await this.call('GET', this.spec.readPath.replace('{key}', encodeURIComponent(naturalKey)), Buffer.alloc(0), signal);
    if (status === 404) return undefined;
    const { row } = parseJsonRow(bytes, this.decoder);
    if (row === undefined) throw this.http.unreachable('its answer is not a JSON object');
    const outcome = this.mapper.outcome(
      { kind: 'row', position: 1, bytes, values: row },
      { source: `read:${this.connector.id}`, observedAt: new Date(this.clock.now()).toISOString(), fileDate: '' },
    );
    return outcome.kind === 'accepted' ? outcome.records.find((r) => r.recordType === 'person' && r.naturalKey === naturalKey) : undefined;
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private wire(item: OutgoingItem): Record<string, OutValue> {
    const wire: Record<string, OutValue> = { [this.refColumn]: item.ref, [this.keyColumn]: item.naturalKey ?? null, ...item.columns };
    if (this.spec.timeColumn !== undefined) wire[this.spec.timeColumn] = localTime(item.plannedAt);
    return wire;
  }

  private answer(a: ItemCode | undefined): ItemAnswer {
    if (a === undefined) return { outcome: 'failed', detail: 'no answer for this item' };
    const code = Number(a.code);
    if (code === 0) return { outcome: 'accepted', naturalKey: a.id === null || a.id === undefined ? undefined : String(a.id) };
    if (code === 409) return { outcome: 'conflict' };
    if (code >= 400 && code < 500) return { outcome: 'refused', detail: `code ${code}${this.namedColumns(a.message)}` };
    return { outcome: 'failed', detail: `code ${code}` };
  }

  /** Which columns the answer names; the rest of its text may hold personal values and is left out. */
  private namedColumns(message: unknown): string {
    const words = new Set(String(message ?? '').match(/[A-Za-z_]\w*/g) ?? []);
    const columns = Object.keys(this.connector.mappingOut.person?.columns ?? {}).filter((c) => words.has(c));
    return columns.length === 0 ? '' : `: ${columns.join(', ')}`;
  }

  private async call(method: 'GET' | 'POST', path: string, body: Buffer, signal?: AbortSignal): Promise<{ status: number; body: Buffer }> {
    const { status, mediaType, body: answer } = await this.secret.use((secret) => this.http.call({
      method, path, headers: { 'content-type': 'application/json', ...sign(this.spec.hmac, secret, body, this.clock.now()) }, ...(method === 'POST' && { body }),
    }, signal), (a) => a.status === 401);
    const handled = status < 300 || status === 400 || status === 413 || status === 422 || (method === 'GET' && status === 404);
    // A JSON interface that answers in HTML is not what answered: a proxy's 400 must not condemn a write.
    if (mediaType === 'text/html') throw this.http.unreachable('a page in HTML came instead of its answer');
    // 401, 403, 404, 429 and 5xx are of the target as a whole: no single item is to blame, and none is lost.
    if (!handled) throw this.http.unreachable(`it answered HTTP ${status}`);
    return { status, body: answer };
  }

  private readAnswers(body: Buffer): ItemCode[] {
    try {
      const value = JSON.parse(body.toString('utf8')) as unknown;
      if (Array.isArray(value)) return value as ItemCode[];
    } catch {
      // Falls through: a proxy's page with HTTP 200 is no answer either.
    }
    throw this.http.unreachable('its answer is not a JSON array');
  }
}

interface ItemCode {
  ref?: unknown;
  id?: unknown;
  code?: unknown;
  message?: unknown;
}

/** `yyyy-MM-dd HH:mm:ss` in Shanghai, which has had no summer time since 1991. */
function localTime(at: Date): string {
  return new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}
