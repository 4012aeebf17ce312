import type { DataSource } from 'typeorm';
import type { Account } from '#libs/access/account';
import type { RecordType } from '#libs/kernel/record-key';
import type { AuthorityReader } from './authority-reader.js';
import { countEntities, readBoardCounts, type BoardCounts, type DeliverySums, type RowSums } from './board-counts.js';
import { stateReason, systemState, type SystemState } from './board-words.js';

/** A system as its connector folder names it. */
export interface SystemCard {
  id: string;
  name: string;
  nameEn: string;
  owner: string;
  category: string;
}

/** Source records in the store = those in the crosswalk. */
export interface RecordBalance {
  stored: number;
  resolved: number;
  balanced: boolean;
}

/** Changes = delivered + not shared + pending + failed. `pending` also counts resolved entries that this target has no line for yet. */
export interface DeliveryBalance {
  changes: number;
  delivered: number;
  notShared: number;
  pending: number;
  failed: number;
  balanced: boolean;
  byState: Record<string, number>;
  /** What waits because the target does not answer, and when it is tried next. */
  retrying: number;
  nextTryAt?: string;
}

/** One system on the board. A withheld one shows its name and nothing else, whether it holds anybody or not. */
export interface BoardSystem extends SystemCard {
  withheld: boolean;
  state?: SystemState;
  since?: string;
  reason?: { zh: string; en: string };
  rows?: RowSums & { balanced: boolean };
  records?: RecordBalance;
  deadLetters?: number;
  deliveries?: DeliveryBalance;
  /** Whatever came from or went to it last. */
  lastMovement?: string;
}

/** The board of the whole hub as one account may see it; equal while nothing changes. */
export interface SystemBoard {
  city?: string;
  systems: BoardSystem[];
  /** Sums over the systems that are not withheld. */
  totals: { rows: RowSums & { balanced: boolean }; records: RecordBalance; deliveries: DeliveryBalance; deadLetters: number };
  entities: Partial<Record<RecordType, number>>;
  reviews: number;
  entries: Record<string, number>;
}

/** Delivery states that count as delivered, as not shared, as pending and as failed; a state in none of them breaks the balance. */
const COUNTED = { delivered: ['written', 'pickedUp', 'confirmed'], notShared: ['notShared', 'noRecord'], pending: ['waiting'], failed: ['rejected'] } as const;

/** Reads the board: the state of every system and the counts that must balance. Counts only, so it shows to every account. */
export class SystemBoardReader {
  constructor(
    private readonly db: DataSource,
    private readonly authority: AuthorityReader,
    private readonly cards: readonly SystemCard[],
  ) {}

  /** What decides what an account sees here: two accounts with the same key see the same board. */
  scopeOf(account: Account): string {
    return [...account.facetScopes].sort().join(' ');
  }

  async read(account: Account): Promise<SystemBoard> {
    const { guarded } = await this.authority.current();
    const withheld = new Set([...guarded].filter(([, scope]) => !account.facetScopes.includes(scope)).map(([system]) => system));
    const [counts, entities] = await this.db.transaction('REPEATABLE READ', async (tx) => [await readBoardCounts(tx), await countEntities(tx, account.facetScopes)] as const);
    const systems = this.cards.map((card) => (withheld.has(card.id) ? { ...card, withheld: true } : systemOf(card, counts)));
    return {
      ...(counts.city !== undefined && { city: counts.city }), systems, totals: totalsOf(systems), entities, reviews: counts.reviews, entries: counts.entries,
    };
  }
}

function systemOf(card: SystemCard, counts: BoardCounts): BoardSystem {
  const { id } = card;
  const [files, connector, sums] = [counts.rows.get(id), counts.connectors.get(id), counts.deliveries.get(id)];
  const { endedAt, ...rows } = files ?? { read: 0, accepted: 0, superseded: 0, void: 0, dead: 0 };
  const { stored, resolved } = counts.records.get(id) ?? { stored: 0, resolved: 0 };
  const state = connector === undefined && (stored > 0 || rows.read > 0) ? 'running' : systemState(connector?.state, connector?.code ?? null);
  const reason = connector && stateReason(connector.code, connector.reason);
  const lastMovement = [endedAt, counts.moved.get(id), sums?.changedAt].filter((t) => t !== undefined).sort().at(-1);
  return {
    ...card, withheld: false, state, ...(connector && { since: connector.changedAt }), ...(reason && { reason }),
    rows: { ...rows, balanced: rowsBalance(rows) }, records: { stored, resolved, balanced: stored === resolved },
    deadLetters: counts.dead.get(id) ?? 0, deliveries: deliveriesOf(sums, counts.entries['resolved'] ?? 0),
    ...(lastMovement !== undefined && { lastMovement }),
  };
}

/** @param resolved how many entries resolution has resolved: every target answers each of them with a line */
export function deliveriesOf(sums: DeliverySums | undefined, resolved: number): DeliveryBalance {
  const byState = sums?.byState ?? {};
  const sum = (states: readonly string[]): number => states.reduce((n, state) => n + (byState[state] ?? 0), 0);
  const unanswered = resolved - (sums?.answered ?? 0);
  const [delivered, notShared, pending, failed] = [sum(COUNTED.delivered), sum(COUNTED.notShared), sum(COUNTED.pending) + unanswered, sum(COUNTED.failed)];
  const changes = Object.values(byState).reduce((n, m) => n + m, 0) + unanswered;
  return {
    changes, delivered, notShared, pending, failed, byState, retrying: sums?.retrying ?? 0,
    // More answers than entries would be a balance that hides a loss.
    balanced: unanswered >= 0 && changes === delivered + notShared + pending + failed,
    ...(sums?.nextTryAt !== undefined && { nextTryAt: sums.nextTryAt }),
  };
}

function totalsOf(systems: readonly BoardSystem[]): SystemBoard['totals'] {
  const shown = systems.filter((s) => !s.withheld);
  const add = (of: (s: BoardSystem) => number | undefined): number => shown.reduce((n, s) => n + (of(s) ?? 0), 0);
  const rows = { read: add((s) => s.rows?.read), accepted: add((s) => s.rows?.accepted), superseded: add((s) => s.rows?.superseded), void: add((s) => s.rows?.void), dead: add((s) => s.rows?.dead) };
  const byState: Record<string, number> = {};
  for (const s of shown) for (const [state, n] of Object.entries(s.deliveries?.byState ?? {})) byState[state] = (byState[state] ?? 0) + n;
  const sums = { changes: add((s) => s.deliveries?.changes), delivered: add((s) => s.deliveries?.delivered), notShared: add((s) => s.deliveries?.notShared), pending: add((s) => s.deliveries?.pending), failed: add((s) => s.deliveries?.failed) };
  return {
    rows: { ...rows, balanced: rowsBalance(rows) && shown.every((s) => s.rows?.balanced) },
    records: { stored: add((s) => s.records?.stored), resolved: add((s) => s.records?.resolved), balanced: shown.every((s) => s.records?.balanced) },
    deliveries: { ...sums, byState, retrying: add((s) => s.deliveries?.retrying), balanced: shown.every((s) => s.deliveries?.balanced) },
    deadLetters: add((s) => s.deadLetters),
  };
}

function rowsBalance(rows: RowSums): boolean {
  return rows.read === rows.accepted + rows.superseded + rows.void + rows.dead;
}
