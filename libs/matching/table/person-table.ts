import type { SourceRecord } from '#libs/model/source-record';
import { readAddress } from '#libs/values/address';
import { readCitizenId } from '#libs/values/citizen-id';
import type { Divisions } from '#libs/values/divisions';
import { readDate } from '#libs/values/partial-date';
import { isTestName, readName } from '#libs/values/person-name';
import { readPhones } from '#libs/values/phone';
import type { HouseholdFeatures } from '../household-features.js';
import type { MatchModel } from '../match-model.js';
import { personFeatures } from '../person-features.js';
import { resolveFeatures } from '../resolve-all.js';
import type { TableRow } from './table-engine.js';

/** Columns of the flat person table that the built-in configuration `person` reads. */
export const PERSON_COLUMNS = ['record_id', 'system', 'name', 'id_no', 'birth_date', 'sex', 'phone', 'address', 'household_key'] as const;

/**
 * Clusters a flat person table with the person engine. Rows read once through the same value readers as any source
 * record; `household_key` makes households, whose kind the table does not tell. Returns a cluster label per row.
 */
export function matchPersonTable(rows: Iterable<TableRow>, divisions: Divisions, model: MatchModel): { recordId: string; clusterId: string }[] {
  const ids: string[] = [];
  const persons = [];
  const households = new Map<string, HouseholdFeatures>();
  for (const row of rows) {
    const record = recordOf(row, divisions);
    const f = personFeatures(record);
    ids.push(row['record_id']!);
    persons.push(f);
    for (const m of f.memberships) {
      if (households.has(m.household)) continue;
      households.set(m.household, { type: 'household', key: m.household, system: f.system, kind: m.kind, number: '', place: f.places[0], headId: '', headName: undefined, collective: false });
    }
  }
  const { persons: result } = resolveFeatures({ persons, households: [...households.values()], dwellings: [] }, [], model);
  return ids.map((recordId, i) => ({ recordId, clusterId: ids[result.cluster[i]!]! }));
}

function recordOf(row: TableRow, divisions: Divisions): SourceRecord<'person'> {
  const text = (column: (typeof PERSON_COLUMNS)[number]): string => row[column] ?? '';
  const system = text('system') || text('record_id').split(':')[0]!;
  const { name, formerNames } = readName(text('name'));
  const citizenId = readCitizenId(text('id_no'));
  const address = readAddress(text('address'), divisions);
  return {
    system,
    recordType: 'person',
    naturalKey: text('record_id').startsWith(`${system}:`) ? text('record_id').slice(system.length + 1) : text('record_id'),
    order: '',
    observedAt: '',
    state: 'current',
    test: citizenId?.status === 'placeholder' && isTestName(text('name')),
    origin: { source: 'table', position: 0 },
    body: {
      name,
      formerNames,
      citizenId,
      birthDate: readDate(text('birth_date'), 'any').date,
      sex: text('sex'),
      phones: readPhones(text('phone')),
      currentAddress: address,
      ...(text('household_key') === '' ? {} : { memberships: [{ kind: 'residential' as const, key: text('household_key') }] }),
    },
  };
}
