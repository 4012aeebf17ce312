import { authorityTable } from '#libs/survivorship/authority';
import { EntityStore } from '#libs/resolution/entity-store';
import { EntityUpdater } from '#libs/resolution/entity-updater';
import { ChangeWriter } from '#libs/resolution/change-writer';
import { ReviewStore } from '#libs/resolution/review-store';
import { systemClock } from '#libs/kernel/clock';
import { personModel } from '#libs/matching/match-model';
import type { PersonBody } from '#libs/model/bodies';
import type { AnySourceRecord, SourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { replaceAuthority, type StoredAuthority } from '#libs/store/authority-store';
import { SourceRecordStore } from '#libs/store/source-record-store';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { readCitizenId } from '#libs/values/citizen-id';
import { readName } from '#libs/values/person-name';
import type { TestDatabase } from './test-database.js';

export const AUTHORITY: StoredAuthority[] = [
  { system: 'hukou', field: 'name', rank: 1 }, { system: 'hukou', field: 'citizenId', rank: 1 },
  { system: 'grid', field: 'currentAddress', rank: 2 }, { system: 'grid', field: 'phones', rank: 3 },
  { system: 'corrections', field: 'facets.correction', rank: 1 },
  { system: 'party-volunteer', field: 'facets.party', rank: 1 }, { system: 'party-volunteer', field: 'facets.volunteering', rank: 1 },
  { system: 'hub', field: 'currentAddress', rank: 1, condition: 'dated' },
];

/** A person record as a connector would read it; `name` and `citizenId` as text. */
export function personRecord(
  system: string, naturalKey: string, { name, citizenId, ...body }: Omit<PersonBody, 'name' | 'citizenId'> & { name?: string; citizenId?: string },
  more: Partial<SourceRecord<'person'>> = {},
): SourceRecord<'person'> {
  const id = citizenId === undefined ? undefined : readCitizenId(citizenId);
  return {
    system, recordType: 'person', naturalKey, order: '1', observedAt: '2026-03-31T00:00:00.000Z', state: 'current',
    body: { ...(name !== undefined && { name: readName(name).name! }), ...(id && { citizenId: id }), ...body },
    origin: { source: 'test', position: 1 }, ...more,
  };
}

/** Puts records through resolution itself, as the hub does for each batch. */
export async function resolveRecords(db: TestDatabase, sealing: Sealing, records: readonly AnySourceRecord[]): Promise<void> {
  const updater = new EntityUpdater(sealing, new SourceRecordStore(sealing), new EntityStore(sealing), systemClock);
  const writer = new ChangeWriter(sealing, updater, new ReviewStore(sealing), personModel(), systemClock);
  await new UnitOfWork(db.dataSource).run(async (tx) => {
    await writer.apply(tx, { records, decided: [] }, authorityTable(AUTHORITY), new Set(['corrections', 'party-volunteer']));
  });
}

export async function loadAuthority(db: TestDatabase): Promise<void> {
  await new UnitOfWork(db.dataSource).run((tx) => replaceAuthority(tx, AUTHORITY));
}
