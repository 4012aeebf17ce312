import { TextDecoder } from 'node:util';
import type { Clock } from '#libs/kernel/clock';
import { cellText } from '#libs/mapping/cells';
import type { AnySourceRecord } from '#libs/model/source-record';
import { readTimestamp, type TimestampFormat } from '#libs/values/timestamp';
import { columnNames, type Connector } from '../connector.js';
import { refuseFieldDrift } from '../formats/field-drift.js';
import { parseJsonRow, type JsonRow } from '../formats/json-lines.js';
import type { LiveBatch, LiveMark, LiveSource } from '../live-source.js';
import type { ConnectionParts } from '../open-target.js';
import { RotatingSecret } from '../rotating-secret.js';
import { streamSource, TableMapper, type RowOrigin, type RowOutcome } from '../table-mapper.js';
import { sign } from './hmac.js';
import { cutJsonArray, cutJsonObject } from './json-array.js';
import { RestRequest, type RestAnswer } from './rest-request.js';
import type { RestListSpec } from './rest-specs.js';
import { positionOfId, RowIds } from './row-ids.js';

/** More items than this in one page are not what was asked for. */
const MOST_ITEMS = 5000;
/** Fewer rows than this are no witnesses of a changed schema. */
const WITNESSES = 5;
/** A page cannot be asked for more often than this in one read: a cursor that never ends is a fault of the system. */
const MOST_PAGES = 1_000_000;
const CURSOR_GONE = new Set([400, 404, 410, 422]);
const SHANGHAI_MS = 8 * 3_600_000;

/**
 * How far a list was read. `reached`: the newest time of all rows read so far, as ISO 8601. `since` and `cursor`: where a read that was
 * cut short goes on; absent when the last read came to its end.
 */
interface ListMark extends LiveMark {
  reached: string;
  since?: string;
  cursor?: string;
}

interface Page {
  items: Uint8Array[];
  cursor: string | undefined;
}

/**
 * Reads a system that lists its rows by pages over REST. Each poll asks for what changed since a window behind the newest time; rows of
 * the window that were handed out already and have not changed are left out. The time moves on only when a read came to its end, for pages
 * may come in any order; a read that was cut short goes on at its cursor.
 */
export class RestListSource implements LiveSource {
  private readonly http: RestRequest;
  private readonly clock: Clock;
  private readonly mapper: TableMapper;
  private readonly columns: ReadonlySet<string>;
  private readonly time: { column: string; format: TimestampFormat };
  private readonly secret: RotatingSecret | undefined;
  private readonly token: RotatingSecret | undefined;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private readonly channel: string;
  /** Ids of rows in the window that the caller has taken, with their times. */
  private taken: ReadonlyMap<string, string> = new Map();
  /** Of a read that was cut short and goes on at its cursor. */
  private ids = new RowIds();

  constructor(private readonly connector: Connector, private readonly spec: RestListSpec, parts: ConnectionParts) {
    const { manifest } = connector;
    this.clock = parts.clock;
    this.http = RestRequest.of(connector, 'source', spec, (name) => parts.secret(name), spec.maxPageMegabytes * 1024 * 1024);
    this.mapper = new TableMapper(connector, spec.table, parts.divisions);
    this.columns = new Set(columnNames(manifest.snapshot.tables.find((t) => t.id === spec.table)!.read));
    this.time = manifest.records.find((r) => r.table === spec.table && r.time !== undefined)!.time!;
    const find = (name: string | undefined) => (name === undefined ? undefined : RotatingSecret.find((n) => parts.secret(n), name));
    this.secret = find(spec.secret);
    this.token = find(spec.tokenSecret);
    this.channel = `list:${spec.table}`;
  }

  async *poll(marks: ReadonlyMap<string, LiveMark>, signal: AbortSignal): AsyncGenerator<LiveBatch> {
    const mark = marks.get(this.channel) as ListMark | undefined;
    const since = mark?.since ?? (mark === undefined ? '' : this.windowStart(mark.reached));
    let reached = mark?.reached ?? '';
    let cursor = mark?.cursor;
    /** The caller holds a mark in the middle of a read. */
    let open = cursor !== undefined;
    const inWindow = new Map<string, string>();
    let ids = (this.ids = open ? this.ids.back() : new RowIds());
    const started = this.now();
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      // A cursor from before a restart may be gone there: then the read begins anew at the same time.
      let page = await this.page(since, cursor, signal, pages === 0);
      if (page === undefined) {
        ids = this.ids = new RowIds();
        page = (await this.page(since, undefined, signal))!;
      }
      const fresh: ListedRow[] = [];
      for (const bytes of page.items) {
        const row = { bytes, id: ids.of(bytes) };
        if (this.taken.get(row.id) !== undefined) {
          inWindow.set(row.id, this.taken.get(row.id)!);
          continue;
        }
        fresh.push(row);
        const time = this.timeOf(bytes);
        inWindow.set(row.id, time);
        // A row dated tomorrow must not hide what comes after it.
        if (time > reached && time <= started) reached = time;
      }
      cursor = page.cursor;
      const ended = cursor === undefined;
      const moved: ListMark = ended ? { reached } : { reached, since, cursor };
      if (fresh.length > 0 || (ended && (mark === undefined || open || reached !== mark.reached))) {
        open = !ended;
        yield { channel: this.channel, rows: this.outcomes(fresh), mark: moved };
      }
      ids.keep();
      if (ended) break;
    }
    // Only the window is read again, so only its rows need to be remembered.
    const keepFrom = reached === '' ? '' : iso(Date.parse(reached) - this.spec.reread * 1000);
    this.taken = new Map([...inWindow].filter(([, time]) => time >= keepFrom));
  }

  async *readAll(signal: AbortSignal): AsyncGenerator<RowOutcome[]> {
    let cursor: string | undefined;
    const ids = new RowIds();
    do {
      const page = (await this.page('', cursor, signal))!;
      if (page.items.length > 0) yield this.outcomes(page.items.map((bytes) => ({ bytes, id: ids.of(bytes) })));
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  async readOne(naturalKey: string, signal: AbortSignal): Promise<AnySourceRecord | undefined> {
    if (this.spec.readPath === undefined) return undefined;
    const answer = await this.ask(this.spec.readPath.replace('{key}', encodeURIComponent(naturalKey)), {}, signal);
    if (answer.status === 404) return undefined;
    this.checkAnswer(answer);
    const outcome = this.outcomes([{ bytes: answer.body, id: new RowIds().of(answer.body) }])[0]!;
    if (outcome.kind !== 'accepted') throw this.http.unreachable('its record is not as agreed');
    return outcome.records.find((r) => r.naturalKey === naturalKey);
  }

  close(): Promise<void> {
    return this.http.close();
  }

  /** Undefined when `mayBeGone` and the system does not know the cursor any more. */
  private async page(since: string, cursor: string | undefined, signal: AbortSignal, mayBeGone = false): Promise<Page | undefined> {
    const answer = await this.ask(this.spec.path, { updatedSince: since || undefined, cursor, limit: String(this.spec.pageSize) }, signal);
    if (mayBeGone && cursor !== undefined && CURSOR_GONE.has(answer.status)) return undefined;
    this.checkAnswer(answer);
    let page: Page;
    try {
      page = readPage(answer.body);
    } catch (cause) {
      throw this.http.unreachable('its answer is no page of a list', cause);
    }
    // A cursor that leads to itself would be followed for ever.
    if (page.cursor !== undefined && page.cursor === cursor) throw this.http.unreachable('its list does not come to an end');
    this.refuseDrift(page.items);
    return page;
  }

  private ask(path: string, query: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<RestAnswer> {
    const once = (secret?: string, token?: string): Promise<RestAnswer> => this.http.call({
      method: 'GET', path, query, headers: {
        ...(secret !== undefined && sign(this.spec.hmac, secret, Buffer.alloc(0), this.clock.now())), ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    }, signal);
    const refused = (answer: RestAnswer): boolean => answer.status === 401 || answer.status === 403;
    const withToken = (secret?: string): Promise<RestAnswer> => (this.token === undefined ? once(secret) : this.token.use((token) => once(secret, token), refused));
    return this.secret === undefined ? withToken() : this.secret.use(withToken, refused);
  }

  private checkAnswer({ status, mediaType }: RestAnswer): void {
    if (status !== 200) throw this.http.unreachable(`it answers HTTP ${status}`);
    if (mediaType !== 'application/json') throw this.http.unreachable(`it answers ${mediaType === 'text/html' ? 'a web page' : 'something'} instead of JSON`);
  }

  private refuseDrift(items: readonly Uint8Array[]): void {
    if (items.length < WITNESSES) return;
    const rows = items.slice(0, 200).map((bytes) => parseJsonRow(bytes, this.decoder).row).filter((row) => row !== undefined);
    if (rows.length >= WITNESSES) refuseFieldDrift(rows, [...this.columns], `the list of ${this.connector.id}`);
  }

  private outcomes(rows: readonly ListedRow[]): RowOutcome[] {
    const origin: RowOrigin = { source: streamSource('list', this.connector.id, this.spec.table), observedAt: new Date(this.clock.now()).toISOString(), fileDate: '' };
    return rows.map(({ bytes, id }) => {
      const position = positionOfId(id);
      const { row, fault } = parseJsonRow(bytes, this.decoder, this.columns);
      return this.mapper.outcome(row === undefined ? { kind: 'dead', position, bytes, ...fault! } : { kind: 'row', position, bytes, values: row }, origin);
    });
  }

  private timeOf(bytes: Uint8Array): string {
    const row: JsonRow = parseJsonRow(bytes, this.decoder).row ?? {};
    return readTimestamp(cellText(row[this.time.column]), this.time.format) ?? '';
  }

  private windowStart(reached: string): string {
    if (reached === '') return '';
    const at = Date.parse(reached) - this.spec.reread * 1000;
    const text = iso(at);
    if (this.time.format === 'iso') return text;
    return this.time.format === 'yyyyMMddHHmmss' ? text.slice(0, 19).replace(/\D/g, '') : text.slice(0, 19).replace('T', ' ');
  }

  private now(): string {
    return iso(this.clock.now());
  }
}

/** A row of a list, with a name that is the same whenever the same row comes again. */
interface ListedRow {
  bytes: Uint8Array;
  id: string;
}

/** As `readTimestamp` spells moments, so that they compare as texts. */
function iso(millis: number): string {
  return `${new Date(millis + SHANGHAI_MS).toISOString().slice(0, 19)}+08:00`;
}

function readPage(body: Buffer): Page {
  const members = cutJsonObject(body);
  const items = members.get('items');
  if (items === undefined) throw new RangeError('no items');
  const cursor: unknown = JSON.parse(Buffer.from(members.get('cursor') ?? Buffer.from('null')).toString('utf8'));
  return { items: cutJsonArray(items, MOST_ITEMS), cursor: cursor === null || cursor === '' ? undefined : String(cursor as string | number) };
}
