/** One codes/*.csv of a connector, read both ways. */
export interface CodeMap {
  /** Source code → canonical code. */
  readonly in: ReadonlyMap<string, string>;
  /** Canonical code → source code. */
  readonly out: ReadonlyMap<string, string>;
}

/**
 * Reads `source_code,canonical_code,direction` (direction `in`, `out` or `both`; a fourth column is a note).
 * Faults are pushed as sentences: a wrong header or direction, a code mapped twice in one direction.
 */
export function parseCodeMap(csv: string, name: string, faults: string[]): CodeMap {
  const inward = new Map<string, string>();
  const outward = new Map<string, string>();
  const lines = csv.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (!/^source_code,canonical_code,direction(,note)?$/.test(lines[0] ?? '')) {
    faults.push(`codes/${name}.csv: the header must be source_code,canonical_code,direction[,note]`);
  }
  lines.slice(1).forEach((line, i) => {
    if (line.trim() === '') return;
    const [source = '', canonical = '', direction = ''] = line.split(',');
    const where = `codes/${name}.csv line ${i + 2}`;
    if (!['in', 'out', 'both'].includes(direction)) faults.push(`${where}: direction is in, out or both`);
    if (direction !== 'out') put(inward, source, canonical, `${where}: source code ${source} is mapped twice`, faults);
    if (direction !== 'in') put(outward, canonical, source, `${where}: canonical code ${canonical} is written in two ways`, faults);
  });
  return { in: inward, out: outward };
}

function put(map: Map<string, string>, key: string, value: string, fault: string, faults: string[]): void {
  if (map.has(key)) faults.push(fault);
  else map.set(key, value);
}
