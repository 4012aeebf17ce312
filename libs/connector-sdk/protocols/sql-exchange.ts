import type { AnySourceRecord } from '#libs/model/source-record';
import type { Connector } from '../connector.js';
import type { LiveBatch, LiveMark, LiveSource } from '../live-source.js';
import type { ConnectionParts } from '../open-target.js';
import type { RowOutcome } from '../table-mapper.js';
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

  constructor(private readonly connector: Connector, private readonly spec: SqlExchangeSpec, private readonly parts: ConnectionParts) {}

  async *poll(marks: ReadonlyMap<string, LiveMark>, signal?: AbortSignal): AsyncGenerator<LiveBatch> {
    const rows = await this.open();
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
    const rows = await this.open();
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
  async readOne(naturalKey: string): Promise<AnySourceRecord | undefined> {
    const rows = await this.open();
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
    const opened = await this.rows?.catch(() => undefined);
    this.rows = undefined;
    await opened?.source.close();
  }

  private async *pollGrowing(rows: SqlRows, live: GrowingTable, marks: ReadonlyMap<string, LiveMark>, signal?: AbortSignal): AsyncGenerator<LiveBatch> {
    const channel = channelOf(live.table);
    let mark = marks.get(channel);
    if (live.compareSeconds !== undefined) {
      const compared = this.comparedOf(rows, live);
      const wholeChannel = `${channel}:whole`;
      if (compared.isDue(marks.get(wholeChannel), live.compareSeconds)) {
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

  private open(): Promise<SqlRows> {
    const { schema, urlSecret } = this.spec;
    this.rows ??= openSqlSource({ url: this.parts.secret(urlSecret) ?? '', schema, allowedHosts: this.connector.manifest.allowedHosts, as: 'source' })
      .then((source) => new SqlRows(source, this.connector, this.parts));
    this.rows.catch(() => (this.rows = undefined));
    return this.rows;
  }
}
