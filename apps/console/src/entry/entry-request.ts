import type { EntryKind } from '#libs/entries/entry-requests';

/** What the form holds; names are those of the API, so that a fault of the hub lands at its field. */
export interface EntryValues {
  occurredOn?: string;
  person?: { name?: string; citizenId?: string };
  name?: string;
  citizenId?: string;
  sex?: string;
  birthDate?: string;
  ethnicGroup?: string;
  phone?: string;
  verified?: boolean;
  currentAddress?: string;
  registeredAddress?: string;
  mother?: { name?: string; citizenId?: string };
  direction?: 'arrived' | 'moved' | 'left';
  address?: string;
  change?: 'married' | 'divorced' | 'widowed' | 'joined';
  spouse?: { name?: string; citizenId?: string };
  householdId?: string;
  relation?: string;
}

/** Who the entry is about, when it is not somebody new: picked from a search, or named. */
export type About = { personId: string } | 'named' | undefined;

/** The fields of each kind. `move` asks for no address of somebody who left, `householdChange` for what goes with the change. */
export function fieldsOf(kind: EntryKind, values: EntryValues): (keyof EntryValues)[] {
  switch (kind) {
    case 'newPerson': return ['name', 'citizenId', 'sex', 'birthDate', 'ethnicGroup', 'phone', 'currentAddress', 'registeredAddress', 'mother'];
    case 'move': return values.direction === 'left' ? ['direction'] : ['direction', 'address'];
    case 'phone': return ['phone', 'verified'];
    case 'death': return [];
    case 'householdChange':
      return values.change === 'married' ? ['change', 'spouse', 'relation'] : values.change === 'joined' ? ['change', 'householdId', 'relation'] : ['change'];
  }
}

/** The body of POST /entries: the fields of its kind that were filled in, texts trimmed, nothing empty. */
export function entryRequest(kind: EntryKind, about: About, values: EntryValues): Record<string, unknown> {
  const who = kind === 'newPerson' || about === undefined ? {} : about === 'named' ? filled({ person: values.person }) : { personId: about.personId };
  const fields = Object.fromEntries(fieldsOf(kind, values).map((field) => [field, values[field]]));
  return { kind, ...who, ...filled({ occurredOn: values.occurredOn, ...fields }) };
}

function filled(values: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    if (typeof value === 'string') {
      if (value.trim() !== '') kept[key] = value.trim();
    } else if (typeof value === 'object' && value !== null) {
      const inner = filled(value as Record<string, unknown>);
      if (Object.keys(inner).length > 0) kept[key] = inner;
    } else if (value !== undefined && value !== null) kept[key] = value;
  }
  return kept;
}

/** A UUIDv7 (RFC 9562): the id of an entry is made before it is sent, so that sending it twice is one entry. */
export function newEntryId(now: number, random: Uint8Array): string {
  const bytes = Uint8Array.from(random.subarray(0, 16));
  for (let i = 0; i < 6; i += 1) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i)));
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
