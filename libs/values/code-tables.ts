import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The tables of `schemas/codes`, by file name. */
export const CODE_TABLE_NAMES = [
  'address-element', 'disability-category', 'education', 'education-1984', 'employment', 'ethnic-group', 'health-status',
  'hukou-nature', 'hukou-person-status', 'kinship', 'kinship-b', 'kinship-short', 'left-behind-type', 'marital-status',
  'occupation-major', 'political-status', 'residence-consistency', 'residence-place', 'residence-reason-a',
  'residence-reason-b', 'residence-type-b', 'sex', 'urban-rural-class',
] as const;
export type CodeTableName = (typeof CODE_TABLE_NAMES)[number];

interface CodeTableFile {
  standard: string;
  title: string;
  titleEn: string;
  codes: Record<string, string>;
  aliases?: Record<string, string>;
}

/** One code table: which codes exist, what they are called, and which code a label stands for. */
export class CodeTable {
  readonly standard: string;
  readonly title: string;
  readonly titleEn: string;
  private readonly labels: ReadonlyMap<string, string>;
  private readonly codesByLabel: ReadonlyMap<string, string>;

  constructor(file: CodeTableFile) {
    this.standard = file.standard;
    this.title = file.title;
    this.titleEn = file.titleEn;
    this.labels = new Map(Object.entries(file.codes));
    this.codesByLabel = new Map([
      ...Object.entries(file.aliases ?? {}),
      ...Object.entries(file.codes).map(([code, label]) => [label, code] as const),
    ]);
  }

  /** True when `code` stands in the table exactly as written. */
  has(code: string): boolean {
    return this.labels.has(code);
  }

  /** The standard's Chinese label, or undefined for an unknown code. */
  label(code: string): string | undefined {
    return this.labels.get(code);
  }

  /** All codes, in the order of the file. */
  codes(): string[] {
    return [...this.labels.keys()];
  }

  /**
   * The code a label stands for: the standard's label, a short form (`汉` for `汉族`, `大专`), and both after an office's own
   * number (`34-租赁房屋`: the number is the office's, so only the label counts). Undefined when unknown, never a default.
   */
  codeOf(label: string): string | undefined {
    const direct = this.codesByLabel.get(label);
    if (direct !== undefined) return direct;
    const text = label.normalize('NFKC').replace(/\s+/gu, '').replace(OFFICE_NUMBER, '');
    return this.codesByLabel.get(text);
  }
}

const OFFICE_NUMBER = /^[0-9A-Za-z]{1,4}[-—_.、:：]/u;

const loaded = new Map<CodeTableName, CodeTable>();

/** The named table, read once. */
export function codeTable(name: CodeTableName): CodeTable {
  let table = loaded.get(name);
  if (table === undefined) {
    table = new CodeTable(require(`#schemas/codes/${name}.json`) as CodeTableFile);
    loaded.set(name, table);
  }
  return table;
}
