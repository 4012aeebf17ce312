import type { EntityManager } from 'typeorm';
import type { FacetScope } from '#libs/access/account';
import type { RecordType } from '#libs/kernel/record-key';
import { openingsFor } from '#libs/model/restricted';

/** Rows of one system by what became of them. */
export interface RowSums { read: number; accepted: number; superseded: number; void: number; dead: number }

/** Deliveries to one target by state, and what waits for it because it does not answer. */
export interface DeliverySums { byState: Record<string, number>; retrying: number; nextTryAt?: string; changedAt?: string; answered: number }

/** Everything the board counts, by system; of the whole hub, before anybody's scope. */
export interface BoardCounts {
  city?: string;
  rows: Map<string, RowSums & { endedAt?: string }>;
  records: Map<string, { stored: number; resolved: number }>;
  dead: Map<string, number>;
  connectors: Map<string, { state: 'running' | 'stopped' | 'disabled'; code: string | null; reason: string | null; changedAt: string }>;
  moved: Map<string, string>;
  deliveries: Map<string, DeliverySums>;
  entries: Record<string, number>;
  reviews: number;
}

type Row = Record<string, string | null>;

/** Counts in one snapshot of the store: what is read between two statements of a busy hub would not balance. */
export async function readBoardCounts(tx: EntityManager): Promise<BoardCounts> {
  const iso = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
  const ask = (sql: string): Promise<Row[]> => tx.query<Row[]>(sql);
  const city = await ask('select name from city');
  const rows = await ask(`select system, sum(rows_read) as read, sum(rows_accepted) as accepted, sum(rows_superseded) as superseded, sum(rows_void) as void, sum(rows_dead) as dead,
    ${iso('max(ended_at)')} as ended_at from row_total group by system`);
  const records = await ask('select s.system, count(*) as stored, count(c.record_id) as resolved from source_record s left join crosswalk c on c.record_id = s.id group by s.system');
  const dead = await ask('select system, count(*) as n from dead_letter where replayed_at is null group by system');
  const connectors = await ask(`select system, state, code, reason, ${iso('changed_at')} as changed_at from connector_state`);
  const moved = await ask(`select system, ${iso('max(moved_at)')} as at from watermark group by system`);
  const states = await ask(`select target, state, count(*) as n, count(*) filter (where reason_code = 'retrying') as retrying,
    ${iso(`min(next_attempt_at) filter (where reason_code = 'retrying')`)} as next_try, ${iso('max(changed_at)')} as changed_at from delivery group by target, state`);
  const answered = await ask(`select d.target, count(distinct d.cause) as n from entry e join delivery d on d.cause = e.id where e.state = 'resolved' group by d.target`);
  const entries = await ask('select state, count(*) as n from entry group by state');
  const reviews = await ask(`select count(*) as n from review where state = 'open' and not restricted`);
  return {
    ...(city[0] && { city: city[0]['name']! }),
    rows: bySystem(rows, (r) => ({ read: num(r['read']), accepted: num(r['accepted']), superseded: num(r['superseded']), void: num(r['void']), dead: num(r['dead']), ...(r['ended_at'] && { endedAt: r['ended_at'] }) })),
    records: bySystem(records, (r) => ({ stored: num(r['stored']), resolved: num(r['resolved']) })),
    dead: bySystem(dead, (r) => num(r['n'])),
    connectors: bySystem(connectors, (r) => ({ state: r['state'] as 'running', code: r['code'] ?? null, reason: r['reason'] ?? null, changedAt: r['changed_at']! })),
    moved: bySystem(moved, (r) => r['at']!),
    deliveries: deliverySums(states, new Map(answered.map((r) => [r['target']!, num(r['n'])]))),
    entries: Object.fromEntries(entries.map((r) => [r['state']!, num(r['n'])])),
    reviews: num(reviews[0]?.['n']),
  };
}

/** Golden records by kind, as far as a reader with these scopes knows of them. */
export async function countEntities(tx: EntityManager, scopes: readonly FacetScope[]): Promise<Partial<Record<RecordType, number>>> {
  const rows = await tx.query<Row[]>(`select record_type, count(*) as n from entity where state = 'active' and open_to && $1::text[] group by record_type`, [openingsFor(scopes)]);
  return Object.fromEntries(rows.map((r) => [r['record_type']!, num(r['n'])]));
}

function deliverySums(rows: readonly Row[], answered: ReadonlyMap<string, number>): Map<string, DeliverySums> {
  const sums = new Map<string, DeliverySums>();
  for (const r of rows) {
    const target = r['target']!;
    const sum = sums.get(target) ?? { byState: {}, retrying: 0, answered: answered.get(target) ?? 0 };
    sum.byState[r['state']!] = num(r['n']);
    sum.retrying += num(r['retrying']);
    if (r['next_try'] && (sum.nextTryAt === undefined || r['next_try'] < sum.nextTryAt)) sum.nextTryAt = r['next_try'];
    if (r['changed_at'] && (sum.changedAt === undefined || r['changed_at'] > sum.changedAt)) sum.changedAt = r['changed_at'];
    sums.set(target, sum);
  }
  return sums;
}

function bySystem<T>(rows: readonly Row[], of: (row: Row) => T): Map<string, T> {
  return new Map(rows.map((row) => [row['system']!, of(row)]));
}

function num(text: string | null | undefined): number {
  return Number(text ?? 0);
}
