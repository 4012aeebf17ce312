import { clusterEdges } from './constrained-clusters.js';
import { constraintsOf } from './decisions.js';
import type { Decision } from './decisions.js';
import { EdgeList } from './edge-list.js';
import type { DwellingFeatures } from './dwelling-features.js';

/** Dwellings are one when their code (FWBM) is, or when a steward says so. */
export function clusterDwellings(input: { features: readonly DwellingFeatures[]; decisions: readonly Decision[] }): { component: Int32Array; cluster: Int32Array } {
  const { features } = input;
  const first = new Map<string, number>();
  const edges = new EdgeList();
  features.forEach((f, i) => {
    if (f.code === '') return;
    const before = first.get(f.code);
    if (before === undefined) first.set(f.code, i);
    else edges.add(before, i, 1, 'identity');
  });
  return clusterEdges(features.length, edges, [], { keys: features, conflict: () => false, constraints: constraintsOf(input.decisions, features), margin: 0 });
}
