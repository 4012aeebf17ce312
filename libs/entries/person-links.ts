import type { RecordKey } from '#libs/kernel/record-key';
import type { PairExplanation } from '#libs/matching/explain-pair';
import type { SourceRecord } from '#libs/model/source-record';
import type { LoadedMember } from './entity-loader.js';
import type { PairExplainer } from './pair-explainer.js';
import type { VisibleEntity } from './visible-entities.js';

/** One record of a person and the record that ties it to the others best. */
export interface PersonLink {
  records: [RecordKey, RecordKey];
  explanation: PairExplanation;
}

/** More records than any resident has; the pairs of a damaged cluster would otherwise take seconds. */
const MOST_RECORDS = 24;

/** Why the records of one person are one person, worked out from those this reader may see. */
export class PersonLinks {
  constructor(private readonly explainer: PairExplainer) {}

  /**
   * The fewest pairs that tie all records together, the strongest first: a maximum spanning tree over the match weights
   * (Prim, 1957). Attached records have no identity to compare and are left out; one record alone has no link.
   */
  async of(entity: VisibleEntity): Promise<PersonLink[]> {
    const members = entity.members.filter((m) => !m.attached && m.record.state === 'current').slice(0, MOST_RECORDS);
    if (members.length < 2) return [];
    const explain = await this.explainer.among(members.map((m) => m.record as SourceRecord<'person'>));
    const links: PersonLink[] = [];
    const tied = new Set([strongest(members, explain)]);
    while (tied.size < members.length) {
      const best = bestEdge(members.length, tied, explain);
      tied.add(best.to);
      links.push({ records: [members[best.from]!.key, members[best.to]!.key], explanation: best.explanation });
    }
    return links;
  }
}

type Explain = (a: number, b: number) => PairExplanation;

function bestEdge(count: number, tied: ReadonlySet<number>, explain: Explain): { from: number; to: number; explanation: PairExplanation } {
  let best: { from: number; to: number; explanation: PairExplanation } | undefined;
  for (const from of tied) {
    for (let to = 0; to < count; to += 1) {
      if (tied.has(to)) continue;
      const explanation = explain(from, to);
      if (best === undefined || explanation.weight > best.explanation.weight) best = { from, to, explanation };
    }
  }
  return best!;
}

/** The record that fits the others best: the tree grows from it. */
function strongest(members: readonly LoadedMember[], explain: Explain): number {
  const sums = members.map((_, a) => members.reduce((sum, _m, b) => (a === b ? sum : sum + explain(a, b).weight), 0));
  return sums.indexOf(Math.max(...sums));
}
