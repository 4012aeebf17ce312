/**
 * Which source is believed for what, as data. Rows come from `authority:` of every connector.yaml plus the rows of the
 * hub's own entries (schemas/canonical/hub-authority.json), through the table `authority`; no system is named in this room.
 *
 * A field is a canonical path: `citizenId`, `currentAddress`, `phones`, `facets.insurance`. A household of one kind is asked of
 * the source believed for `memberships.registered|living|residential`, or else `memberships`; a dwelling of that for `dwelling`.
 */
export interface AuthorityRow {
  system: string;
  field: string;
  /** Lower wins. `UNRANKED` is where sources without a row stand: a greater rank comes after all of them. */
  rank: number;
  condition?: string | null;
}

/** The rank of a source that no row names: it is asked after every ranked source, newest first. */
export const UNRANKED = 100;

/**
 * The closed list of conditions. A value whose condition is not met wins nothing.
 * - `verified`: only an element marked verified by its source (phones)
 * - `dated`: only a record that says since when it is true
 * - `birthBeforeRegister`: only of a birth (at most three years before the record was read) that no better ranked source has a
 *   current record of yet; of a household, only the latter
 * - `deathAlone`: this source's word on death is believed at once
 * - `deathWitness`: this source is one of those of whom two are needed to believe a death
 */
export const CONDITIONS = ['verified', 'dated', 'birthBeforeRegister', 'deathAlone', 'deathWitness'] as const;
export type Condition = (typeof CONDITIONS)[number];

export interface FieldAuthority {
  rank: number;
  condition?: Condition;
}

/** Field → system → rank and condition. */
export type AuthorityTable = ReadonlyMap<string, ReadonlyMap<string, FieldAuthority>>;

/** The row of a system for the first of these fields that has one. */
export function authorityOf(table: AuthorityTable, fields: readonly string[], system: string): FieldAuthority | undefined {
  for (const field of fields) {
    const found = table.get(field)?.get(system);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function isCondition(text: string): text is Condition {
  return (CONDITIONS as readonly string[]).includes(text);
}

/** Builds the table; an unknown condition makes the source worth nothing for that field rather than everything. */
export function authorityTable(rows: Iterable<AuthorityRow>): AuthorityTable {
  const table = new Map<string, Map<string, FieldAuthority>>();
  for (const row of rows) {
    let bySystem = table.get(row.field);
    if (bySystem === undefined) table.set(row.field, (bySystem = new Map()));
    const condition = row.condition ?? undefined;
    if (condition === undefined) bySystem.set(row.system, { rank: row.rank });
    else if (isCondition(condition)) bySystem.set(row.system, { rank: row.rank, condition });
    else bySystem.set(row.system, { rank: Number.MAX_SAFE_INTEGER });
  }
  return table;
}
