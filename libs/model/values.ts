/**
 * Values as a source record holds them after mapping. `libs/values` produces them from raw text; matching and
 * survivorship read them. A value that cannot be trusted is absent here and named in the record's quality issues,
 * except a citizen ID and a name, whose damaged forms are evidence and keep their status.
 */

/**
 * How far a text in a citizen-ID column can be trusted (GB 11643).
 * - `valid` 18 characters, check digit right, real date (also when upgraded from 15: then `upgraded`)
 * - `checksum` 18 characters, plausible, check digit wrong   - `masked` visible digits and `*`
 * - `truncated` spreadsheet damage (`…000`, 9.901E+17)        - `partial` other digits, wrong length
 * - `temporary` source-local (LS + 16)                        - `pseudo` foreigner pseudo-id (CAN0QE520695)
 * - `residencePermit` 81/82/83… permit of 港澳台              - `passport`
 * - `placeholder` 111…, 123456…, 不详, 无 (carries no evidence; value '')
 */
export type CitizenIdStatus =
  | 'valid' | 'checksum' | 'masked' | 'truncated' | 'partial' | 'temporary' | 'pseudo' | 'residencePermit' | 'passport' | 'placeholder';

export interface CitizenIdReading {
  status: CitizenIdStatus;
  /** Normalised: NFKC, no spaces or apostrophe, upper case, 15 digits upgraded to 18. */
  value: string;
  upgraded?: boolean;
}

export interface PersonName {
  /** Display form: inner spaces of a Han name removed, dots as U+00B7, bracket note stripped. */
  value: string;
  /** Comparison key: simplified, variants folded, no dots, no spaces, lower case. */
  key: string;
  /** The source cut it at its byte width: only a prefix is known. */
  cut?: boolean;
  /** Holds a wildcard for an unreadable character (`?`, `*`, `□`, pinyin): `?` stands at that place in `key`. */
  wildcard?: boolean;
  /** A nickname or title (罗叔), no legal name. */
  nickname?: boolean;
}

export type DatePrecision = 'year' | 'month' | 'day';

export interface PartialDate {
  /** `yyyy`, `yyyy-mm` or `yyyy-mm-dd`, as far as `precision` says. */
  date: string;
  precision: DatePrecision;
  calendar: 'gregorian' | 'lunar';
  /** From a timestamp source: may be one day off. */
  slippable?: boolean;
  /** A 01-01 default: treated as a year in comparisons. */
  suspectedDefault?: boolean;
}

export interface Phone {
  /** Digits only, no +86, no leading zero of a mobile number; landlines with area code. */
  number: string;
  verified?: boolean;
  /** Whose it is said to be. Only `own` is a phone of the person. */
  holder?: 'own' | 'guardian' | 'landlord';
}

export interface Address {
  /** Deepest known division code (6, 9 or 12 digits), recoded to one valid today when successors are unambiguous. */
  division?: string;
  /** Names of a place outside the city's own divisions: `疆南屯市江口县高坎街道`. */
  place?: string;
  /** 小区, or village with its group (`马家村6组`) */
  estate?: string;
  road?: string;
  /** House number on the road, without 号. */
  number?: string;
  /** 幢, digits or letters, one spelling (`3`). */
  building?: string;
  unit?: string;
  floor?: string;
  /** `301`, leading zeros stripped. */
  room?: string;
  /** 空挂户, 对面, 集体户, 宿舍 … */
  tags?: string[];
  /** What the source wrote. */
  raw: string;
}

export type HouseholdKind = 'registered' | 'living' | 'residential';
