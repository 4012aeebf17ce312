import type { DataSource } from 'typeorm';
import type { Account } from '#libs/access/account';
import type { Clock } from '#libs/kernel/clock';
import type { RecordKey } from '#libs/kernel/record-key';
import type { ReceiptLine } from '#libs/model/receipt';
import type { UndoLine } from '#libs/model/undo-line';
import type { ReceiptLines } from './receipt-lines.js';

/** A decision as it would be made. */
export interface ProposedDecision {
  kind: 'link' | 'noLink' | 'revoke';
  records: RecordKey[];
  revokes?: string;
}

/** What the hub hands in: what a decision would do at each target, and what of that a reader with these scopes may be told. */
export interface DecisionEffects {
  preview(decision: ProposedDecision): Promise<UndoLine[]>;
  shown(lines: readonly UndoLine[], openScopes: readonly string[]): UndoLine[];
}

/** A line of the receipt of a decision: what was said, and what became of it. */
export type DecisionLine = UndoLine & { delivery?: ReceiptLine };

/** What decisions do at each target: told before they are made, kept with them, and followed to their deliveries. */
export class DecisionReceipts {
  constructor(
    private readonly db: DataSource,
    private readonly effects: DecisionEffects,
    private readonly receipts: ReceiptLines,
    private readonly clock: Clock,
  ) {}

  async preview(decision: ProposedDecision, account: Account): Promise<UndoLine[]> {
    return this.effects.shown(await this.effects.preview(decision), account.facetScopes);
  }

  /** Keeps what this decision does; call before it is sent. */
  async keep(decisionId: string, decision: ProposedDecision): Promise<void> {
    const lines = await this.effects.preview(decision);
    await this.db.query('insert into decision_receipt (decision_id, lines, made_at) values ($1, $2, $3) on conflict do nothing', [decisionId, JSON.stringify(lines), new Date(this.clock.now())]);
  }

  /** Of a decision the account may see; empty for one that was made without a receipt (with an entry, or before there were any). */
  async of(decisionId: string, account: Account): Promise<DecisionLine[]> {
    const [row] = await this.db.query<{ lines: UndoLine[] }[]>('select lines from decision_receipt where decision_id = $1', [decisionId]);
    const deliveries = new Map((await this.receipts.of(decisionId, account)).map((line) => [line.target, line]));
    return this.effects.shown(row?.lines ?? [], account.facetScopes).map((line) => {
      const delivery = deliveries.get(line.target);
      return { ...line, ...(delivery !== undefined && delivery.records > 0 && { delivery }) };
    });
  }
}
