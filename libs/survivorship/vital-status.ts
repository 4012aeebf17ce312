import type { PersonBody } from '#libs/model/bodies';
import type { GoldenFields, GoldenValue } from '#libs/model/golden-record';
import { chooseValue, issueTrust } from './choose-value.js';
import { byRecency, provenanceOf, standing, type Member, type SurvivorshipInput } from './member.js';
import { settles } from './settlement.js';

const VITAL = ['vitalStatus'];

/**
 * Death is believed at once from a source whose word suffices (`deathAlone`), otherwise from two different systems among the
 * witnesses (`deathWitness`); one witness alone makes the person suspectedDead. Reversible: it is worked out anew from the
 * current records each time, so a death revoked at its source ends here too.
 */
export function vitalFields(input: SurvivorshipInput, members: readonly Member[]): GoldenFields {
  const fields: GoldenFields = {};
  let alone: Member | undefined;
  const witnesses: Member[] = [];
  const settled = members.filter((m) => settles(m, 'vitalStatus', members)).sort(byRecency)[0];
  const alive: { member: Member; rank: number }[] = [];
  for (const member of members) {
    const status = (member.record.body as PersonBody).vitalStatus;
    if (status === undefined || issueTrust('vitalStatus', member) !== 0) continue;
    const place = standing(input, member, 'vitalStatus', VITAL, members);
    if (place === undefined) continue;
    if (status === 'alive') alive.push({ member, rank: place.rank });
    else if (status !== 'dead' || (settled !== undefined && member !== settled)) continue;
    else if (place.condition === 'deathAlone') alone = alone === undefined || byRecency(member, alone) < 0 ? member : alone;
    else if (place.condition === 'deathWitness' && !witnesses.some((w) => w.record.system === member.record.system)) witnesses.push(member);
  }
  alive.sort((a, b) => a.rank - b.rank || byRecency(a.member, b.member));
  witnesses.sort(byRecency);
  if (settled !== undefined && (settled.record.body as PersonBody).vitalStatus === 'alive') alone = undefined;
  const dead = alone ?? (witnesses.length >= 2 ? witnesses[0] : undefined);
  let status: GoldenValue | undefined;
  if (dead !== undefined) {
    status = { value: 'dead', provenance: provenanceOf(dead, 'vitalStatus', dead === settled ? 'settled' : alone === undefined ? 'twoSources' : 'authority') };
  } else if (witnesses.length === 1) {
    status = { value: 'suspectedDead', provenance: provenanceOf(witnesses[0]!, 'vitalStatus', 'oneWitness') };
  } else if (alive.length > 0) {
    status = { value: 'alive', provenance: provenanceOf(alive[0]!.member, 'vitalStatus', alive[0]!.member === settled ? 'settled' : alive.length === 1 ? 'onlyValue' : 'authority') };
  }
  if (status !== undefined) {
    if (status.value !== 'alive' && alive.length > 0) status.others = [{ value: 'alive', provenance: provenanceOf(alive[0]!.member, 'vitalStatus', 'lessAuthority') }];
    fields.vitalStatus = status;
  }
  if (dead !== undefined) {
    const believed = members.filter((m) => (m.record.body as PersonBody).vitalStatus === 'dead');
    const date = chooseValue(input, believed, { path: 'deathDate', authorityFields: VITAL, read: (body) => (body as PersonBody).deathDate });
    if (date !== undefined) fields.deathDate = date;
  }
  return fields;
}
