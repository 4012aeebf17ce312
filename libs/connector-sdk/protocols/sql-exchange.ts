import type { AnySourceRecord } from '#libs/model/source-record';
import type { Connector } from '../connector.js';
import type { LiveBatch, LiveMark, LiveSource } from '../live-source.js';
import type { ConnectionParts } from '../open-target.js';
import type { RowOutcome } from '../table-mapper.js';
import { caOf } from './ca-file.js';
import { ComparedTable } from './sql-compared.js';
import { readFlagged } from './sql-flagged.js';
import { sqlError } from './sql-fault.js';
import { GrowingReader, greatestOf } from './sql-growing.js';
import { SqlRows } from './sql-rows.js';
import { openSqlSource } from './sql-source.js';
import type { GrowingTable, SqlExchangeSpec } from './sql-specs.js';

function channelOf(table: string): string {
  return `sql:${table}`;
}

async function inWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw sqlError(error, 'source');
  }
}

/** Mark of a table that is read by its flag: it was read as a whole once. */
const READ_AS_A_WHOLE = { connected: true };

/**
 * Reads exchange tables, each in the way its folder names: by a column that grows, by a flag, and, where rows are rewritten or
 * vanish without a trace, by comparing the whole table now and then.
 */
export class SqlExchangeSource implements LiveSource {
  private rows: Promise<SqlRows> | undefined;
  private readonly growing = new Map<string, GrowingReader>();
  private readonly compared = new Map<string, ComparedTable>();
  private readonly closing = new AbortController();
  private opened = false;

  constructor(private readonly connector: Connector, private readonly spec: SqlExchangeSpec, private readonly parts: ConnectionParts) {}

  async *poll(marks: ReadonlyMap<string, LiveMark>, signal?: AbortSignal): AsyncGenerator<LiveBatch> {
    const rows = await this.open(signal);
    for (const live of this.spec.tables) {
      const channel = channelOf(live.table);
      const mark = marks.get(channel);
      if (signal?.aborted === true) return;
      try {
        if (live.kind === 'flag') {
          const batches = readFlagged(rows, live, mark === undefined, signal);
          for await (const { outcomes, taken } of batches) yield { channel, rows: outcomes, taken: () => inWords(taken()) };
          if (mark === undefined) yield { channel, rows: [], mark: READ_AS_A_WHOLE };
        } else yield* this.pollGrowing(rows, live, marks, signal);
      } catch (error) {
        throw sqlError(error, 'source');
      }
    }
  }

  async *readAll(signal?: AbortSignal): AsyncGenerator<RowOutcome[]> {
    const rows = await this.open(signal);
    try {
      for (const live of this.spec.tables) {
        const table = rows.table(live.table);
        for await (const page of rows.pages(table, live.rowKey, {}, signal)) yield await rows.outcomes(table, page, live.kind === 'flag' ? [live.flag] : []);
      }
    } catch (error) {
      throw sqlError(error, 'source');
    }
  }

  /** The record with this key as it stands there: a person before a household before a dwelling, should several have it. */
  async readOne(naturalKey: string, signal?: AbortSignal): Promise<AnySourceRecord | undefined> {
    const rows = await this.open(signal);
    const read = new Set(this.spec.tables.map((t) => t.table));
    const rules = this.connector.manifest.records.filter((r) => !r.derived && read.has(r.table));
    try {
      for (const type of ['person', 'household', 'dwelling']) {
        for (const rule of rules.filter((r) => r.type === type)) {
          const record = await rows.newest(rule, naturalKey);
          if (record !== undefined) return record;
        }
      }
    } catch (error) {
      throw sqlError(error, 'source');
    }
    return undefined;
  }

  async close(): Promise<void> {
    // A server that has not even let us in is not waited for.
    if (!this.opened) this.end();
    const opened = await this.rows?.catch(() => undefined);
    this.rows = undefined;
    await opened?.source.close();
    this.end();
  }

  private async *pollGrowing(rows: SqlRows, live: GrowingTable, marks: ReadonlyMap<string, LiveMark>, signal?: AbortSignal): AsyncGenerator<LiveBatch> {
    const channel = channelOf(live.table);
    let mark = marks.get(channel);
    if (live.compareSeconds !== undefined) {
      const compared = this.comparedOf(rows, live);
      const wholeChannel = `${channel}:whole`;
      if (compared.isDue(marks.get(wholeChannel), live.compareSeconds) && (await compared.isReady())) {
        // What grows while the table is compared is read behind what stood before.
        const watermark = mark === undefined ? await greatestOf(rows, live) : undefined;
        for await (const outcomes of compared.changed(signal)) yield { channel: wholeChannel, rows: outcomes };
        if (signal?.aborted === true) return;
        yield { channel: wholeChannel, rows: [], mark: compared.mark(), whole: { table: live.table, keys: compared.present() } };
        if (watermark !== undefined && watermark !== '') yield { channel, rows: [], mark: (mark = { watermark }) };
      }
    }
    const reader = this.growing.get(live.table) ?? new GrowingReader(rows, live, this.compared.get(live.table));
    this.growing.set(live.table, reader);
    for await (const { outcomes, watermark } of reader.fresh(mark?.['watermark'] as string | undefined, signal)) yield { channel, rows: outcomes, mark: { watermark } };
  }

  private comparedOf(rows: SqlRows, live: GrowingTable): ComparedTable {
    const known = this.compared.get(live.table) ?? new ComparedTable(rows, live, this.parts);
    this.compared.set(live.table, known);
    return known;
  }

  /** Whoever asks may stop waiting: then every connection is cut at once, and this source is of no more use. Reading what was cut again has no effect. */
  private async open(signal: AbortSignal | undefined): Promise<SqlRows> {
    if (signal?.aborted === true) this.end();
    else signal?.addEventListener('abort', this.end, { once: true, signal: this.closing.signal });
    this.rows ??= this.connect();
    this.rows.catch(() => (this.rows = undefined));
    return this.rows;
  }

  private readonly end = (): void => this.closing.abort();

  private async connect(): Promise<SqlRows> {
    const { schema, urlSecret, caFile, maxRowKilobytes } = this.spec;
    const secret = (name: string): string | undefined => this.parts.secret(name);
    const source = await openSqlSource({
      url: secret(urlSecret) ?? '', schema, allowedHosts: this.connector.manifest.allowedHosts, as: 'source', ca: caOf(caFile, secret), signal: this.closing.signal,
    });
    this.opened = true;
    return new SqlRows(source, this.connector, this.parts, maxRowKilobytes * 1024);
  }
}
