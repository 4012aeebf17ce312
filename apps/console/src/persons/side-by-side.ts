import type { GoldenFields, GoldenValue } from '#libs/model/golden-record';
import type { PersonBody } from '#libs/model/bodies';
import type { RecordView } from '#libs/entries/controllers/golden-views';

/**
 * How a system's value stands to the golden record's: `winner` it is in force, `same` it agrees, `different` it does not,
 * `echo` it only repeats what the hub wrote there, `none` the system says nothing.
 */
export type Mark = 'winner' | 'same' | 'different' | 'echo' | 'none';

export interface Cell {
  texts: string[];
  mark: Mark;
  /** What the system wrote, where it differs from the canonical value. */
  raw?: string;
  /** Code of a doubt about this field. */
  issue?: string;
}

export interface ComparedRow {
  path: string;
  golden: string[];
  /** Systems the golden value comes from, without doubles. */
  origins: string[];
  reason?: string;
  /** In the order of the records. */
  cells: Cell[];
  /** Some system says otherwise. */
  differs: boolean;
}

const ORDER = [
  'name', 'formerNames', 'citizenId', 'otherIdentifiers', 'sex', 'birthDate', 'ethnicGroup', 'registeredAddress', 'currentAddress', 'dwellingCode', 'phones',
  'maritalStatus', 'education', 'politicalStatus', 'occupation', 'residency', 'vitalStatus', 'deathDate', 'relatives',
  'memberships.registered', 'memberships.living', 'memberships.residential',
];

/** Fields as rows, records as columns. `textsOf` puts a value into words; equal words are equal values. */
export function sideBySide(fields: GoldenFields, records: readonly RecordView[], textsOf: (path: string, value: unknown) => string[]): ComparedRow[] {
  const paths = new Set([...Object.keys(fields), ...records.flatMap((r) => pathsOf(r.body))]);
  return [...paths].sort(byOrder).flatMap((path) => {
    const field = fields[path];
    const golden = field === undefined ? [] : textsOf(path, field.value);
    const winners = new Set(provenances(field).map((p) => p.record));
    const cells = records.map((record) => cellOf(record, path, new Set(golden), winners, textsOf));
    if (golden.length === 0 && cells.every((c) => c.texts.length === 0)) return [];
    const reason = field?.provenance.reason;
    return [{
      path, golden, origins: [...new Set(provenances(field).map((p) => p.system))], ...(reason !== undefined && { reason }), cells,
      differs: cells.some((c) => c.mark === 'different'),
    }];
  });
}

function cellOf(record: RecordView, path: string, golden: ReadonlySet<string>, winners: ReadonlySet<string>, textsOf: (path: string, value: unknown) => string[]): Cell {
  const texts = textsOf(path, valueAt(record.body, path));
  const raw = record.raw?.[path];
  const issue = (record.issues as { field: string; code: string }[] | undefined)?.find((i) => i.field === path || i.field.startsWith(`${path}.`))?.code;
  return { texts, mark: markOf(), ...(raw !== undefined && !texts.includes(raw) && { raw }), ...(issue !== undefined && { issue }) };

  function markOf(): Mark {
    if (texts.length === 0) return 'none';
    if (record.hubOrigin?.some((f) => f === path || f.startsWith(`${path}.`))) return 'echo';
    if (winners.has(record.key)) return 'winner';
    // Every list a system keeps is its own; only a value nobody took over differs. Without a golden value nothing is in force.
    return golden.size > 0 && texts.every((text) => golden.has(text)) ? 'same' : 'different';
  }
}

function provenances(field: GoldenValue | undefined): { record: string; system: string }[] {
  if (field === undefined) return [];
  return field.itemProvenance ?? [field.provenance];
}

/** Canonical paths of a body; each facet is one, and each kind of household a person is listed in. */
function pathsOf(body: PersonBody): string[] {
  const { facets = {}, memberships = [], ...rest } = body;
  return [...Object.keys(rest), ...memberships.map((m) => `memberships.${m.kind}`), ...Object.keys(facets).map((f) => `facets.${f}`)];
}

function valueAt(body: PersonBody, path: string): unknown {
  const [first, kind] = path.split('.');
  if (first === 'memberships') return body.memberships?.filter((m) => m.kind === kind);
  return path.split('.').reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined), body);
}

function byOrder(a: string, b: string): number {
  const place = (path: string): number => (ORDER.includes(path) ? ORDER.indexOf(path) : ORDER.length);
  return place(a) - place(b) || (a < b ? -1 : 1);
}
