import type pg from 'pg';
import { YiciError } from '#libs/kernel/errors';
import type { Clock } from '#libs/kernel/clock';
import { uuidv7 } from '#libs/kernel/ids';
import type { AgreementProposal } from '#libs/connector-sdk/sharing';
import { InTurn } from '#libs/platform/in-turn';
import type { Transaction } from '#libs/store/unit-of-work';
import type { Agreement } from './sharing-rules.js';

/** An agreement as people decide on it. */
export interface SharingAgreement extends AgreementProposal {
  id: string;
  state: Agreement['state'];
  decidedBy?: string;
  decidedAt?: string;
}

export interface AgreementFilter {
  id?: string;
  provider?: string;
  target?: string;
  field?: string;
  state?: Agreement['state'];
}

interface Row {
  id: string; provider: string; target: string; field: string; channel: string; code_table: string | null; purpose: string; legal_basis: string;
  condition: AgreementProposal['condition']; condition_text: string | null; expires_on: string | null; catalogue_id: string | null;
  state: Agreement['state']; decided_by: string | null; decided_at: Date | null;
}

const COLUMNS = `id, provider, target, field, channel, code_table, purpose, legal_basis, condition, condition_text, expires_on::text as expires_on,
  catalogue_id, state, decided_by, decided_at`;
const WHERE = `($1::text is null or id = $1) and ($2::text is null or provider = $2) and ($3::text is null or target = $3) and ($4::text is null or field = $4)
  and ($5::text is null or state = $5)`;

/** The sharing agreements in force and in question. Folders propose; only what a person approved here is in force. */
export class AgreementStore {
  private readonly inTurn = new InTurn<string, Map<string, Agreement[]>>((waiting) => waiting, (turn) => this.forTargets(turn));

  constructor(private readonly pool: pg.Pool, private readonly clock: Clock) {}

  /**
   * Adds what the folders propose. A proposal still undecided takes the new terms; one that was approved or revoked keeps the
   * terms it was decided on. Returns how many are new or changed.
   */
  async propose(tx: Transaction, proposals: readonly AgreementProposal[]): Promise<number> {
    const now = this.clock.now();
    const done = await tx.client.query({
      text: `insert into sharing_agreement (id, provider, target, field, channel, code_table, purpose, legal_basis, condition, condition_text, expires_on, catalogue_id, state)
             select *, 'proposed' from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::date[], $12::text[])
             on conflict (provider, target, field) do update set channel = excluded.channel, code_table = excluded.code_table, purpose = excluded.purpose,
               legal_basis = excluded.legal_basis, condition = excluded.condition, condition_text = excluded.condition_text,
               expires_on = excluded.expires_on, catalogue_id = excluded.catalogue_id
             where sharing_agreement.state = 'proposed' and (sharing_agreement.channel, sharing_agreement.code_table, sharing_agreement.purpose, sharing_agreement.legal_basis,
               sharing_agreement.condition, sharing_agreement.condition_text, sharing_agreement.expires_on, sharing_agreement.catalogue_id)
               is distinct from (excluded.channel, excluded.code_table, excluded.purpose, excluded.legal_basis, excluded.condition, excluded.condition_text,
               excluded.expires_on, excluded.catalogue_id)`,
      values: [
        proposals.map(() => uuidv7(now)), proposals.map((p) => p.provider), proposals.map((p) => p.target), proposals.map((p) => p.field),
        proposals.map((p) => p.channel), proposals.map((p) => p.codeTable ?? null), proposals.map((p) => p.purpose), proposals.map((p) => p.legalBasis),
        proposals.map((p) => p.condition), proposals.map((p) => p.conditionText ?? null), proposals.map((p) => p.expiresOn), proposals.map((p) => p.catalogueId),
      ],
    });
    return done.rowCount ?? 0;
  }

  async list(filter: AgreementFilter = {}): Promise<SharingAgreement[]> {
    const found = await this.pool.query<Row>(`select ${COLUMNS} from sharing_agreement where ${WHERE} order by target, provider, field`, valuesOf(filter));
    return found.rows.map(decode);
  }

  /** What a target may get: its decided and undecided agreements, for {@link SharingRules}. */
  async forTarget(target: string): Promise<Agreement[]> {
    return (await this.inTurn.do(target)).get(target) ?? [];
  }

  /** Every target asks for itself, at one moment when something changed: asked together. */
  private async forTargets(targets: readonly string[]): Promise<Map<string, Agreement[]>> {
    const found = await this.pool.query<Pick<Row, 'provider' | 'target' | 'field' | 'condition' | 'condition_text' | 'expires_on' | 'state'>>({
      name: 'agreements_of', values: [[...new Set(targets)]],
      text: 'select provider, target, field, condition, condition_text, expires_on::text as expires_on, state from sharing_agreement where target = any($1::text[])',
    });
    const byTarget = new Map<string, Agreement[]>();
    for (const { condition_text: conditionText, expires_on: expiresOn, ...rest } of found.rows) {
      const agreements = byTarget.get(rest.target);
      const agreement = { ...rest, conditionText: conditionText ?? undefined, expiresOn: expiresOn ?? '' };
      if (agreements === undefined) byTarget.set(rest.target, [agreement]);
      else agreements.push(agreement);
    }
    return byTarget;
  }

  /**
   * Puts in force what the filter names and is proposed; a revoked one only when it is named by its id, so that whoever approves
   * all of a target revives nothing that somebody ended. Returns what changed. Throws YICI_SHARING_REVOKED_BY_ID, YICI_SHARING_UNKNOWN_AGREEMENT.
   */
  async approve(tx: Transaction, filter: AgreementFilter, actor: string): Promise<SharingAgreement[]> {
    if (filter.id !== undefined) return this.decide(tx, filter, 'approved', actor);
    if (filter.state === 'revoked') throw revokedById();
    return filter.state === 'approved' ? [] : this.decide(tx, { ...filter, state: 'proposed' }, 'approved', actor);
  }

  /** From now on nothing goes out under these agreements; what was written stays written. */
  revoke(tx: Transaction, filter: AgreementFilter, actor: string): Promise<SharingAgreement[]> {
    return this.decide(tx, filter, 'revoked', actor);
  }

  private async decide(tx: Transaction, filter: AgreementFilter, state: 'approved' | 'revoked', actor: string): Promise<SharingAgreement[]> {
    const changed = await tx.client.query<Row>(
      `update sharing_agreement set state = $6, decided_by = $7, decided_at = $8 where ${WHERE} and state <> $6 returning ${COLUMNS}`,
      [...valuesOf(filter), state, actor, new Date(this.clock.now())]);
    if (changed.rowCount === 0 && filter.id !== undefined && (await this.list({ id: filter.id })).length === 0) throw unknownAgreement();
    return changed.rows.map(decode);
  }
}

function valuesOf(f: AgreementFilter): (string | null)[] {
  return [f.id ?? null, f.provider ?? null, f.target ?? null, f.field ?? null, f.state ?? null];
}

function decode(r: Row): SharingAgreement {
  return {
    id: r.id, provider: r.provider, target: r.target, field: r.field, channel: r.channel, purpose: r.purpose, legalBasis: r.legal_basis, condition: r.condition,
    codeTable: r.code_table ?? undefined, conditionText: r.condition_text ?? undefined, expiresOn: r.expires_on ?? '', catalogueId: r.catalogue_id ?? '',
    state: r.state, decidedBy: r.decided_by ?? undefined, decidedAt: r.decided_at?.toISOString(),
  };
}

function revokedById(): YiciError {
  return new YiciError({
    code: 'YICI_SHARING_REVOKED_BY_ID', stage: 'sharing', message: '已撤销的共享协议须按编号逐份批准。A revoked agreement is approved by its id, one by one.',
    fix: 'yici agreements list --state revoked shows them with their ids; yici agreements approve ID.',
  });
}

function unknownAgreement(): YiciError {
  return new YiciError({
    code: 'YICI_SHARING_UNKNOWN_AGREEMENT', stage: 'sharing', message: '没有这份共享协议。There is no such sharing agreement.',
    fix: 'yici agreements list shows them with their ids.',
  });
}
