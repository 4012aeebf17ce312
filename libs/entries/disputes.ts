import type { Account } from '#libs/access/account';
import { notFound, RequestRefused } from '#libs/access/request-refused';
import { invalidRequest } from '#libs/access/request-validation';
import { scopesOfRecord } from '#libs/access/secret-systems';
import type { Clock } from '#libs/kernel/clock';
import { compareUtf8 } from '#libs/kernel/hashing';
import { uuidv7 } from '#libs/kernel/ids';
import { parseRecordKey } from '#libs/kernel/record-key';
import type { GoldenValue, Provenance } from '#libs/model/golden-record';
import type { AuthorityTable } from '#libs/survivorship/authority';
import type { Divisions } from '#libs/values/divisions';
import type { AuthorityReader } from './authority-reader.js';
import type { CommandSender } from './command-sender.js';
import { readDisputedValue } from './disputed-value.js';
import type { DisputeFilter, DisputeOutcome, DisputeStore, SettlementCommand, StoredDispute } from './dispute-store.js';
import type { DisputeTermStore } from './dispute-terms.js';
import { ENTRY_SYSTEM } from './entry-record.js';
import type { RecordScope } from './record-scope.js';
import { dayInChina } from './submit-entry.js';
import type { VisibleEntity } from './visible-entities.js';

/** What a dispute is kept in and decided by. */
export interface DisputeParts {
  store: DisputeStore;
  terms: DisputeTermStore;
  scope: RecordScope;
  authority: AuthorityReader;
  commands: CommandSender;
}

export interface NewDispute {
  field: string;
  said?: string;
  grounds: string;
}

export interface NewAnswer {
  outcome: DisputeOutcome;
  /** The right value, as typed; absent of a correction: made in the department's own system, whose next export brings it. */
  value?: string;
  note?: string;
}

/**
 * 校核/异议. A dispute goes to the department that the table of authority believes most for the field; its answer settles the
 * value everywhere: a correction is one record of the hub in the department's name, resolved and fanned out like any other.
 */
export class Disputes {
  constructor(
    private readonly parts: DisputeParts,
    private readonly divisions: Divisions,
    private readonly clock: Clock,
  ) {}

  /**
   * Disputes a value of an entity as the account sees it. Throws RequestRefused 400 when it shows no such value or `said` is
   * none of the field, 409 when the value is disputed already.
   */
  async open(entity: VisibleEntity, { field, said, grounds }: NewDispute, account: Account): Promise<StoredDispute> {
    const { store, terms, authority } = this.parts;
    const golden = entity.golden.fields[field];
    const won = golden && winnerOf(golden);
    const record = won && entity.members.find((m) => m.key === won.record);
    if (golden === undefined || won === undefined || record === undefined) {
      throw invalidRequest([{ field: 'field', zh: '该档案没有这一项的值，无法提出异议。', en: 'The record shows no value of this field to dispute.' }]);
    }
    const { recordType } = entity.golden;
    if (said !== undefined && recordType === 'person') readDisputedValue(field, said, this.divisions);
    const { table, secret } = await authority.current();
    const now = this.clock.now();
    const dispute = {
      id: uuidv7(now), recordType, field, department: departmentFor(table, entity, field) ?? won.system, scopes: scopesOfRecord(record.record, secret), accountId: account.id,
      claim: { record: won.record, over: golden.value, grounds, ...(said !== undefined && { said }) },
      openedAt: new Date(now).toISOString(), dueOn: await terms.dueOn(field, dayInChina(now)),
    };
    if (!(await store.add(dispute))) {
      throw new RequestRefused(409, { code: 'YICI_DISPUTE_OPEN', message: '这一项已有异议在办理。This value is disputed already.', fix: 'Wait for the answer, or withdraw the other dispute first.' });
    }
    return { ...dispute, state: 'open' };
  }

  /** Throws RequestRefused 404, also for one about a record the account may not see. */
  async find(id: string, account: Account): Promise<StoredDispute> {
    const dispute = await this.parts.store.find(id, account.facetScopes);
    if (!dispute || (await this.parts.scope.visible([dispute.claim.record], account)).size === 0) throw notFound('dispute');
    return dispute;
  }

  /** Disputes about records the account may see, newest first. */
  async list(filter: { state?: StoredDispute['state'] | 'overdue'; mine?: boolean; toAnswer?: boolean }, account: Account, after: readonly string[] | undefined, limit: number): Promise<StoredDispute[]> {
    const wanted: DisputeFilter = {
      openScopes: account.facetScopes,
      ...(filter.state === 'overdue' ? { overdueOn: this.today() } : filter.state !== undefined && { state: filter.state }),
      ...(filter.mine === true && { accountId: account.id }),
      ...(filter.toAnswer === true && account.role !== 'steward' && { departments: account.departments ?? [] }),
    };
    const found: StoredDispute[] = [];
    for (let from = after; found.length < limit;) {
      const rows = await this.parts.store.list(wanted, from, BATCH);
      const visible = await this.parts.scope.visible(rows.map((d) => d.claim.record), account);
      found.push(...rows.filter((d) => visible.has(d.claim.record)));
      const last = rows.at(-1);
      if (rows.length < BATCH || !last) break;
      from = [last.openedAt, last.id];
    }
    return found.slice(0, limit);
  }

  /**
   * Answers in the name of the department. Throws RequestRefused 403 for an account that may not, 404, 400 when the value is
   * none of the field or the field is one that only the department's own system can correct, 409 when it is not open any more.
   */
  async answer(id: string, { outcome, value, note }: NewAnswer, account: Account): Promise<StoredDispute> {
    const dispute = await this.find(id, account);
    if (!mayAnswer(dispute, account)) throw notYours();
    const at = new Date(this.clock.now()).toISOString();
    const settlement = value === undefined ? undefined : this.settlementOf(dispute, outcome, value, account, at);
    const answer = { ...(value !== undefined && { value }), ...(note !== undefined && { note }), ...(settlement && { settlement }) };
    if (!(await this.parts.store.end(id, { state: 'answered', outcome, answer, at, by: account.id }))) throw ended();
    if (settlement) await this.parts.commands.send(settlement);
    return { ...dispute, state: 'answered', outcome, answer, answeredAt: at, answeredBy: account.id };
  }

  /** Takes a dispute back: who opened it, or a steward. Throws RequestRefused 403, 404, 409. */
  async withdraw(id: string, account: Account): Promise<void> {
    const dispute = await this.find(id, account);
    if (dispute.accountId !== account.id && account.role !== 'steward') throw notYours();
    if (!(await this.parts.store.end(id, { state: 'withdrawn', at: new Date(this.clock.now()).toISOString(), by: account.id }))) throw ended();
  }

  /** Publishes again what was answered more than `olderThanMs` ago and is not taken in; returns how many. */
  async resend(olderThanMs: number): Promise<number> {
    const commands = await this.parts.store.unsettled(new Date(this.clock.now() - olderThanMs), 500);
    for (const command of commands) await this.parts.commands.send(command);
    return commands.length;
  }

  isOverdue({ state, dueOn }: Pick<StoredDispute, 'state' | 'dueOn'>): boolean {
    return state === 'open' && dueOn < this.today();
  }

  private today(): string {
    return dayInChina(this.clock.now());
  }

  private settlementOf({ id, field, department, claim, recordType, scopes }: StoredDispute, outcome: DisputeOutcome, text: string, account: Account, at: string): SettlementCommand {
    if (outcome !== 'corrected') throw invalidRequest([{ field: 'value', zh: '维持原值时不填新值。', en: 'A value that is upheld is not replaced; leave this out.' }]);
    // What a restricted record says stays in the system that keeps it.
    const value = recordType === 'person' && scopes.length === 0 ? readDisputedValue(field, text, this.divisions) : undefined;
    if (value === undefined) {
      throw invalidRequest([{ field: 'value', zh: '这一项只能在主管部门自己的系统中更正，请更正后不填新值再答复。', en: 'Only the department’s own system can correct this field; do so, then answer without a value.' }]);
    }
    return {
      kind: 'settlement', disputeId: id, linkTo: claim.record, actor: account.id,
      record: {
        system: ENTRY_SYSTEM, recordType: 'person', naturalKey: id, order: at, sourceTime: at, observedAt: at, state: 'current', body: { [field]: value }, raw: { [field]: text },
        origin: { source: 'hub:disputes', position: Date.parse(at) }, settles: { dispute: id, field, system: department, over: claim.over },
      },
    };
  }
}
const BATCH = 100;

/** Whether the account may answer in the department's name: its own people, or a steward for it. */
export function mayAnswer({ department }: Pick<StoredDispute, 'department'>, account: Account): boolean {
  return account.role === 'steward' || (account.departments ?? []).includes(department);
}

/** The department believed most for a field by the table alone: asking who has a record of this person would tell who has one. */
function departmentFor(table: AuthorityTable, { golden }: VisibleEntity, field: string): string | undefined {
  const asked = golden.recordType === 'person' ? [field, field.split('.')[0]!]
    : golden.recordType === 'household' ? [`memberships.${String(golden.fields['kind']?.value)}`, 'memberships'] : ['dwelling'];
  for (const name of asked) {
    const ranked = [...(table.get(name) ?? [])].filter(([system]) => system !== ENTRY_SYSTEM).sort(([a, x], [b, y]) => x.rank - y.rank || compareUtf8(a, b));
    if (ranked[0] !== undefined) return ranked[0][0];
  }
  return undefined;
}

/** Of a list, its first element stands for it. */
function winnerOf(golden: GoldenValue): Provenance | undefined {
  const provenance = golden.itemProvenance?.[0] ?? golden.provenance;
  // A statistician sees no record keys, and disputes nothing.
  return parseRecordKey(provenance.record).naturalKey === '*' ? undefined : provenance;
}

function ended(): RequestRefused {
  return new RequestRefused(409, { code: 'YICI_DISPUTE_ENDED', message: '该异议已办结或撤回。This dispute is answered or withdrawn already.', fix: 'Open a new dispute if the value is still wrong.' });
}

function notYours(): RequestRefused {
  return new RequestRefused(403, {
    code: 'YICI_DISPUTE_NOT_YOURS', message: '只有主管部门或管理员可以答复，只有提出人或管理员可以撤回。Its department or a steward answers; who opened it or a steward withdraws.',
    fix: 'Ask the department named in the dispute.',
  });
}
