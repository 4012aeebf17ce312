/** One thing that a connector must do, and whether it does. */
export interface Check {
  /** Stable, e.g. `write.twice`. */
  id: string;
  zh: string;
  en: string;
  outcome: 'passed' | 'failed' | 'notRun';
  /** What was found, or why it was not run: names of columns, files and codes; never a personal value. */
  detail?: string;
}

/** What becomes of one canonical field on its way into a target and back. */
export interface FieldLoss {
  field: string;
  columns: string[];
  /** In words, one a kind of loss; empty: the target holds the field as it is. */
  losses: string[];
}

export interface Certificate {
  connector: string;
  /** `yyyy-mm-dd`. */
  day: string;
  passed: boolean;
  checks: Check[];
  lossiness: FieldLoss[];
}

/** Runs one check: a thrown error is a failure with its message. Return a text to pass with a detail. */
export async function check(id: string, zh: string, en: string, work: () => Promise<string | void> | string | void): Promise<Check> {
  try {
    const detail = await work();
    return { id, zh, en, outcome: 'passed', ...(typeof detail === 'string' && { detail }) };
  } catch (error) {
    if (error instanceof NotRun) return { id, zh, en, outcome: 'notRun', detail: error.message };
    return { id, zh, en, outcome: 'failed', detail: (error as Error).message };
  }
}

/** Thrown inside a check that has nothing to run on. */
export class NotRun extends Error {}

/** Fails a check in words that an author can act on. */
export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
