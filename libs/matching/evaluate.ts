/** How a partition compares with the truth; N records, e = size of a true entity, c = of a cluster, n = records they share. */
export interface Evaluation {
  records: number;
  entities: number;
  clusters: number;
  /** tp = Σ n(n−1)/2; precision = tp / Σ c(c−1)/2; recall = tp / Σ e(e−1)/2. */
  pairwise: { precision: number; recall: number; f1: number; truePositives: number; falsePositives: number; falseNegatives: number };
  /** precision = 1/N Σ n·n/c; recall = 1/N Σ n·n/e. */
  bcubed: { precision: number; recall: number; f1: number };
  /** Entities whose records form exactly one cluster, over all entities. */
  exactRate: number;
  /** Clusters with more than one entity; records in them that are not of their cluster's main entity. */
  falseMerges: { clusters: number; pairs: number; overmergedRecords: number; overmergedShare: number };
  /** Entities spread over more than one cluster. */
  splits: { entities: number; pairs: number; extraFragments: number };
}

/** Compares clusters with true entities, record by record; both are any labels. The definitions are those of the README of the benchmark. */
export function evaluate(entities: readonly (string | number)[], clusters: readonly (string | number)[]): Evaluation {
  const entitySize = new Map<string | number, number>();
  const clusterSize = new Map<string | number, number>();
  const cells = new Map<string | number, Map<string | number, number>>();
  entities.forEach((e, i) => {
    const c = clusters[i]!;
    entitySize.set(e, (entitySize.get(e) ?? 0) + 1);
    clusterSize.set(c, (clusterSize.get(c) ?? 0) + 1);
    const row = cells.get(c) ?? new Map<string | number, number>();
    cells.set(c, row);
    row.set(e, (row.get(e) ?? 0) + 1);
  });
  let [tp, bp, br, impure, over, exact] = [0, 0, 0, 0, 0, 0];
  const fragments = new Map<string | number, number>();
  for (const [c, row] of cells) {
    const size = clusterSize.get(c)!;
    let main = 0;
    for (const [e, n] of row) {
      tp += pairs(n);
      bp += (n * n) / size;
      br += (n * n) / entitySize.get(e)!;
      main = Math.max(main, n);
      fragments.set(e, (fragments.get(e) ?? 0) + 1);
      if (n === size && n === entitySize.get(e)) exact += 1;
    }
    if (row.size > 1) impure += 1;
    over += size - main;
  }
  const n = entities.length;
  const predicted = sum(clusterSize, pairs);
  const actual = sum(entitySize, pairs);
  const p = ratio(tp, predicted);
  const r = ratio(tp, actual);
  return {
    records: n,
    entities: entitySize.size,
    clusters: clusterSize.size,
    pairwise: { precision: p, recall: r, f1: f1(p, r), truePositives: tp, falsePositives: predicted - tp, falseNegatives: actual - tp },
    bcubed: { precision: ratio(bp, n), recall: ratio(br, n), f1: f1(ratio(bp, n), ratio(br, n)) },
    exactRate: ratio(exact, entitySize.size),
    falseMerges: { clusters: impure, pairs: predicted - tp, overmergedRecords: over, overmergedShare: n === 0 ? 0 : over / n },
    splits: { entities: sum(fragments, (k) => (k > 1 ? 1 : 0)), pairs: actual - tp, extraFragments: sum(fragments, (k) => k - 1) },
  };
}

function pairs(n: number): number {
  return (n * (n - 1)) / 2;
}
function sum(counts: ReadonlyMap<unknown, number>, f: (n: number) => number): number {
  let total = 0;
  for (const n of counts.values()) total += f(n);
  return total;
}
function ratio(a: number, b: number): number {
  return b === 0 ? 1 : a / b;
}
function f1(p: number, r: number): number {
  return p + r === 0 ? 0 : (2 * p * r) / (p + r);
}
