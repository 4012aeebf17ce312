import type { DataSource } from 'typeorm';
import type { Account } from '#libs/access/account';
import { AuthorityReader } from '#libs/entries/authority-reader';
import { CountsReader, type HubCounts } from '#libs/entries/hub-counts';
import type { DeliveryState } from '#libs/model/receipt';
import { STATE_WORDS } from '#libs/fanout/receipt-words';
import type { Clock } from '#libs/kernel/clock';
import type { RecordType } from '#libs/kernel/record-key';
import { RESTRICTED_FACETS } from '#libs/model/bodies';
import { displayWidth, padEnd } from '../text-width.js';
import { thousands } from './bar.js';
import type { Style } from './style.js';
import { systemTable, type NamedSystem } from './system-table.js';

/** Who sits at the machine that holds the keys: counts of every system show. */
const OPERATOR: Account = { id: 'operator', username: 'operator', displayName: 'operator', role: 'admin', communities: [], facetScopes: RESTRICTED_FACETS };

export interface BoardState {
  counts: HubCounts;
  /** Current source records by type. */
  records: Partial<Record<RecordType, number>>;
}

/** Reads what the board shows. */
export class BoardReader {
  private readonly counts: CountsReader;

  constructor(private readonly db: DataSource, clock: Clock) {
    this.counts = new CountsReader(db, new AuthorityReader(db, clock));
  }

  async read(): Promise<BoardState> {
    const [counts, rows] = await Promise.all([
      this.counts.read(OPERATOR),
      this.db.query<{ record_type: RecordType; n: string }[]>('select record_type, count(*) as n from source_record group by record_type'),
    ]);
    return { counts, records: Object.fromEntries(rows.map((r) => [r.record_type, Number(r.n)])) };
  }
}

/** The whole board of a running hub. */
export function hubBoard(systems: readonly NamedSystem[], state: BoardState, style: Style): string[] {
  const known = new Map(state.counts.systems.map((s) => [s.system, s]));
  const rows = systems.map((s) => {
    const c = known.get(s.id);
    return { ...s, counts: { read: c?.read ?? 0, accepted: c?.accepted ?? 0, superseded: c?.superseded ?? 0, void: c?.void ?? 0, dead: c?.dead ?? 0 } };
  });
  return [...systemTable(rows, style), '', foldedLine(state, style), ...deliveryLines(systems, state, style)];
}

/** Records → entities: what was folded together. */
export function foldedLine({ counts, records }: BoardState, style: Style): string {
  const fold = (type: RecordType, zh: string, en: string): string =>
    `${zh} ${en} ${thousands(records[type] ?? 0)} → ${style.bold(thousands(counts.entities[type] ?? 0))}`;
  return `  ${fold('person', '人', 'persons')}   ${fold('household', '户', 'households')}   ${fold('dwelling', '房', 'dwellings')}   ${style.dim('待核')} ${style.dim(`reviews ${thousands(counts.reviews['open'] ?? 0)}`)}`;
}

const GOT_SOMETHING: ReadonlySet<string> = new Set(['written', 'pickedUp', 'confirmed', 'rejected']);
const COLOURS: Partial<Record<DeliveryState, 'green' | 'yellow' | 'red'>> = { confirmed: 'green', pickedUp: 'green', written: 'green', waiting: 'yellow', rejected: 'red' };

/** Deliveries by state, two lines a target that got something and two for all others: Chinese, then English. */
export function deliveryLines(systems: readonly NamedSystem[], { counts }: BoardState, style: Style): string[] {
  const targets = systems.filter((s) => counts.deliveries[s.id] !== undefined);
  if (targets.length === 0) return [];
  const busy = targets.filter((t) => Object.keys(counts.deliveries[t.id]!).some((state) => GOT_SOMETHING.has(state)));
  const rest: Record<string, number> = {};
  for (const t of targets.filter((x) => !busy.includes(x))) for (const [state, n] of Object.entries(counts.deliveries[t.id]!)) rest[state] = (rest[state] ?? 0) + n;
  const lines = busy.map((t) => ({ zh: t.name, en: t.id, states: counts.deliveries[t.id]! }));
  if (Object.keys(rest).length > 0) lines.push({ zh: '其余', en: 'the others', states: rest });
  const width = Math.max(...lines.flatMap((l) => [displayWidth(l.zh), l.en.length]));
  return lines.flatMap((l) => {
    const states = Object.entries(l.states) as [DeliveryState, number][];
    return [
      `  ${style.dim('送达')} ${padEnd(l.zh, width)}  ${states.map(([state, n]) => style[COLOURS[state] ?? 'dim'](`${STATE_WORDS[state].zh} ${thousands(n)}`)).join(style.dim(' · '))}`,
      style.dim(`       ${padEnd(l.en, width)}  ${states.map(([state, n]) => `${STATE_WORDS[state].en} ${thousands(n)}`).join(' · ')}`),
    ];
  });
}
