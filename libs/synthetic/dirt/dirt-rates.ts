/**
 * How often systems err. Every figure is the share of one system's person records (unless it says otherwise) before the system's own care is applied: the register (hukou) errs a fifth as often,
 * spreadsheets kept by hand half as often again ({@link CARE}). Together they give at least: 20 % of person records without a usable citizen ID, 25 % of phones shared in the family,
 * 15 % of names, births or addresses differing from the truth, 3 % kept twice inside one system.
 */
export interface DirtRates {
  /** 15-digit number of before 1999 kept as it was; only people born before 1985. */
  idFifteen: number;
  /** Digits typed in full width. */
  idFullWidth: number;
  /** Lower-case x, among numbers that end in X. */
  idLowerX: number;
  /** Spaces inside the number. */
  idSpaces: number;
  /** Leading apostrophe left by a spreadsheet. */
  idApostrophe: number;
  /** Last three digits 000: the number was once a number cell. */
  idZeros: number;
  /** One digit typed wrongly, so the check character fails. */
  idMistyped: number;
  /** Two neighbouring digits transposed; the check character fails as a rule. */
  idTransposed: number;
  /** A parent's number for a child, among people under 16. */
  idParents: number;
  /** Middle digits masked. */
  idMasked: number;
  /** Eighteen ones, 123456…, 不详, 无. */
  idPlaceholder: number;
  /** Not recorded. */
  idEmpty: number;
  /** Not recorded, among people under 7: papers come late. */
  idEmptyChild: number;
  /** The number before a correction, among people with one. */
  idFormer: number;

  /** A space or ideographic space inside the name. */
  nameSpaces: number;
  /** Another dot than U+00B7, or none, among names with a dot. */
  nameDot: number;
  /** A traditional or variant form of a character. */
  nameVariant: number;
  /** A character replaced by one that sounds the same. */
  nameHomophone: number;
  /** A character replaced by one that looks alike. */
  nameShape: number;
  /** The two characters of the given name exchanged. */
  nameTransposed: number;
  /** One character of a three-character name lost. */
  nameShort: number;
  /** A note in brackets, or the pet name, after the name. */
  nameBracket: number;
  /** The name before a change, among people who changed it. */
  nameFormer: number;
  /** A character outside GBK lost as ?, *, □, pinyin or a private-use code, among names with one. */
  nameRareLost: number;

  /** Birth date not recorded. */
  birthEmpty: number;
  /** 00000000 or 19000101. */
  birthNonsense: number;
  /** The lunar date in the column of the solar one; people born before 1990. */
  birthLunar: number;
  /** First of January because only the year was known. */
  birthDefault: number;
  /** Month and day exchanged where both orders are dates. */
  birthSwapped: number;
  /** One digit of the date wrong: a day, a month or a year beside the true one. */
  birthMistyped: number;
  /** Day 00 or month and day 00: only the month or year was known. */
  birthPartial: number;
  /** Sex entered wrongly. */
  sexWrong: number;

  /** Own number not recorded. */
  phoneEmpty: number;
  /** The number of another member of the family instead of the own one, among adults with a phone. */
  phoneFamily: number;
  /** The number given up years ago, which may be somebody else's today. */
  phoneOld: number;
  /** +86, leading 0, full width, spaces or two numbers in one field. */
  phoneForm: number;

  /** Not recorded. */
  addressEmpty: number;
  /** The room, or building and room, missing. */
  addressPartial: number;
  /** An address people have moved away from. */
  addressStale: number;
  /** A neighbour's door. */
  addressWrongDoor: number;
  /** Estate under its other name, among estates with one. */
  addressAlias: number;
  /** Road under its former name, among renamed roads. */
  addressOldRoad: number;
  /** Name of a closed street office or community. */
  addressClosed: number;
  /** A remark such as （对面）. */
  addressTag: number;

  /** A code of another table or an old edition, or a label where a code belongs, per coded column. */
  codeWrong: number;

  /** Persons kept twice under two keys of one system. */
  duplicate: number;
  /** Rows of one key repeated with older content, where the system keeps history. */
  staleRow: number;
  /** Records withdrawn by their system (deleted flag, cancelled). */
  withdrawn: number;
  /** Test rows: a test name and a test number. */
  testRow: number;
  /** Rows that cannot be read; at least two in every system. */
  malformed: number;
}

export const DIRT_RATES: DirtRates = {
  idFifteen: 0.03,
  idFullWidth: 0.006,
  idLowerX: 0.25,
  idSpaces: 0.007,
  idApostrophe: 0.004,
  idZeros: 0.008,
  idMistyped: 0.014,
  idTransposed: 0.006,
  idParents: 0.03,
  idMasked: 0.03,
  idPlaceholder: 0.012,
  idEmpty: 0.045,
  idEmptyChild: 0.12,
  idFormer: 0.55,

  nameSpaces: 0.012,
  nameDot: 0.55,
  nameVariant: 0.008,
  nameHomophone: 0.024,
  nameShape: 0.01,
  nameTransposed: 0.005,
  nameShort: 0.004,
  nameBracket: 0.005,
  nameFormer: 0.5,
  nameRareLost: 0.7,

  birthEmpty: 0.04,
  birthNonsense: 0.005,
  birthLunar: 0.012,
  birthDefault: 0.012,
  birthSwapped: 0.005,
  birthMistyped: 0.014,
  birthPartial: 0.004,
  sexWrong: 0.004,

  phoneEmpty: 0.09,
  phoneFamily: 0.16,
  phoneOld: 0.12,
  phoneForm: 0.04,

  addressEmpty: 0.03,
  addressPartial: 0.1,
  addressStale: 0.125,
  addressWrongDoor: 0.008,
  addressAlias: 0.2,
  addressOldRoad: 0.3,
  addressClosed: 0.06,
  addressTag: 0.012,

  codeWrong: 0.006,

  duplicate: 0.036,
  staleRow: 0.05,
  withdrawn: 0.012,
  testRow: 0.0006,
  malformed: 0.0004,
};

/** Factor on the identity rates (ID, name, birth, sex) per system: 1 is an ordinary office. */
export const CARE: Readonly<Record<string, number>> = {
  hukou: 0.2,
  'residence-permit': 1,
  'family-planning': 1.1,
  grid: 1.5,
  corrections: 0.7,
  'social-assistance': 0.8,
  disability: 0.6,
  'social-insurance': 0.6,
  'public-health': 1.7,
  'smart-community': 1,
  housing: 0.6,
  'party-volunteer': 1.5,
};

/** Rates for a city: the defaults times a number, or with single rates replaced. Shares never pass 1. */
export function dirtRates(choice: number | Partial<DirtRates> | undefined): DirtRates {
  if (typeof choice !== 'number') return { ...DIRT_RATES, ...choice };
  return Object.fromEntries(Object.entries(DIRT_RATES).map(([name, rate]) => [name, Math.min(1, rate * choice)])) as unknown as DirtRates;
}
