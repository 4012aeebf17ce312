import type { Account } from '#libs/access/account';
import { notFound, RequestRefused } from '#libs/access/request-refused';
import { invalidRequest } from '#libs/access/request-validation';
import type { Clock } from '#libs/kernel/clock';
import { uuidv7 } from '#libs/kernel/ids';
import { parseRecordKey, type RecordKey } from '#libs/kernel/record-key';
import type { UndoLine } from '#libs/model/undo-line';
import type { CommandSender } from './command-sender.js';
import type { DecisionReader, StoredDecision } from './decision-reader.js';
import type { DecisionLine, DecisionReceipts, ProposedDecision } from './decision-receipts.js';
import type { RecordScope } from './record-scope.js';

/** Sends stewards' decisions to resolution, between records their maker may see. */
export class DecisionMaker {
  constructor(
    private readonly decisions: DecisionReader,
    private readonly scope: RecordScope,
    private readonly commands: CommandSender,
    private readonly receipts: DecisionReceipts,
    private readonly clock: Clock,
  ) {}

  /** Between records the caller has checked already. Returns the decision's id. */
  async decide(kind: 'link' | 'noLink', records: RecordKey[], account: Account, reason?: string): Promise<string> {
    const decisionId = uuidv7(this.clock.now());
    await this.receipts.keep(decisionId, { kind, records });
    await this.commands.send({ kind, decisionId, records, actor: account.id, ...(reason !== undefined && { reason }) });
    return decisionId;
  }

  /** Between two records by key. Throws RequestRefused 400, or 404 when one does not exist for this account. */
  async decideOn(kind: 'link' | 'noLink', records: RecordKey[], account: Account, reason?: string): Promise<string> {
    await this.mustSee(records, account);
    return this.decide(kind, records, account, reason);
  }

  /** What a decision would do at each target. Throws as making it would. */
  async preview(decision: { kind: ProposedDecision['kind']; records?: RecordKey[]; decisionId?: string }, account: Account): Promise<UndoLine[]> {
    const { kind, records = [] } = decision;
    if (kind === 'revoke') {
      const revoked = await this.revocable(decision.decisionId, account);
      return this.receipts.preview({ kind, records: revoked.records, revokes: revoked.id }, account);
    }
    await this.mustSee(records, account);
    return this.receipts.preview({ kind, records }, account);
  }

  /** What a decision did at each target. Throws RequestRefused 404. */
  async receipt(id: string, account: Account): Promise<DecisionLine[]> {
    await this.visible(id, account);
    return this.receipts.of(id, account);
  }

  private async mustSee(records: readonly RecordKey[], account: Account): Promise<void> {
    if (records.length !== 2 || records[0] === records[1] || !sameType(records)) {
      throw invalidRequest([{ field: 'records', zh: '请填写两条同类记录的键。', en: 'Two record keys of one kind, like hukou:person:R1.' }]);
    }
    const visible = await this.scope.visible(records, account);
    if (visible.size !== 2) throw notFound('record');
  }

  /** Takes a decision back. Throws RequestRefused 400, 404, or 409 when that was done already. */
  async revoke(revokes: string | undefined, account: Account, reason?: string): Promise<string> {
    const decision = await this.revocable(revokes, account);
    const decisionId = uuidv7(this.clock.now());
    await this.receipts.keep(decisionId, { kind: 'revoke', records: decision.records, revokes: decision.id });
    await this.commands.send({ kind: 'revoke', decisionId, revokes: decision.id, actor: account.id, ...(reason !== undefined && { reason }) });
    return decisionId;
  }

  private async visible(id: string, account: Account): Promise<StoredDecision> {
    const decision = await this.decisions.find(id, account.facetScopes);
    if (!decision || (await this.scope.visible(decision.records, account)).size < decision.records.length) throw notFound('decision');
    return decision;
  }

  private async revocable(id: string | undefined, account: Account): Promise<StoredDecision> {
    if (id === undefined) throw invalidRequest([{ field: 'decisionId', zh: '请填写要撤销的决定。', en: 'The decision to revoke.' }]);
    const decision = await this.visible(id, account);
    if (decision.kind === 'revoke') throw notFound('decision');
    if (decision.revokedBy !== undefined) {
      throw new RequestRefused(409, { code: 'YICI_DECISION_REVOKED', message: '该决定已撤销。This decision is revoked already.', fix: 'Decide anew if the revocation was wrong.' });
    }
    return decision;
  }

  /** Decisions whose records the account may all see, newest first. */
  async list(account: Account, after: readonly string[] | undefined, limit: number): Promise<StoredDecision[]> {
    const found: StoredDecision[] = [];
    for (let from = after; found.length < limit;) {
      const rows = await this.decisions.list(account.facetScopes, from, BATCH);
      const visible = await this.scope.visible(rows.flatMap((d) => d.records), account);
      found.push(...rows.filter((d) => d.records.every((key) => visible.has(key))));
      const last = rows.at(-1);
      if (rows.length < BATCH || !last) break;
      from = [last.decidedAt, last.id];
    }
    return found.slice(0, limit);
  }
}
const BATCH = 100;

function sameType(records: readonly RecordKey[]): boolean {
  try {
    return new Set(records.map((key) => parseRecordKey(key).recordType)).size === 1;
  } catch {
    return false;
  }
}
