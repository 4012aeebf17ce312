import { compareUtf8 } from '#libs/kernel/hashing';
import type { Attachment } from './candidate-pairs.js';
import { comparePlaces, PLACE_RELATION } from './compare-places.js';
import { nicknameFit } from './nickname-fit.js';
import type { PersonFeatures } from './person-features.js';

/** Where an account with neither legal name nor usable ID belongs. */
export interface Attached {
  /** Position of the account, and of the first record of the cluster it goes with. */
  index: number;
  to: number;
  probability: number;
}

/** Odds that the holder of a phone is somebody no record knows (recycled, or a child's account on a parent's phone). */
const STRANGER = 0.06;
const SAME_HOME = 3;
const OTHER_HOME = 0.5;

interface Pull {
  /** Records of the person with this phone, and with any. */
  records: number;
  phoned: number;
  home: number;
  fit: number;
}

/**
 * Attaches accounts to the person their phone points to, weighed by how many and which share of that person's
 * records carry it, by the dwelling, and by what a nickname says (罗叔, 婷婷). A phone that a family shares usually points to nobody.
 */
export function attachAccounts(features: readonly PersonFeatures[], cluster: Int32Array, attachments: readonly Attachment[]): Attached[] {
  const phoned = recordsWithPhone(features, cluster, attachments);
  const pulls = new Map<number, Map<number, Pull>>();
  for (const { account, record } of attachments) {
    const a = features[account]!;
    const r = features[record]!;
    let byCluster = pulls.get(account);
    if (byCluster === undefined) pulls.set(account, (byCluster = new Map()));
    const c = cluster[record]!;
    const pull = byCluster.get(c) ?? { records: 0, phoned: phoned.get(c)!, home: PLACE_RELATION.none, fit: a.name === undefined ? 1 : 0 };
    byCluster.set(c, pull);
    pull.records += 1;
    for (const p of a.places) for (const q of r.places) pull.home = Math.max(pull.home, comparePlaces(p, q));
    if (a.name !== undefined && r.name !== undefined) pull.fit = Math.max(pull.fit, nicknameFit(a.name, r.name, r.sex));
  }
  const out: Attached[] = [];
  for (const [index, byCluster] of pulls) {
    let sum = STRANGER;
    let best = 0;
    let to = -1;
    for (const [c, p] of byCluster) {
      const odds = oddsOf(p);
      sum += odds;
      if (odds > best || (odds === best && to >= 0 && compareUtf8(features[c]!.key, features[to]!.key) < 0)) {
        best = odds;
        to = c;
      }
    }
    if (to >= 0) out.push({ index, to, probability: rounded(best / sum) });
  }
  return out;
}

/** Sums in another order differ in the last bits; the threshold must not see that. */
function rounded(p: number): number {
  return Math.round(p * 1e6) / 1e6;
}

/** How many records of each cluster in question carry a phone at all: who lists another one elsewhere only borrows this one. */
function recordsWithPhone(features: readonly PersonFeatures[], cluster: Int32Array, attachments: readonly Attachment[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const t of attachments) counts.set(cluster[t.record]!, 0);
  if (counts.size > 0) {
    features.forEach((f, i) => {
      const c = counts.get(cluster[i]!);
      if (c !== undefined && f.phones.length > 0 && !f.attachable && !f.mention && !f.restricted) counts.set(cluster[i]!, c + 1);
    });
  }
  return counts;
}

function oddsOf(p: Pull): number {
  const home = p.home >= PLACE_RELATION.tail ? SAME_HOME : p.home === PLACE_RELATION.other ? OTHER_HOME : 1;
  return ((p.records * p.records) / p.phoned) * home * p.fit;
}
