import type { DataSource } from 'typeorm';
import type { SourceRecord } from '#libs/model/source-record';
import { blockingKeys, isCounted, levelOf, type KeyKind, type KeyLevel } from '#libs/matching/blocking';
import { valueLevels } from '#libs/matching/candidate-pairs';
import { explainPair, type PairExplanation } from '#libs/matching/explain-pair';
import { personModel } from '#libs/matching/match-model';
import { personFeatures } from '#libs/matching/person-features';
import type { Sealing } from '#libs/platform/sealing';

/**
 * Why two person records may be one, as a waterfall in words, worked out from the two records as they stand and from how many
 * people share their phones, places and IDs. The evidence of the households around them is not in it: that belongs to others.
 */
export class PairExplainer {
  private readonly model = personModel();

  constructor(
    private readonly db: DataSource,
    private readonly sealing: Sealing,
  ) {}

  async explain(a: SourceRecord<'person'>, b: SourceRecord<'person'>): Promise<PairExplanation | undefined> {
    const features = [personFeatures(a), personFeatures(b)] as const;
    const counted = features.flatMap((f) => blockingKeys(f)).filter((k) => isCounted(k.kind));
    const levels = await this.levelsOf(new Map(counted.map((k) => [k.text, k.kind])));
    return explainPair(features[0], features[1], this.model, valueLevels(features, (key) => levels.get(key.text) ?? 0));
  }

  private async levelsOf(keys: ReadonlyMap<string, KeyKind>): Promise<Map<string, KeyLevel>> {
    const byHash = new Map([...keys].map(([text, kind]) => [String(this.sealing.hash64(text)), { text, kind }]));
    const rows = await this.db.query<{ key: string; size: string; tokens: string }[]>(
      `select key, count(*) as size, count(distinct nullif(token, 0)) as tokens from blocking_key where key = any($1::bigint[]) group by key`,
      [[...byHash.keys()]]);
    return new Map(rows.map((row) => {
      const { text, kind } = byHash.get(row.key)!;
      return [text, levelOf(kind, Number(row.size), Number(row.tokens))];
    }));
  }
}
