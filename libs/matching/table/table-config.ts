import { ConfigurationError } from '#libs/kernel/errors';

/** How a column of a plain table is compared; levels from best to worst, the last one "different" is implied. */
export interface TableComparison {
  column: string;
  /** `exact`; `text` by Jaro–Winkler at `levels` (similarities, falling); `edits` by edit distance at `levels` (rising). */
  method: 'exact' | 'text' | 'edits';
  levels?: number[];
  /** A second column whose values may have changed places with this one (given name and surname). */
  swappedWith?: string;
  /** Rare values count more: agreement is weighed by the frequency of the value. */
  termFrequency?: boolean;
}

export interface TableConfig {
  recordId: string;
  comparisons: TableComparison[];
  /** Each rule: columns that must agree for a pair to be compared. `column:3` means its first three characters, `column~` its sorted letters. */
  blocking: string[][];
  /** Link probability above which two records are one. */
  link: number;
  /** Largest block that still proposes pairs. */
  largestBlock?: number;
}

/** Checks a table configuration read from JSON. Throws ConfigurationError listing every fault. */
export function readTableConfig(json: unknown): TableConfig {
  const faults: string[] = [];
  const c = (json ?? {}) as Partial<TableConfig>;
  if (typeof c.recordId !== 'string' || c.recordId === '') faults.push('recordId: name the column that identifies a record');
  if (!Array.isArray(c.comparisons) || c.comparisons.length === 0) faults.push('comparisons: name at least one column to compare');
  for (const [i, x] of (c.comparisons ?? []).entries()) {
    if (typeof x.column !== 'string') faults.push(`comparisons[${i}].column: missing`);
    if (!['exact', 'text', 'edits'].includes(x.method)) faults.push(`comparisons[${i}].method: exact, text or edits`);
    if (x.method !== 'exact' && (!Array.isArray(x.levels) || x.levels.length === 0)) faults.push(`comparisons[${i}].levels: missing`);
  }
  if (!Array.isArray(c.blocking) || c.blocking.length === 0 || c.blocking.some((b) => !Array.isArray(b) || b.length === 0)) faults.push('blocking: a list of lists of columns');
  if (!(typeof c.link === 'number' && c.link > 0 && c.link < 1)) faults.push('link: a probability between 0 and 1');
  if (faults.length > 0) throw new ConfigurationError('The match configuration', faults);
  return c as TableConfig;
}
