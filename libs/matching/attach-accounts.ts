import type { Attachment } from './candidate-pairs.js';
import { comparePlaces, PLACE_RELATION } from './compare-places.js';
import type { PersonFeatures } from './person-features.js';

/** Where an account with neither legal name nor usable ID belongs. */
export interface Attached {
  /** Position of the account, and of the record whose cluster it goes with. */
  index: number;
  to: number;
  probability: number;
}

/** Odds that the holder of a phone is somebody no record knows. */
const STRANGER = 0.06;
const SAME_HOME = 4;
const OTHER_HOME = 0.6;
const SURNAME_FITS = 6;
const SURNAME_DIFFERS = 0.15;

/**
 * Attaches accounts to the person their phone points to, weighed by how many records of that person carry it, the
 * dwelling, and the surname inside a nickname (罗叔). A phone that a family shares usually points to nobody.
 */
export function attachAccounts(features: readonly PersonFeatures[], cluster: Int32Array, attachments: readonly Attachment[]): Attached[] {
  const pulls = new Map<number, Map<number, { pull: number; record: number }>>();
  for (const { account, record } of attachments) {
    const pull = pullOf(features[account]!, features[record]!);
    if (pull === 0) continue;
    const byCluster = pulls.get(account) ?? new Map<number, { pull: number; record: number }>();
    pulls.set(account, byCluster);
    const c = cluster[record]!;
    const before = byCluster.get(c);
    byCluster.set(c, { pull: (before?.pull ?? 0) + pull, record: c });
  }
  const out: Attached[] = [];
  for (const [index, byCluster] of pulls) {
    let sum = STRANGER;
    let best = { pull: 0, record: -1 };
    for (const p of byCluster.values()) {
      sum += p.pull;
      if (p.pull > best.pull) best = p;
    }
    out.push({ index, to: best.record, probability: best.pull / sum });
  }
  return out;
}

function pullOf(account: PersonFeatures, record: PersonFeatures): number {
  if (account.sex !== 0 && record.sex !== 0 && account.sex !== record.sex) return 0;
  let pull = 1;
  let home: number = PLACE_RELATION.none;
  for (const p of account.places) for (const q of record.places) home = Math.max(home, comparePlaces(p, q));
  if (home >= PLACE_RELATION.tail) pull *= SAME_HOME;
  else if (home === PLACE_RELATION.other) pull *= OTHER_HOME;
  const nick = account.name;
  if (nick !== undefined && record.name !== undefined && !/^[小老阿]/.test(nick.key)) {
    pull *= nick.chars[0] === record.name.chars[0] ? SURNAME_FITS : SURNAME_DIFFERS;
  }
  return pull;
}
