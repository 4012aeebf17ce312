import type { DataSource } from 'typeorm';
import type { SourceRecord } from '#libs/model/source-record';
import { blockingKeys, isCounted, levelOf, type KeyKind, type KeyLevel } from '#libs/matching/blocking';
import { valueLevels } from '#libs/matching/candidate-pairs';
import { explainPair, type PairExplanation } from '#libs/matching/explain-pair';
import type { MatchModel } from '#libs/matching/match-model';
import { personFeatures } from '#libs/matching/person-features';
import type { Sealing } from '#libs/platform/sealing';

/**
 * Why two person records may be one, as a waterfall in words, worked out from the two records as they stand and from how many
 * people share their phones, places and IDs. The evidence of the households around them is not in it: that belongs to others.
 */
export class PairExplainer {
  constructor(
    private readonly db: DataSource,
    private readonly sealing: Sealing,
    private readonly model: MatchModel,
  ) {}

  async explain(a: SourceRecord<'person'>, b: SourceRecord<'person'>): Promise<PairExplanation | undefined> {
    return (await this.among([a, b]))(0, 1);
  }

  /** The same for any two of several records, by their places in the list; the counts are read once. */
  async among(records: readonly SourceRecord<'person'>[]): Promise<(a: number, b: number) => PairExplanation> {
    const features = records.map((r) => personFeatures(r));
    const counted = features.flatMap((f) => blockingKeys(f)).filter((k) => isCounted(k.kind));
    const levels = await this.levelsOf(new Map(counted.map((k) => [k.text, k.kind])));
    const shared = valueLevels(features, (key) => levels.get(key.text) ?? 0);
    const known = new Map<string, PairExplanation>();
    return (a, b) => {
      const pair = `${Math.min(a, b)} ${Math.max(a, b)}`;
      const explanation = known.get(pair) ?? explainPair(features[a]!, features[b]!, this.model, shared)!;
      known.set(pair, explanation);
      return explanation;
    };
  }

  private async levelsOf(keys: ReadonlyMap<string, KeyKind>): Promise<Map<string, KeyLevel>> {
    const byHash = new Map([...keys].map(([text, kind]) => [String(this.sealing.hash64(text)), { text, kind }]));
    const rows = await this.db.query<{ key: string; size: string; tokens: string }[]>(
      `select key, count(*) filter (where token <> -1) as size, count(distinct token) filter (where token not in (0, -1)) as tokens from blocking_key where key = any($1::bigint[]) group by key`,
      [[...byHash.keys()]]);
    return new Map(rows.map((row) => {
      const { text, kind } = byHash.get(row.key)!;
      return [text, levelOf(kind, Number(row.size), Number(row.tokens))];
    }));
  }
}
