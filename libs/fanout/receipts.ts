import type { DeliveryState, ReceiptLine } from '#libs/model/receipt';
import type { Delivery } from './delivery.js';
import type { FanoutStore } from './fanout-store.js';
import { reasonOf, reasonWords, STATE_WORDS } from './receipt-words.js';
import type { Target } from './target.js';

/** A line stands where the slowest of its records stands. */
const SLOWEST_FIRST: readonly DeliveryState[] = ['rejected', 'waiting', 'written', 'pickedUp', 'confirmed', 'noRecord', 'notShared'];
/** A receipt has at most a few rows a target; more than this is no receipt. */
const MOST_ROWS = 1000;

/** Receipts: one line for every target system, whatever became of the delivery there, with its reason in words. */
export class Receipts {
  constructor(private readonly store: FanoutStore, private readonly targets: readonly Target[]) {}

  /**
   * The receipt of an entry (by its id) or of another record (by its record key). `openScopes`: restricted facets the reader may
   * see; the line of a system that owns one looks the same to everyone else, whether it has a record or not.
   */
  async receiptFor(cause: string, openScopes: readonly string[] = []): Promise<ReceiptLine[]> {
    const deliveries = await this.store.deliveries.list({ cause: cause.includes(':') ? this.store.causeOf(cause) : cause, limit: MOST_ROWS });
    const failure = await this.store.deliveries.entryFailure(cause);
    return this.targets.map((target) => {
      const closed = target.scopes.some((scope) => !openScopes.includes(scope));
      if (closed) return lineOf(target, 'notShared', 'restricted');
      return failure !== undefined ? lineOf(target, 'notShared', 'entryFailed', failure) : lineFor(target, newestOfEach(deliveries.filter((d) => d.target === target.id)));
    });
  }
}

function lineFor(target: Target, deliveries: readonly Delivery[]): ReceiptLine {
  if (deliveries.length === 0) return lineOf(target, 'waiting', 'notProcessed', undefined, 0);
  const slowest = [...deliveries].sort((a, b) => SLOWEST_FIRST.indexOf(a.state) - SLOWEST_FIRST.indexOf(b.state))[0]!;
  const line = lineOf(target, slowest.state, reasonOf(slowest, target.acknowledges), slowest.reason, deliveries.length);
  return { ...line, changedAt: slowest.changedAt.toISOString() };
}

/** An entry may have come again in a later version of the person: the newest delivery to each record speaks. */
function newestOfEach(deliveries: readonly Delivery[]): Delivery[] {
  const byRecord = new Map<string, Delivery>();
  for (const d of deliveries) {
    const key = d.action === 'create' ? 'create' : d.targetRef.toString('hex');
    const known = byRecord.get(key);
    // What was done stays done: a later look that found nothing left to do says less than the write itself.
    if (known === undefined || !(d.reasonCode === 'nothingLeft' && known.state !== 'waiting')) byRecord.set(key, d);
  }
  return [...byRecord.values()];
}

function lineOf(target: Target, state: DeliveryState, reasonCode?: string, detail?: string, records = 0): ReceiptLine {
  const words = reasonWords(reasonCode, detail);
  return {
    target: target.id, name: target.name, nameEn: target.nameEn, state, stateZh: STATE_WORDS[state].zh, stateEn: STATE_WORDS[state].en,
    ...(reasonCode !== undefined && { reasonCode }), ...words, records,
  };
}
