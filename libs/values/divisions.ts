export type DivisionLevel = 'city' | 'district' | 'street' | 'community';

/** One row of divisions.csv. Code of 4, 6, 9 or 12 digits by level. */
export interface Division {
  code: string;
  name: string;
  level: DivisionLevel;
  parent: string;
  validFrom: string;
  /** Empty while the code is in force. */
  validTo: string;
  successors: readonly string[];
}

const LEVELS: ReadonlySet<string> = new Set(['city', 'district', 'street', 'community']);
const DEEPEST = 12;

/**
 * The administrative divisions of one city, with closed codes and their successors. Codes of other places are valid without
 * being listed here; they are normalised and otherwise left alone.
 */
export class Divisions {
  private readonly byCode: ReadonlyMap<string, Division>;
  private readonly byName: ReadonlyMap<string, readonly Division[]>;

  constructor(rows: readonly Division[]) {
    this.byCode = new Map(rows.map((row) => [row.code, row]));
    const byName = new Map<string, Division[]>();
    for (const row of rows) byName.set(row.name, [...(byName.get(row.name) ?? []), row]);
    this.byName = byName;
  }

  /** Reads the text of divisions.csv (UTF-8, header code,name,level,parent,valid_from,valid_to,successor). Rows of no known level are left out. */
  static parse(csv: string): Divisions {
    const [header = '', ...lines] = csv.replace(/^\ufeff/u, '').split(/\r?\n/u);
    const columns = header.split(',').map((c) => c.trim());
    const at = (name: string): number => columns.indexOf(name);
    const [code, name, level, parent, from, to, successor] = ['code', 'name', 'level', 'parent', 'valid_from', 'valid_to', 'successor'].map(at);
    const rows: Division[] = [];
    for (const line of lines) {
      const cells = line.split(',').map((c) => c.trim().replace(/^"(.*)"$/u, '$1'));
      const cell = (i: number | undefined): string => (i === undefined || i < 0 ? '' : (cells[i] ?? ''));
      if (!LEVELS.has(cell(level))) continue;
      rows.push({
        code: cell(code), name: cell(name), level: cell(level) as DivisionLevel, parent: cell(parent), validFrom: cell(from), validTo: cell(to),
        successors: cell(successor).split(';').map((s) => s.trim()).filter((s) => s !== ''),
      });
    }
    return new Divisions(rows);
  }

  /** All rows, closed ones too, in file order. */
  all(): Iterable<Division> {
    return this.byCode.values();
  }

  /** The row of a code, in any spelling `normaliseDivisionCode` understands; undefined when not listed. */
  get(code: string): Division | undefined {
    return this.byCode.get(code) ?? this.byCode.get(normaliseDivisionCode(code) ?? '');
  }

  /** The Chinese name of a listed code. */
  nameOf(code: string): string | undefined {
    return this.get(code)?.name;
  }

  /**
   * The code in force today for a code as a source writes it: zeros restored, closed codes replaced by their successor. A code
   * closed into several successors, or whose chain does not end, keeps the deepest ancestor all successors share, if that is at
   * least a district; else undefined. Codes not listed (other cities) come back as they are; unreadable ones are undefined.
   */
  current(code: string): string | undefined {
    const normal = normaliseDivisionCode(code);
    return normal === undefined ? undefined : this.follow(normal, 0);
  }

  /** Divisions of that exact name, closed ones too; below `ancestor` when one is given. */
  findByName(name: string, ancestor?: string): readonly Division[] {
    const found = this.byName.get(name) ?? [];
    return ancestor === undefined ? found : found.filter((d) => d.code.startsWith(ancestor));
  }

  private follow(code: string, depth: number): string | undefined {
    const row = this.byCode.get(code);
    if (row === undefined) return this.unlisted(code, depth);
    if (row.successors.length === 0) return code;
    if (depth > 8) return undefined;
    const ends = new Set(row.successors.map((s) => this.follow(s, depth + 1)));
    if (ends.has(undefined)) return undefined;
    const [first, ...others] = [...ends] as string[];
    if (others.length === 0) return first;
    return sharedDivision(first ?? '', others);
  }

  /** Not in the file: another city's code, or a sub-code of a closed one, which goes with its parent where that is unambiguous. */
  private unlisted(code: string, depth: number): string | undefined {
    for (const length of [9, 6]) {
      if (code.length <= length) continue;
      const parent = this.byCode.get(code.slice(0, length));
      if (parent === undefined) continue;
      return parent.successors.length === 0 ? code : this.follow(parent.code, depth + 1);
    }
    return code;
  }
}

function sharedDivision(first: string, others: readonly string[]): string | undefined {
  for (const length of [9, 6]) {
    const prefix = first.slice(0, length);
    if (prefix.length === length && others.every((o) => o.startsWith(prefix))) return prefix;
  }
  return undefined;
}

/**
 * A division code in its own length: 2, 4, 6, 9 or 12 digits. Trailing zeros of a 12-digit code are restored where a system cut
 * them (`99010200101` → `990102001010`) and dropped where they only fill (`990102000000` → `990102`).
 * Undefined for anything but 2 to 12 digits.
 */
export function normaliseDivisionCode(code: string): string | undefined {
  if (!/^[1-9]\d{1,11}$/.test(code)) return undefined;
  const whole = code.padEnd(DEEPEST, '0');
  if (!whole.endsWith('000')) return whole;
  if (!whole.endsWith('000000')) return whole.slice(0, 9);
  if (!whole.endsWith('00000000')) return whole.slice(0, 6);
  return whole.endsWith('0000000000') ? whole.slice(0, 2) : whole.slice(0, 4);
}
