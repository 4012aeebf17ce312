import type { AnySourceRecord } from '#libs/model/source-record';

/** Why a value may not go to a target; each has its words in receipt-words.ts. */
export type Refusal =
  | 'noAgreement' | 'agreementProposed' | 'agreementRevoked' | 'agreementExpired' | 'conditionNone' | 'consentMissing';

export interface Agreement {
  provider: string;
  target: string;
  /** Canonical path; `memberships` covers `memberships.residential`. */
  field: string;
  condition: 'unconditional' | 'conditional' | 'none';
  /** `consent:<purpose>` asks for the resident's consent of that name; other words are for people. */
  conditionText?: string;
  /** Last day it holds, yyyy-mm-dd. */
  expiresOn?: string;
  state: 'proposed' | 'approved' | 'revoked';
}

/** Consent that a resident's own account must give before its profile goes to any other system. */
const PROFILE_CONSENT = 'share-profile';
/** What that consent covers: services a resident signed up for are optional, so phone and address stay there without it. */
const PROFILE_PATHS = new Set(['phones', 'currentAddress', 'registeredAddress', 'dwellingCode', 'residency', 'relatives', 'otherIdentifiers']);

/**
 * What one target may get, from its agreements: default deny. A value may pass when its provider and the target have an
 * approved agreement on the field that has not expired, and the resident consents where consent is asked. A target's own
 * values are its own.
 */
export class SharingRules {
  private readonly byProvider = new Map<string, Map<string, Agreement>>();

  /** `today` is yyyy-mm-dd at the city. */
  constructor(readonly target: string, agreements: Iterable<Agreement>, private readonly today: string) {
    for (const agreement of agreements) {
      if (agreement.target !== target) continue;
      let fields = this.byProvider.get(agreement.provider);
      if (fields === undefined) this.byProvider.set(agreement.provider, (fields = new Map()));
      fields.set(agreement.field, agreement);
    }
  }

  /** Undefined when this record's value of this path may go to the target; else why not. */
  refusal(record: Pick<AnySourceRecord, 'system' | 'body' | 'settles'>, path: string): Refusal | undefined {
    // The answer to a dispute goes where the word of the department that gave it goes.
    const provider = record.settles?.system ?? record.system;
    if (provider === this.target) return undefined;
    const agreement = this.agreementOn(provider, path);
    if (agreement === undefined) return 'noAgreement';
    if (agreement.state === 'proposed') return 'agreementProposed';
    if (agreement.state === 'revoked') return 'agreementRevoked';
    if (agreement.condition === 'none') return 'conditionNone';
    if (agreement.expiresOn !== undefined && agreement.expiresOn < this.today) return 'agreementExpired';
    return consents(record.body, path, agreement) ? undefined : 'consentMissing';
  }

  allows(record: Pick<AnySourceRecord, 'system' | 'body' | 'settles'>, path: string): boolean {
    return this.refusal(record, path) === undefined;
  }

  private agreementOn(provider: string, path: string): Agreement | undefined {
    const fields = this.byProvider.get(provider);
    if (fields === undefined) return undefined;
    return fields.get(path) ?? (path.startsWith('memberships.') ? fields.get('memberships') : undefined);
  }
}

function consents(body: object, path: string, agreement: Agreement): boolean {
  const account = (body as { facets?: { communityAccount?: { consents?: string[] } } }).facets?.communityAccount;
  const given = account?.consents ?? [];
  // A rule of the account itself, whatever an agreement forgot to say.
  if (account !== undefined && PROFILE_PATHS.has(path) && !given.includes(PROFILE_CONSENT)) return false;
  for (const condition of agreement.conditionText?.split(';') ?? []) {
    const purpose = /^\s*consent:([\w-]+)\s*$/.exec(condition)?.[1];
    if (purpose !== undefined && !given.includes(purpose)) return false;
  }
  return true;
}
