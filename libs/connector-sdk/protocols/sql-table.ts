import { YiciError } from '#libs/kernel/errors';
import type { Connector } from '../connector.js';
import type { ConnectionParts } from '../open-target.js';
import type { Acknowledgement, ItemAnswer, OutgoingItem, TargetChannel } from '../target-channel.js';
import { caOf } from './ca-file.js';
import { FieldRows } from './sql-field-rows.js';
import { codeOf, sqlError, sqlFault } from './sql-fault.js';
import { ItemRows } from './sql-item-rows.js';
import { openSqlSource, type SqlSession, type SqlSource } from './sql-source.js';
import type { SqlTableSpec } from './sql-specs.js';

/** Something to write to a record that is there. */
export type KeyedItem = OutgoingItem & { naturalKey: string };

/** How writes stand as rows of one exchange table. */
export interface ExchangeRows {
  /** Brings one write into the table, whatever became of an earlier attempt of it; returns the token that names its rows. */
  put(session: SqlSession, item: KeyedItem): Promise<string>;
  /** What became of the writes with these tokens; those that the system has not looked at yet are left out. */
  settled(session: SqlSession, tokens: readonly string[]): Promise<Map<string, Acknowledgement>>;
}

/** A write that is nearly done may end while the hub closes; a server that says nothing is left. */
const GRACE_MS = 1000;
/** A repeated write may meet the system's own job, or another row with the same number. */
const TRIES = 5;

/**
 * Writes to an exchange table (前置机) that the system's own job takes from. A write is one transaction and is known by the rows that its
 * ref gives: an attempt whose answer was lost is found again, one that failed there is offered anew, and one that was taken already is
 * left alone. The flag that the system sets acknowledges it.
 */
export class SqlTableTarget implements TargetChannel {
  readonly maxItems: number;
  private readonly rows: ExchangeRows;
  private opened: Promise<SqlSource> | undefined;
  private readonly closing = new AbortController();
  private reached = false;

  constructor(private readonly connector: Connector, private readonly spec: SqlTableSpec, private readonly parts: ConnectionParts) {
    this.maxItems = spec.maxItems;
    const columns = Object.keys(connector.mappingOut.person?.columns ?? {});
    const keyColumn = connector.mappingOut.person?.key ?? '';
    this.rows = spec.rows === 'item' ? new ItemRows(spec, keyColumn, columns, parts.clock) : new FieldRows(spec, keyColumn, columns);
  }

  /** Throws YICI_TARGET_UNREACHABLE, YICI_TARGET_CHANGED, YICI_DATABASE_FORBIDDEN, YICI_DATABASE_LOGIN: of the table as a whole. */
  async write(items: readonly OutgoingItem[], signal?: AbortSignal): Promise<ItemAnswer[]> {
    return this.connected(async (source) => {
      const answers: ItemAnswer[] = [];
      for (const item of items) answers.push(await this.put(source, item));
      return answers;
    }, signal);
  }

  /** A database that is away says nothing yet; that it is away shows by what is written to it. */
  async acknowledged(tokens: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, Acknowledgement>> {
    try {
      return await this.connected((source) => this.rows.settled(source, tokens), signal);
    } catch (error) {
      if (error instanceof YiciError && error.code === 'YICI_TARGET_UNREACHABLE') return new Map();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (!this.reached) this.closing.abort();
    const source = await this.opened?.catch(() => undefined);
    this.opened = undefined;
    await source?.close();
  }

  private async put(source: SqlSource, item: OutgoingItem): Promise<ItemAnswer> {
    const { naturalKey } = item;
    if (naturalKey === undefined) return { outcome: 'refused', detail: 'nothing is created through this table' };
    for (let tries = 1; ; tries++) {
      try {
        return { outcome: 'accepted', token: await source.transaction((session) => this.rows.put(session, { ...item, naturalKey })) };
      } catch (cause) {
        const fault = sqlFault(cause);
        if (fault === 'value') return { outcome: 'refused', detail: `the table cannot hold a value (${codeOf(cause)})` };
        // Somebody else wrote the row between our look and our insert.
        if (fault !== 'duplicate' || tries === TRIES) throw cause;
      }
    }
  }

  private async connected<T>(work: (source: SqlSource) => Promise<T>, signal?: AbortSignal): Promise<T> {
    let grace: NodeJS.Timeout | undefined;
    const ended = (): void => void (grace = setTimeout(() => this.closing.abort(), GRACE_MS));
    if (signal?.aborted === true) ended();
    else signal?.addEventListener('abort', ended, { once: true });
    this.opened ??= this.open();
    try {
      const source = await this.opened;
      this.reached = true;
      return await work(source);
    } catch (cause) {
      // A new connection next time: the old one may be the one that died.
      const failed = this.opened;
      this.reached = false;
      this.opened = undefined;
      await failed.then((source) => source.close(), () => undefined);
      throw cause instanceof YiciError ? cause : sqlError(cause, 'target');
    } finally {
      clearTimeout(grace);
      signal?.removeEventListener('abort', ended);
    }
  }

  private async open(): Promise<SqlSource> {
    const { schema, urlSecret, caFile } = this.spec;
    const secret = (name: string): string | undefined => this.parts.secret(name);
    return openSqlSource({
      url: secret(urlSecret) ?? '', schema, allowedHosts: this.connector.manifest.allowedHosts, as: 'target', ca: caOf(caFile, secret), signal: this.closing.signal,
    });
  }
}
