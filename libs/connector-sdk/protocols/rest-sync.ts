import { TextDecoder } from 'node:util';
import { request } from 'undici';
import type { Clock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import type { OutValue } from '#libs/mapping/encode-value';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Divisions } from '#libs/values/divisions';
import type { Connector } from '../connector.js';
import type { RestSyncSpec } from '../delivery-spec.js';
import { parseJsonRow } from '../formats/json-lines.js';
import { TableMapper } from '../table-mapper.js';
import type { ItemAnswer, OutgoingItem, TargetChannel } from '../target-channel.js';
import { allowedUrl } from './allowed-host.js';
import { sign } from './hmac.js';

/** Writes to a REST target that answers for each item; reads one record back. Signed like the pushes it sends us. */
export class RestSyncClient implements TargetChannel {
  readonly maxItems: number;
  private readonly base: URL;
  private readonly mapper: TableMapper;
  private readonly keyColumn: string;
  private readonly refColumn: string;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });

  constructor(
    private readonly connector: Connector,
    private readonly spec: RestSyncSpec,
    private readonly secrets: { url: string; secret: string },
    divisions: Divisions,
    private readonly clock: Clock,
  ) {
    this.maxItems = spec.maxItems;
    this.base = allowedUrl(secrets.url, connector.manifest.allowedHosts);
    const section = connector.mappingOut.person;
    this.keyColumn = section?.key ?? 'id';
    this.refColumn = section?.createRef ?? 'ref';
    const rule = connector.manifest.records.find((r) => r.type === 'person' && !r.derived)!;
    this.mapper = new TableMapper(connector, rule.table, divisions);
  }

  /** One answer an item, in order. Throws a retriable YICI_TARGET_UNREACHABLE when nothing may be assumed of any of them. */
  async write(items: readonly OutgoingItem[], signal?: AbortSignal): Promise<ItemAnswer[]> {
    const body = Buffer.from(JSON.stringify(items.map((i) => this.wire(i))), 'utf8');
    const { status, text } = await this.call('POST', this.spec.path, body, signal);
    if (status === 400 || status === 413 || status === 422) return items.map(() => ({ outcome: 'refused', detail: `HTTP ${status} for the whole batch` }));
    const answers = readAnswers(text, this.connector.id);
    const byRef = new Map(answers.map((a) => [String(a.ref), a]));
    return items.map((item) => this.answer(byRef.get(item.ref)));
  }

  /** The record as it stands there now, read by the connector's own rules; undefined when it is gone. */
  async readBack(naturalKey: string, signal?: AbortSignal): Promise<AnySourceRecord | undefined> {
    if (this.spec.readPath === undefined) return undefined;
    const { status, text } = await this.call('GET', this.spec.readPath.replace('{key}', encodeURIComponent(naturalKey)), Buffer.alloc(0), signal);
    if (status === 404) return undefined;
    const bytes = Buffer.from(text, 'utf8');
    const { row } = parseJsonRow(bytes, this.decoder);
    if (row === undefined) throw unreachable(this.connector.id, 'its answer is not a JSON object');
    const outcome = this.mapper.outcome(
      { kind: 'row', position: 1, bytes, values: row },
      { source: `read:${this.connector.id}`, observedAt: new Date(this.clock.now()).toISOString(), fileDate: '' },
    );
    return outcome.kind === 'accepted' ? outcome.records.find((r) => r.recordType === 'person' && r.naturalKey === naturalKey) : undefined;
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

  private async call(method: 'GET' | 'POST', path: string, body: Buffer, signal?: AbortSignal): Promise<{ status: number; text: string }> {
    const url = new URL(this.base.pathname.replace(/\/$/, '') + path, this.base);
    const timeout = this.spec.timeoutSeconds * 1000;
    let status: number;
    let text: string;
    try {
      const response = await request(url, {
        method,
        headers: { 'content-type': 'application/json', ...sign(this.spec.hmac, this.secrets.secret, body, this.clock.now()) },
        body: method === 'GET' ? undefined : body,
        signal: signal === undefined ? AbortSignal.timeout(timeout) : AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
        headersTimeout: timeout,
        bodyTimeout: timeout,
      });
      status = response.statusCode;
      text = await response.body.text();
    } catch (cause) {
      throw unreachable(this.connector.id, 'it did not answer in time', cause);
    }
    const handled = status < 300 || status === 400 || status === 413 || status === 422 || (method === 'GET' && status === 404);
    // 401, 403, 404, 429 and 5xx are of the target as a whole: no single item is to blame, and none is lost.
    if (!handled) throw unreachable(this.connector.id, `it answered HTTP ${status}`);
    return { status, text };
  }
}

interface ItemCode {
  ref?: unknown;
  id?: unknown;
  code?: unknown;
  message?: unknown;
}

function readAnswers(text: string, system: string): ItemCode[] {
  try {
    const value = JSON.parse(text) as unknown;
    if (Array.isArray(value)) return value as ItemCode[];
  } catch {
    // Falls through: a proxy's page with HTTP 200 is no answer either.
  }
  throw unreachable(system, 'its answer is not a JSON array');
}

function unreachable(system: string, why: string, cause?: unknown): YiciError {
  return new YiciError({
    code: 'YICI_TARGET_UNREACHABLE', stage: 'sending', retriable: true, cause,
    message: `${system} could not be written to: ${why}.`, fix: 'It is tried again by itself; if it lasts, ask the owner of the system.',
  });
}

/** `yyyy-MM-dd HH:mm:ss` in Shanghai, which has had no summer time since 1991. */
function localTime(at: Date): string {
  return new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}
