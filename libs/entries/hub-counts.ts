import type { DataSource } from 'typeorm';
import type { Account } from '#libs/access/account';
import { openingsFor } from '#libs/model/restricted';
import type { AuthorityReader } from './authority-reader.js';

/** Rows of one system: what was read must be accounted for, and what was accepted must be resolved. */
export interface SystemCounts {
  system: string;
  /** Rows of snapshot files: read = accepted + superseded + void + dead. */
  read: number;
  accepted: number;
  superseded: number;
  void: number;
  dead: number;
  rowsBalance: boolean;
  /** Source records in the store, and how many of them the crosswalk resolves. */
  records: number;
  resolved: number;
  resolvedBalance: boolean;
  /** Dead letters waiting, of every stage. */
  deadLetters: number;
}

/** A connector that is stopped or disabled says why; `reason` holds no personal value. */
export interface ConnectorView {
  system: string;
  state: 'running' | 'stopped' | 'disabled';
  code?: string;
  reason?: string;
}

export interface HubCounts {
  systems: SystemCounts[];
  /** How each connector of intake is. */
  connectors: ConnectorView[];
  /** Systems whose counts this account may not see. */
  withheld: string[];
  entities: Record<string, number>;
  reviews: Record<string, number>;
  entries: Record<string, number>;
  /** Deliveries by target and state. */
  deliveries: Record<string, Record<string, number>>;
  /** Changes that wait for the log. */
  outbox: number;
}

interface FileSums { system: string; read: string; accepted: string; superseded: string; void: string; dead: string }
interface Counted { name: string; n: string }

/** The balance of the hub: nothing read is lost without a trace. Counts only, so it shows to every account; restricted systems to their scope. */
export class CountsReader {
  constructor(
    private readonly db: DataSource,
    private readonly authority: AuthorityReader,
  ) {}

  async read(account: Account): Promise<HubCounts> {
    const { guarded } = await this.authority.current();
    const withheld = [...guarded].filter(([, scope]) => !account.facetScopes.includes(scope)).map(([system]) => system).sort();
    const connectors = await this.db.query<{ system: string; state: ConnectorView['state']; code: string | null; reason: string | null }[]>(
      'select system, state, code, reason from connector_state where not system = any($1) order by system', [withheld]);
    const [files, records, resolved, dead, deliveries, entities, reviews, entries, outbox] = await Promise.all([
      this.db.query<FileSums[]>(
        `select system, sum(rows_read) as read, sum(rows_accepted) as accepted, sum(rows_superseded) as superseded, sum(rows_void) as void, sum(rows_dead) as dead
           from row_total group by system`),
      this.counted('select system as name, count(*) as n from source_record group by system'),
      this.counted('select s.system as name, count(*) as n from source_record s join crosswalk c on c.record_id = s.id group by s.system'),
      this.counted('select system as name, count(*) as n from dead_letter where replayed_at is null group by system'),
      this.db.query<{ target: string; state: string; n: string }[]>('select target, state, count(*) as n from delivery group by target, state'),
      this.counted(`select record_type as name, count(*) as n from entity where state = 'active' and open_to && $1::text[] group by record_type`, [openingsFor(account.facetScopes)]),
      this.counted('select state as name, count(*) as n from review where not restricted group by state'),
      this.counted('select state as name, count(*) as n from entry group by state'),
      this.counted(`select 'outbox' as name, count(*) as n from outbox`),
    ]);
    const fileSums = new Map(files.map((f) => [f.system, f]));
    const systems = [...new Set([...fileSums.keys(), ...records.keys(), ...dead.keys()])].filter((s) => !withheld.includes(s)).sort();
    return {
      systems: systems.map((system) => systemCounts(system, fileSums.get(system), records.get(system) ?? 0, resolved.get(system) ?? 0, dead.get(system) ?? 0)),
      connectors: connectors.map(({ system, state, code, reason }) => ({ system, state, ...(code !== null && { code }), ...(reason !== null && { reason }) })),
      withheld,
      entities: Object.fromEntries(entities), reviews: Object.fromEntries(reviews), entries: Object.fromEntries(entries),
      deliveries: byTarget(deliveries.filter((d) => !withheld.includes(d.target))),
      outbox: outbox.get('outbox') ?? 0,
    };
  }

  private async counted(sql: string, values: unknown[] = []): Promise<Map<string, number>> {
    const rows = await this.db.query<Counted[]>(sql, values);
    return new Map(rows.map((r) => [r.name, Number(r.n)]));
  }
}

function systemCounts(system: string, files: FileSums | undefined, records: number, resolved: number, deadLetters: number): SystemCounts {
  const [read, accepted, superseded, voided, dead] = [files?.read, files?.accepted, files?.superseded, files?.void, files?.dead].map((n) => Number(n ?? 0)) as [number, number, number, number, number];
  return {
    system, read, accepted, superseded, void: voided, dead, rowsBalance: read === accepted + superseded + voided + dead,
    records, resolved, resolvedBalance: records === resolved, deadLetters,
  };
}

function byTarget(rows: readonly { target: string; state: string; n: string }[]): Record<string, Record<string, number>> {
  const targets: Record<string, Record<string, number>> = {};
  for (const { target, state, n } of rows) (targets[target] ??= {})[state] = Number(n);
  return targets;
}
