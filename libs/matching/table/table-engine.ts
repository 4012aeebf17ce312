import { clusterEdges } from '../constrained-clusters.js';
import { EdgeList } from '../edge-list.js';
import { estimateM } from '../expectation-maximisation.js';
import type { PatternCount } from '../expectation-maximisation.js';
import { editDistance, jaroWinkler } from '../string-distance.js';
import type { TableComparison, TableConfig } from './table-config.js';

export type TableRow = Readonly<Record<string, string>>;

const LARGEST_BLOCK = 500;
/** Pairs taken at regular strides to estimate how often strangers agree. */
const STRANGER_PAIRS = 200_000;

/** Clusters the rows of any table: blocking, comparison, weights by expectation–maximisation on this very table, clustering. Returns a cluster label (a record id) per row. */
export function matchRows(rows: readonly TableRow[], config: TableConfig): string[] {
  const keys = rows.map((r, i) => ({ key: r[config.recordId] ?? `#${i}` }));
  const frequencies = config.comparisons.map((c) => (c.termFrequency === true ? frequencyOf(rows, c.column) : undefined));
  const pairs = candidatePairs(rows, config);
  const patterns = new Map<string, PatternCount>();
  const levelsOfPair = pairs.map(([a, b]) => {
    const levels = config.comparisons.map((c) => levelOf(c, rows[a]!, rows[b]!));
    const id = levels.join();
    const p = patterns.get(id);
    if (p === undefined) patterns.set(id, { levels, count: 1 });
    else p.count += 1;
    return levels;
  });
  const u = strangerLevels(rows, config);
  const start = u.map((levels) => levels.map((_, l) => (l === 0 ? levels[0]! : l === 1 ? 0.8 : 0.2 / (levels.length - 2))));
  const { m, matchShare } = estimateM([...patterns.values()], u, start);
  const prior = Math.log2((matchShare * pairs.length) / Math.max(1, (rows.length * (rows.length - 1)) / 2));
  const threshold = Math.log2(config.link / (1 - config.link));
  const edges = new EdgeList();
  pairs.forEach(([a, b], i) => {
    const levels = levelsOfPair[i]!;
    let weight = prior;
    config.comparisons.forEach((c, k) => {
      const l = levels[k]!;
      if (l === 0) return;
      const f = l === 1 ? frequencies[k]?.get(rows[a]![c.column]!) : undefined;
      weight += Math.log2(m[k]![l]! / (f ?? u[k]![l]!));
    });
    if (weight >= threshold) edges.add(a, b, weight, 'link');
  });
  const { cluster } = clusterEdges(rows.length, edges, [], { keys, conflict: () => false, constraints: { links: [], forbids: () => false, any: false }, margin: -1 });
  return Array.from(cluster, (i) => keys[i]!.key);
}

/** Level of one comparison: 0 when a value is missing, 1 best, the last one different. */
function levelOf(c: TableComparison, a: TableRow, b: TableRow): number {
  const x = a[c.column] ?? '';
  const y = b[c.column] ?? '';
  if (x === '' || y === '') return 0;
  if (x === y) return 1;
  if (c.swappedWith !== undefined && x === b[c.swappedWith] && y === a[c.swappedWith]) return 2;
  const first = c.swappedWith === undefined ? 2 : 3;
  const levels = c.method === 'exact' ? [] : (c.levels ?? []);
  const distance = c.method === 'edits' ? editDistance(x, y, levels.at(-1) ?? 2) : c.method === 'text' ? -jaroWinkler(x, y) : 0;
  for (let l = 0; l < levels.length; l++) if (distance <= (c.method === 'text' ? -levels[l]! : levels[l]!)) return first + l;
  return first + levels.length;
}

function countOfLevels(c: TableComparison): number {
  return 3 + (c.swappedWith === undefined ? 0 : 1) + (c.method === 'exact' ? 0 : (c.levels?.length ?? 0));
}

/** u probabilities, from pairs that are almost surely strangers. */
function strangerLevels(rows: readonly TableRow[], config: TableConfig): number[][] {
  const counts = config.comparisons.map((c) => new Array<number>(countOfLevels(c)).fill(0.5));
  const n = rows.length;
  const wanted = Math.min(STRANGER_PAIRS, (n * (n - 1)) / 2);
  // A linear congruence walks the pairs evenly and the same way every time.
  for (let k = 0, x = 1; k < wanted && n > 1; k++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    const a = x % n;
    const b = (a + 1 + ((x >>> 7) % (n - 1))) % n;
    config.comparisons.forEach((c, i) => {
      counts[i]![levelOf(c, rows[a]!, rows[b]!)]! += 1;
    });
  }
  return counts.map((levels) => {
    const known = levels.reduce((s, v, l) => (l === 0 ? s : s + v), 0);
    return levels.map((v, l) => (l === 0 ? 0.5 : v / known));
  });
}

function frequencyOf(rows: readonly TableRow[], column: string): Map<string, number> {
  const counts = new Map<string, number>();
  let n = 0;
  for (const r of rows) {
    const v = r[column] ?? '';
    if (v === '') continue;
    counts.set(v, (counts.get(v) ?? 0) + 1);
    n += 1;
  }
  for (const [v, k] of counts) counts.set(v, k / n);
  return counts;
}

function candidatePairs(rows: readonly TableRow[], config: TableConfig): [number, number][] {
  const seen = new Set<number>();
  const pairs: [number, number][] = [];
  for (const rule of config.blocking) {
    const blocks = new Map<string, number[]>();
    rows.forEach((r, i) => {
      const parts = rule.map((column) => blockValue(r, column));
      if (parts.includes('')) return;
      const key = parts.join('\u0001');
      const block = blocks.get(key);
      if (block === undefined) blocks.set(key, [i]);
      else block.push(i);
    });
    for (const block of blocks.values()) {
      if (block.length > (config.largestBlock ?? LARGEST_BLOCK)) continue;
      for (let i = 0; i < block.length; i++) {
        for (let j = i + 1; j < block.length; j++) {
          const id = block[i]! * rows.length + block[j]!;
          if (seen.has(id)) continue;
          seen.add(id);
          pairs.push([block[i]!, block[j]!]);
        }
      }
    }
  }
  return pairs;
}

function blockValue(r: TableRow, column: string): string {
  const [name, length] = column.split(':');
  if (length !== undefined) return (r[name!] ?? '').slice(0, Number(length));
  if (column.endsWith('~')) return Array.from(r[column.slice(0, -1)] ?? '').sort().join('');
  return r[column] ?? '';
}
