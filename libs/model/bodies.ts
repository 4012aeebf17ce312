import type { Address, CitizenIdReading, HouseholdKind, PartialDate, PersonName, Phone } from './values.js';

/** Codes are national: sex GB/T 2261.1, ethnicGroup GB/T 3304, maritalStatus GB/T 2261.2, education GB/T 4658-2006,
 *  politicalStatus GB/T 4762, relation GB/T 4761-2008 (two digits). Dates `yyyy-mm-dd`. */
export interface PersonBody {
  citizenId?: CitizenIdReading;
  otherIdentifiers?: OtherIdentifier[];
  name?: PersonName;
  formerNames?: PersonName[];
  sex?: string;
  birthDate?: PartialDate;
  ethnicGroup?: string;
  maritalStatus?: string;
  education?: string;
  politicalStatus?: string;
  occupation?: string;
  phones?: Phone[];
  registeredAddress?: Address;
  currentAddress?: Address;
  vitalStatus?: 'alive' | 'suspectedDead' | 'dead';
  deathDate?: PartialDate;
  residency?: 'present' | 'left' | 'away';
  relatives?: Relative[];
  /** The households of the same source system this person is listed in. */
  memberships?: Membership[];
  /** Code of the dwelling (FWBM, 25 digits) the source names outright. */
  dwellingCode?: string;
  facets?: PersonFacets;
}

export type IdentifierKind = 'formerCitizenId' | 'residencePermit' | 'passport' | 'temporary' | 'pseudo' | 'permitNumber' | 'disabilityCertificate' | 'birthCertificate';

export interface OtherIdentifier {
  kind: IdentifierKind;
  value: string;
  from?: string;
  to?: string;
}

export interface Relative {
  role: 'father' | 'mother' | 'spouse' | 'guardian' | 'householdContact' | 'landlord';
  name?: PersonName;
  citizenId?: CitizenIdReading;
}

export interface Membership {
  kind: HouseholdKind;
  /** Natural key of the household record. */
  key: string;
  /** System of that household record; absent: the person record's own. The hub has no household records, so an entry names another's. */
  system?: string;
  /** GB/T 4761-2008, relation to the head or contact. */
  relation?: string;
}

/** Facts of one department. `correction` and `party` are restricted: never shared values, never evidence to outsiders. */
export interface PersonFacets {
  assistance?: { types?: string[]; tags?: string[]; from?: string; to?: string };
  disability?: { category?: string; level?: string; certificate?: string; status?: string };
  insurance?: { personNumber?: string; status?: string; employerCode?: string; employerName?: string; firstMonth?: string };
  permit?: { number?: string; place?: string; reason?: string; relationToLandlord?: string; from?: string; to?: string; cancelled?: boolean };
  correction?: { kind?: string; from?: string; to?: string; outOfControl?: boolean };
  party?: { branch?: string; joined?: string; residenceType?: string };
  volunteering?: { hours?: number };
  healthService?: { senior?: boolean; contracted?: boolean; organisation?: string };
  communityAccount?: { consents?: string[]; registeredAt?: string };
  grid?: { code?: string; street?: string; flags?: string[]; flowReason?: string };
  familyPlanning?: { hukouNature?: string; children?: number };
}

export interface HouseholdBody {
  kind: HouseholdKind;
  number?: string;
  type?: 'family' | 'collective' | 'empty';
  address?: Address;
  headName?: PersonName;
  headCitizenId?: CitizenIdReading;
  population?: number;
  closed?: boolean;
  /** Household facts of one department (aid of the family). */
  facets?: { assistance?: { types?: string[]; certificate?: string; from?: string; to?: string } };
}

export interface DwellingBody {
  /** FWBM, 25 digits. */
  code?: string;
  address?: Address;
  use?: string;
  /** m², two decimals, as text so that nothing is rounded. */
  area?: string;
  owners?: { name?: PersonName; citizenId?: CitizenIdReading }[];
}

export interface BodyByType {
  person: PersonBody;
  household: HouseholdBody;
  dwelling: DwellingBody;
}

/** Facets that only their own scope may see. */
export const RESTRICTED_FACETS = ['correction', 'party'] as const;
