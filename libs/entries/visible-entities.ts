import { inCommunity, type Account, type FacetScope } from '#libs/access/account';
import { scopesOfRecord, type SecretSystems } from '#libs/access/secret-systems';
import { visibleGolden, type VisibleGolden } from '#libs/access/visible-golden';
import { compareUtf8 } from '#libs/kernel/hashing';
import type { EntityId } from '#libs/kernel/ids';
import type { PersonBody } from '#libs/model/bodies';
import type { GoldenFields } from '#libs/model/golden-record';
import type { Address } from '#libs/model/values';
import { survive } from '#libs/survivorship/survive';
import type { AuthorityReader } from './authority-reader.js';
import type { EntityLoader, LoadedEntity, LoadedMember } from './entity-loader.js';

/** An entity as one account may see it. */
export interface VisibleEntity {
  golden: VisibleGolden;
  /** Its visible records, by key. Empty for statisticians. */
  members: LoadedMember[];
  persons: LoadedEntity['persons'];
  /** Where it lies: division codes of its addresses. */
  divisions: string[];
  /** The restricted facets of its records when it is known from no others: nobody outside them may hear that it is there. */
  scopes: FacetScope[];
}

/**
 * Reads entities for one account. The golden fields are worked out anew from the records this account may see, so that what
 * is shown cannot depend, in value, order, reason or count, on a record that is not.
 */
export class VisibleEntities {
  constructor(
    private readonly loader: EntityLoader,
    private readonly authority: AuthorityReader,
  ) {}

  /** Those of the ids that the account may see, by id. An entity known only from hidden records does not exist for it. */
  async read(ids: readonly EntityId[], account: Account): Promise<Map<EntityId, VisibleEntity>> {
    const [entities, { table, secret }] = await Promise.all([this.loader.load(ids), this.authority.current()]);
    const visible = new Map<EntityId, VisibleEntity>();
    for (const entity of entities.values()) {
      const members = entity.members
        .filter((m) => scopesOfRecord(m.record, secret).every((s) => account.facetScopes.includes(s)))
        .sort((a, b) => compareUtf8(a.key, b.key));
      if (members.length === 0) continue;
      const fields = survive({
        recordType: entity.recordType,
        members: members.map((m) => m.record),
        authority: table,
        attached: new Set(members.filter((m) => m.attached).map((m) => m.key)),
        openScopes: account.facetScopes,
      });
      const divisions = divisionsOf(fields);
      if (!inCommunity(account, divisions)) continue;
      const golden = visibleGolden({
        id: entity.id, recordType: entity.recordType, version: 0, fields, members: members.map((m) => m.key), validFrom: '', recordedAt: '',
      }, account, secret);
      visible.set(entity.id, { golden, members: account.role === 'statistician' ? [] : members, persons: entity.persons, divisions, scopes: scopesOfAll(entity, secret) });
    }
    return visible;
  }

  async readOne(id: EntityId, account: Account): Promise<VisibleEntity | undefined> {
    return (await this.read([id], account)).get(id);
  }
}

function scopesOfAll(entity: LoadedEntity, secret: SecretSystems): FacetScope[] {
  const scopes = entity.members.map((m) => scopesOfRecord(m.record, secret));
  return scopes.some((own) => own.length === 0) ? [] : [...new Set(scopes.flat())].sort();
}

const ADDRESS_PATHS = ['currentAddress', 'registeredAddress', 'address'];

/** Division codes of the winning addresses; of a withdrawn person's entity perhaps none. */
export function divisionsOf(fields: GoldenFields): string[] {
  return ADDRESS_PATHS.flatMap((path) => (fields[path]?.value as Address | undefined)?.division ?? []);
}

/** Division codes a single person record names. */
export function divisionsOfBody(body: object): string[] {
  const { currentAddress, registeredAddress } = body as PersonBody;
  const { address } = body as { address?: Address };
  return [currentAddress, registeredAddress, address].flatMap((a) => a?.division ?? []);
}
