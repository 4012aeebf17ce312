import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import { cellText } from '#libs/mapping/cells';
import type { RecordType } from '#libs/kernel/record-key';
import type { AnySourceRecord } from '#libs/model/source-record';
import { readTimestamp, type TimestampFormat } from '#libs/values/timestamp';
import type { Connector } from '../connector.js';
import type { LiveBatch, LiveMark, LiveSource } from '../live-source.js';
import type { ConnectionParts } from '../open-target.js';
import { streamSource, TableMapper, type RowOutcome } from '../table-mapper.js';
import { unreadable } from '../formats/snapshot-fault.js';
import type { XmlRecordsOptions } from '../formats/format-options.js';
import { meaningOf, SoapClient } from './soap-client.js';
import type { SoapValues } from './soap-envelope.js';
import { SoapRowReader, type SoapRow } from './soap-rows.js';
import type { SoapLiveSpec } from './soap-spec.js';

/** A page that a service could not give at once is asked for again before the whole reading is given up. */
const TRIES = 3;
const FIRST_PAUSE_MS = 200;
const TRANSIENT = new Set(['YICI_SOURCE_UNREACHABLE', 'YICI_SOURCE_BUSY']);
/** One that kept us waiting longer is not asked at once: the poller takes a minute of silence for an outage. */
const QUICK_MS = 5000;
const SECOND = 1000;

interface SoapMark extends LiveMark {
  /** ISO 8601: rows changed up to here were all read. */
  updated: string;
}

interface TimedRow extends SoapRow {
  /** When the system says that it changed, in milliseconds; undefined when it does not say. */
  time?: number | undefined;
}

/**
 * Asks a SOAP service for what changed, from a window behind the watermark on. Pages are numbered, and a row that changes while they
 * are read leaves its place, so that the row after it moves up into a page that was read already. Therefore the next question
 * begins at the time of the last row instead of asking for the next page; only rows of one and the same second need
 * further pages, and those are read until a round brings nothing new. The watermark moves when all is in, never past the hub's
 * own clock: one row from the future must not hide those of today.
 */
export class SoapSource implements LiveSource {
  private readonly client: SoapClient;
  private readonly mapper: TableMapper;
  private readonly rows: SoapRowReader;
  private readonly root: string;
  private readonly recordType: RecordType;
  private readonly clock: Clock;
  /** Rows of the window that were handed out, and their times. */
  private taken = new Map<string, number | undefined>();

  constructor(private readonly connector: Connector, private readonly spec: SoapLiveSpec, parts: ConnectionParts) {
    const { manifest, id } = connector;
    this.client = new SoapClient(id, 'source', spec, manifest.allowedHosts, parts);
    this.clock = parts.clock;
    this.mapper = new TableMapper(connector, spec.table, parts.divisions);
    const read = manifest.snapshot.tables.find((t) => t.id === spec.table)!.read as XmlRecordsOptions;
    this.rows = new SoapRowReader({ ...read, encoding: spec.encoding });
    this.recordType = manifest.records.find((r) => r.table === spec.table && !r.derived)!.type;
    this.root = spec.query.answer.asText ? read.rootElement! : spec.query.answer.element;
  }

  async *poll(marks: ReadonlyMap<string, LiveMark>, signal: AbortSignal): AsyncGenerator<LiveBatch> {
    const channel = `soap:${this.spec.table}`;
    const mark = (marks.get(channel) as SoapMark | undefined)?.updated;
    const before = mark === undefined ? -Infinity : Date.parse(mark);
    let latest = before;
    for await (const page of this.walk(mark === undefined ? undefined : this.windowStart(before), signal)) {
      // Also when nothing is fresh: a sign of life.
      yield { channel, rows: this.outcomes(page.filter((r) => !this.taken.has(r.id))) };
      for (const row of page) {
        this.taken.set(row.id, row.time);
        latest = Math.max(latest, row.time ?? -Infinity);
      }
    }
    if (signal.aborted) return;
    const reached = Math.min(latest, Math.max(before, this.clock.now()));
    if (reached > before) yield { channel, rows: [], mark: { updated: new Date(reached).toISOString() } satisfies SoapMark };
    const from = this.windowStart(reached);
    this.taken = new Map([...this.taken].filter(([, time]) => time === undefined || time >= from));
  }

  async *readAll(signal: AbortSignal): AsyncGenerator<RowOutcome[]> {
    const given = new Set<string>();
    for await (const page of this.walk(undefined, signal)) {
      const fresh = page.filter((r) => !given.has(r.id));
      for (const row of fresh) given.add(row.id);
      if (fresh.length > 0) yield this.outcomes(fresh);
    }
  }

  async readOne(naturalKey: string, signal: AbortSignal): Promise<AnySourceRecord | undefined> {
    const { one } = this.spec;
    if (one !== undefined) return this.newestOf(naturalKey, this.outcomes(await this.asked(one, { key: naturalKey }, signal)));
    let found: AnySourceRecord | undefined;
    // To the end: the record may change meanwhile and come once more, newer.
    for await (const rows of this.readAll(signal)) found = this.newestOf(naturalKey, rows, found);
    return found;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private newestOf(naturalKey: string, rows: readonly RowOutcome[], found?: AnySourceRecord): AnySourceRecord | undefined {
    let newest = found;
    for (const row of rows) {
      if (row.kind !== 'accepted') continue;
      const record = row.records.find((r) => r.naturalKey === naturalKey && r.recordType === this.recordType);
      if (record !== undefined && (newest === undefined || record.order >= newest.order)) newest = record;
    }
    return newest;
  }

  /** Every row from a time on (absent: all), some of them twice. */
  private async *walk(start: number | undefined, signal: AbortSignal): AsyncGenerator<TimedRow[]> {
    for (let from = start; ;) {
      let next: number | undefined;
      let pages = 0;
      const seen = new Set<string>();
      // One round over the pages of this question; a second and further ones only when it took more than one page.
      for (let round = 1, news = true; round === 1 || (pages > 1 && news); round++) {
        news = false;
        next = undefined;
        pages = 0;
        for (let full = true; full && next === undefined;) {
          const page = await this.page(from, ++pages, signal);
          if (signal.aborted) return;
          for (const row of page) {
            if (!seen.has(row.id)) news = true;
            seen.add(row.id);
          }
          yield page;
          full = page.length >= this.spec.pageSize;
          if (full) next = this.later(page, from);
        }
      }
      if (next === undefined) return;
      from = next;
    }
  }

  /** Where to go on after a full page: just before its last time, so that rows of that very time are seen whether the service counts them in or not. */
  private later(page: readonly TimedRow[], from: number | undefined): number | undefined {
    const times = page.flatMap((r) => (r.time === undefined ? [] : [r.time]));
    // A service that does not keep the order is read page by page, until a round brings nothing new.
    if (times.length === 0 || times.some((t, i) => i > 0 && t < times[i - 1]!)) return undefined;
    const next = times.at(-1)! - SECOND;
    return next > (from ?? -Infinity) ? next : undefined;
  }

  private page(from: number | undefined, page: number, signal: AbortSignal): Promise<TimedRow[]> {
    const { updated, pageSize, query } = this.spec;
    return this.asked(query, { from: from === undefined ? '' : writtenTime(from, updated.format), page, size: pageSize }, signal);
  }

  private async asked(query: SoapLiveSpec['query'], values: SoapValues, signal: AbortSignal): Promise<TimedRow[]> {
    for (let attempt = 1; ; attempt++) {
      const started = performance.now();
      try {
        return await this.answered(query, values, signal);
      } catch (error) {
        // Ended from our side: no trouble of the system.
        if (signal.aborted) return [];
        const again = error instanceof YiciError && TRANSIENT.has(error.code) && attempt < TRIES && performance.now() - started < QUICK_MS;
        if (!again) throw error;
        await pause(FIRST_PAUSE_MS * 2 ** attempt);
      }
    }
  }

  private async answered(query: SoapLiveSpec['query'], values: SoapValues, signal: AbortSignal): Promise<TimedRow[]> {
    const { answer } = query;
    const document = await this.client.call(query, answer, values, signal);
    const { rows, records, textOf } = await this.rows.read(document, this.root);
    const code = textOf(answer.code) ?? '';
    const meaning = meaningOf(code, answer);
    if (meaning !== 'ok') throw this.client.unexpected(meaning, code);
    if (answer.total !== undefined && values.page !== undefined) refuseWrongTotal(textOf(answer.total), records, values.page, this.spec.pageSize);
    const { column, format } = this.spec.updated;
    return rows.map((row) => ({ ...row, time: row.raw.kind === 'row' ? timeOf(cellText(row.raw.values[column]), format) : undefined }));
  }

  private outcomes(rows: readonly SoapRow[]): RowOutcome[] {
    const origin = { source: streamSource('soap', this.connector.id, this.spec.table), observedAt: new Date(this.clock.now()).toISOString(), fileDate: '' };
    return rows.map(({ raw }) => this.mapper.outcome(raw, origin));
  }

  private windowStart(reached: number): number {
    return reached - this.spec.updated.rereadSeconds * SECOND;
  }
}

/** A page holds what the total leaves for it. Fewer rows are missing on the way, more are another answer's. */
function refuseWrongTotal(text: string | undefined, records: number, page: number, size: number): void {
  const total = /^\d{1,12}$/.test(text ?? '') ? Number(text) : undefined;
  const due = total === undefined ? undefined : Math.min(size, Math.max(0, total - (page - 1) * size));
  if (due === records) return;
  throw unreadable(
    due === undefined ? 'The answer does not say how many rows there are.' : `The answer holds ${records} rows where its total leaves ${due} for this page.`,
    'It is asked again by itself; if it lasts, ask the owner of the system.');
}

function timeOf(text: string, format: TimestampFormat): number | undefined {
  const iso = readTimestamp(text, format);
  return iso === undefined ? undefined : Date.parse(iso);
}

/** A time as the system writes it, in Shanghai, which has had no summer time since 1991. */
function writtenTime(at: number, format: TimestampFormat): string {
  const local = new Date(at + 8 * 3_600_000).toISOString();
  if (format === 'yyyyMMddHHmmss') return local.replaceAll(/\D/g, '').slice(0, 14);
  return format === 'iso' ? `${local.slice(0, 19)}+08:00` : local.slice(0, 19).replace('T', ' ');
}
