/** What a snapshot file's name says. */
export interface FileNameParts {
  /** `yyyymmdd`; a month alone gives its last possible day (31), so that it sorts after the days in it. */
  date?: string;
  sequence?: number;
}

const PARTS: Record<string, string> = { 'date:yyyyMMdd': '(?<date>\\d{8})', 'date:yyyyMM': '(?<date>\\d{6})', sequence: '(?<sequence>\\d+)' };

/**
 * Compiles a file name of connector.yaml (`CJR_{date:yyyyMMdd}.csv`) into a test of file names. Unknown parts in braces
 * are pushed to `faults`.
 */
export function fileNamePattern(spec: string, faults: string[] = []): (name: string) => FileNameParts | undefined {
  const source = spec.split(/(\{[^}]*\})/).map((piece) => {
    if (!piece.startsWith('{')) return piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const part = PARTS[piece.slice(1, -1)];
    if (part === undefined) faults.push(`connector.yaml: file ${spec}: ${piece} is none of {date:yyyyMMdd}, {date:yyyyMM}, {sequence}`);
    return part ?? '';
  }).join('');
  const pattern = new RegExp(`^${source}$`, 'u');
  return (name) => {
    // macOS writes Chinese file names decomposed.
    const groups = pattern.exec(name.normalize('NFC'));
    if (groups === null) return undefined;
    const { date, sequence } = groups.groups ?? {};
    return { date: date === undefined ? undefined : date.padEnd(8, '31'), sequence: sequence === undefined ? undefined : Number(sequence) };
  };
}
