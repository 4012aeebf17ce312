import type { Delivery } from './delivery.js';

const MOST_AT_ONCE = 2 ** 20;

/**
 * Tells one write that breaks its calls from a target that is away. After a call that failed as a whole the writes go one by
 * one, then more and more again. A write that fails alone is a suspect: while the target answers nothing, it says little, and
 * others are tried in its place; when the target has answered others since it last failed alone, the failure is its own and counts.
 */
export class Suspects {
  private most = MOST_AT_ONCE;
  private answered = 0;
  /** Of deliveries that failed alone: how many calls had been answered by then. */
  private readonly failedAt = new Map<string, number>();

  /** How many writes the next call may hold. */
  get limit(): number {
    return this.most;
  }

  /** Suspects that the next call is to pass over if anything else is due. */
  passedOver(): string[] {
    return this.most > 1 ? [] : [...this.failedAt.keys()];
  }

  /** Of what is due, in its order, as many as may go in one call: what has failed alone while the target answered others goes alone. */
  together(due: readonly Delivery[]): readonly Delivery[] {
    const at = due.findIndex((d) => this.isBad(d));
    return at < 0 ? due : due.slice(0, Math.max(at, 1));
  }

  succeeded(deliveries: readonly Delivery[]): void {
    this.answered += 1;
    this.most = Math.min(this.most * 2, MOST_AT_ONCE);
    for (const { id } of deliveries) this.failedAt.delete(id);
  }

  /** Whether the failure of this call is the write's own. */
  failed(deliveries: readonly Delivery[]): boolean {
    this.most = 1;
    const [only] = deliveries;
    if (only === undefined || deliveries.length > 1) return false;
    const before = this.failedAt.get(only.id);
    this.failedAt.set(only.id, this.answered);
    return before !== undefined && this.answered > before;
  }

  /** These wait for no call any more. */
  ended(deliveryIds: readonly string[]): void {
    for (const id of deliveryIds) this.failedAt.delete(id);
  }

  private isBad({ id, payload }: Delivery): boolean {
    const before = this.failedAt.get(id);
    return (payload?.unanswered ?? 0) > 0 || (before !== undefined && this.answered > before);
  }
}
