import { recordKey } from '#libs/kernel/record-key';
import type { RecordKey } from '#libs/kernel/record-key';
import type { SourceRecord } from '#libs/model/source-record';
import type { HouseholdKind } from '#libs/model/values';
import { nameFeatures } from './name-features.js';
import type { NameFeatures } from './name-features.js';
import { placeFeatures } from './place-features.js';
import type { PlaceFeatures } from './place-features.js';

/** Everything matching needs of a household record; who its members are comes with the stage. */
export interface HouseholdFeatures {
  readonly type: 'household';
  readonly key: RecordKey;
  readonly system: string;
  readonly kind: HouseholdKind;
  readonly number: string;
  readonly place: PlaceFeatures | undefined;
  readonly headId: string;
  readonly headName: NameFeatures | undefined;
  /** A dormitory or other collective: never a family, never evidence about its members. */
  readonly collective: boolean;
}

/** A household that says nothing of its type but has more members than this is taken for a collective. */
export const LARGEST_FAMILY = 15;

export function householdFeatures(record: SourceRecord<'household'>): HouseholdFeatures {
  const b = record.body;
  return {
    type: 'household',
    key: recordKey(record.system, 'household', record.naturalKey),
    system: record.system,
    kind: b.kind,
    number: b.number ?? '',
    place: placeFeatures(b.address),
    headId: b.headCitizenId?.status === 'valid' ? b.headCitizenId.value : '',
    headName: nameFeatures(b.headName, true),
    collective: b.type === 'collective',
  };
}
