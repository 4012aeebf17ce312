import type { DataSource } from 'typeorm';
import type { Account } from '#libs/access/account';
import type { VisibleGolden } from '#libs/access/visible-golden';
import type { EntityId } from '#libs/kernel/ids';
import type { Address, CitizenIdReading, PersonName, Phone } from '#libs/model/values';
import type { OtherIdentifier } from '#libs/model/bodies';
import type { Sealing } from '#libs/platform/sealing';
import { addressSearchTerms, isWithin } from '#libs/values/address-search';
import type { VisibleEntities, VisibleEntity } from './visible-entities.js';

/** One exact value, in the canonical form the blind index was made of; or an address or a part of one that names an estate or a road. */
export type SearchTerm = { kind: 'citizenId' | 'phone' | 'name'; text: string } | { kind: 'address'; address: Address };

/** Where an address that was searched for stands. */
export interface FoundAddress {
  field: 'currentAddress' | 'registeredAddress';
  address: Address;
}

const BATCH = 100;

/** Exact search through blind indexes: the database sees neither the value nor what it belongs to. */
export class PersonSearch {
  constructor(
    private readonly db: DataSource,
    private readonly sealing: Sealing,
    private readonly entities: VisibleEntities,
  ) {}

  /**
   * Persons this account may see whose *visible* values hold the term, in order of id, from after `after`. The index knows what
   * scopes a value asks for: one of a hidden record is looked up like one that nobody has.
   */
  async find(term: SearchTerm, account: Account, after: EntityId | undefined, limit: number): Promise<VisibleEntity[]> {
    const found: VisibleEntity[] = [];
    const texts = term.kind === 'address' ? addressSearchTerms(term.address) : [term.text];
    const refs = texts.map((text) => this.sealing.ref(term.kind, text));
    for (let from = after ?? ''; found.length < limit;) {
      const rows = await this.db.query<{ entity_id: string }[]>(
        `select distinct s.entity_id from entity_search s join entity e on e.id = s.entity_id
          where s.value_ref = any($1) and s.kind = $2 and s.scopes <@ $5::text[] and s.entity_id > $3 and e.record_type = 'person' and e.state = 'active'
          order by s.entity_id limit $4`, [refs, term.kind, from, BATCH, account.facetScopes]);
      const visible = await this.entities.read(rows.map((r) => r.entity_id), account);
      for (const { entity_id } of rows) {
        const entity = visible.get(entity_id);
        if (entity && holds(entity.golden, term)) found.push(entity);
      }
      if (rows.length < BATCH) break;
      from = rows.at(-1)!.entity_id;
    }
    return found.slice(0, limit);
  }
}

/** Does this golden record show the term, as a winning, losing or listed value? */
export function holds(golden: VisibleGolden, term: SearchTerm): boolean {
  const all = (path: string): unknown[] => valuesOf(golden, path);
  switch (term.kind) {
    case 'citizenId':
      return all('citizenId').some((v) => (v as CitizenIdReading).value === term.text)
        || all('otherIdentifiers').some((v) => (v as OtherIdentifier).value === term.text);
    case 'phone':
      return all('phones').some((v) => (v as Phone).number === term.text);
    case 'name':
      return [...all('name'), ...all('formerNames')].some((v) => (v as PersonName).key === term.text);
    case 'address':
      return foundAddress(golden, term.address) !== undefined;
  }
}

/** The address of a person that lies in the one sought: where somebody lives before where they are registered, what is in force before what is not. */
export function foundAddress(golden: VisibleGolden, sought: Address): FoundAddress | undefined {
  const known = (['currentAddress', 'registeredAddress'] as const).map((field) => valuesOf(golden, field).map((value) => ({ field, address: value as Address })));
  const inForce = known.flatMap(([first]) => first ?? []);
  return [...inForce, ...known.flatMap(([, ...others]) => others)].find(({ address }) => isWithin(address, sought));
}

/** The value in force first, then those that lost. */
function valuesOf(golden: VisibleGolden, path: string): unknown[] {
  const field = golden.fields[path];
  return field ? [field.value, ...(field.others ?? []).map((o) => o.value)].flat() : [];
}
