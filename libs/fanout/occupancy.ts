import type { DwellingBody, Membership } from '#libs/model/bodies';
import type { AuthorityTable } from '#libs/survivorship/authority';
import { survive } from '#libs/survivorship/survive';
import type { EntityMembers } from './entity-members.js';
import type { FanoutStore } from './fanout-store.js';
import type { ResidenceChange, Resident } from './occupancy-store.js';
import { dwellingDoors, residenceOf, type Residence } from './residence.js';
import { SharingRules } from './sharing-rules.js';
import { RESIDENTS_PATH, type Target } from './target.js';

const PAGE = 500;

/** Keeps who lives where for one target that is told the counts. */
export class Occupancy {
  constructor(private readonly store: FanoutStore, private readonly target: Target) {}

  /** What these persons' change means for where they live. An id that is merged or retired lives nowhere any more. */
  async changesOf(personIds: readonly string[]): Promise<ResidenceChange[]> {
    const { store, target } = this;
    const [members, rules, authority] = await Promise.all([store.entities.load(personIds), this.rules(), store.authority.current()]);
    const residences = new Map<string, Residence | undefined>();
    for (const id of personIds) {
      const person = members.get(id);
      if (person?.entityId !== id) residences.set(id, undefined);
      if (person !== undefined) residences.set(person.entityId, residenceOf(person, rules, authority));
    }
    return store.occupancy.changes(target.id, residences);
  }

  /** The doors of these dwellings as they are now. */
  async doorsOf(dwellingIds: readonly string[]): Promise<Map<string, string[]>> {
    const [members, authority] = await Promise.all([this.store.entities.load(dwellingIds), this.store.authority.current()]);
    return new Map(dwellingIds.map((id) => {
      const dwelling = members.get(id);
      return [id, dwelling?.entityId === id ? doorsOf(dwelling, authority) : []];
    }));
  }

  /** Works out everything anew, page by page: before a first connection, and after agreements changed. */
  async rebuild(): Promise<void> {
    const { store, target } = this;
    for await (const ids of this.pages('dwelling')) {
      const doors = await this.doorsOf(ids);
      await store.unitOfWork.run((tx) => store.occupancy.putDoors(tx, doors));
    }
    for await (const ids of this.pages('person')) {
      const changes = await this.changesOf(ids);
      await store.unitOfWork.run((tx) => store.occupancy.put(tx, target.id, changes));
    }
  }

  private async *pages(recordType: 'person' | 'dwelling'): AsyncIterable<string[]> {
    for (let after = ''; ;) {
      const page = await this.store.pool.query<{ id: string }>(
        `select id from entity where record_type = $1 and id > $2 order by id limit $3`, [recordType, after, PAGE]);
      if (page.rows.length === 0) return;
      after = page.rows.at(-1)!.id;
      yield page.rows.map((r) => r.id);
    }
  }

  private async rules(): Promise<SharingRules> {
    return new SharingRules(this.target.id, await this.store.agreements.forTarget(this.target.id), this.store.today());
  }
}

function doorsOf(dwelling: EntityMembers, authority: AuthorityTable): string[] {
  const fields = survive({ recordType: 'dwelling', members: dwelling.records, attached: dwelling.attached, authority });
  return dwellingDoors(fields['address']?.value as DwellingBody['address'], fields['code']?.value as string | undefined);
}

/**
 * Residents as they may be told, one line each with the household, in a fixed order. Whose household nobody knows lives with a
 * household that is known there; where none is known, all of them are one. Only words that the agreements of this moment let
 * through count.
 */
export function tellable(residents: readonly Resident[], rules: SharingRules): Membership[] {
  const counted = residents.filter((r) => rules.allows({ system: r.provider, body: {} }, RESIDENTS_PATH));
  const known = counted.flatMap((r) => r.household ?? []).sort()[0] ?? '';
  return counted.map((r): Membership => ({ kind: 'residential', key: r.household ?? known })).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}
