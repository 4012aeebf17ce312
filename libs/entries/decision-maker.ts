import type { Account } from '#libs/access/account';
import { notFound, RequestRefused } from '#libs/access/request-refused';
import { invalidRequest } from '#libs/access/request-validation';
import type { Clock } from '#libs/kernel/clock';
import { uuidv7 } from '#libs/kernel/ids';
import { parseRecordKey, type RecordKey } from '#libs/kernel/record-key';
import type { CommandSender } from './command-sender.js';
import type { DecisionReader, StoredDecision } from './decision-reader.js';
import type { RecordScope } from './record-scope.js';

/** Sends stewards' decisions to resolution, between records their maker may see. */
export class DecisionMaker {
  constructor(
    private readonly decisions: DecisionReader,
    private readonly scope: RecordScope,
    private readonly commands: CommandSender,
    private readonly clock: Clock,
  ) {}

  /** Between records the caller has checked already. Returns the decision's id. */
  async decide(kind: 'link' | 'noLink', records: RecordKey[], account: Account, reason?: string): Promise<string> {
    const decisionId = uuidv7(this.clock.now());
    await this.commands.send({ kind, decisionId, records, actor: account.id, ...(reason !== undefined && { reason }) });
    return decisionId;
  }

  /** Between two records by key. Throws RequestRefused 400, or 404 when one does not exist for this account. */
  async decideOn(kind: 'link' | 'noLink', records: RecordKey[], account: Account, reason?: string): Promise<string> {
    if (records.length !== 2 || records[0] === records[1] || !sameType(records)) {
      throw invalidRequest([{ field: 'records', zh: '请填写两条同类记录的键。', en: 'Two record keys of one kind, like hukou:person:R1.' }]);
    }
    const visible = await this.scope.visible(records, account);
    if (visible.size !== 2) throw notFound('record');
    return this.decide(kind, records, account, reason);
  }

  /** Takes a decision back. Throws RequestRefused 400, 404, or 409 when that was done already. */
  async revoke(revokes: string | undefined, account: Account, reason?: string): Promise<string> {
    if (revokes === undefined) throw invalidRequest([{ field: 'decisionId', zh: '请填写要撤销的决定。', en: 'The decision to revoke.' }]);
    const decision = await this.decisions.find(revokes, account.facetScopes);
    if (!decision || decision.kind === 'revoke' || (await this.scope.visible(decision.records, account)).size < decision.records.length) throw notFound('decision');
    if (decision.revokedBy !== undefined) {
      throw new RequestRefused(409, { code: 'YICI_DECISION_REVOKED', message: '该决定已撤销。This decision is revoked already.', fix: 'Decide anew if the revocation was wrong.' });
    }
    const decisionId = uuidv7(this.clock.now());
    await this.commands.send({ kind: 'revoke', decisionId, revokes, actor: account.id, ...(reason !== undefined && { reason }) });
    return decisionId;
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
