import { CITIZEN_ID } from './compare-ids.js';
import { COMPARISONS, probabilityOf, weightsOf } from './match-model.js';
import type { MatchModel } from './match-model.js';
import { PairScorer } from './pair-scorer.js';
import type { PersonContext } from './compare-families.js';
import type { HardNegative } from './hard-negatives.js';
import type { ValueLevels, Verdict } from './pair-scorer.js';
import type { PersonFeatures } from './person-features.js';

export interface Words {
  zh: string;
  en: string;
}

/** One bar of the waterfall. */
export interface WaterfallStep {
  comparison: string;
  level: string;
  label: Words;
  /** Bits this step adds. */
  bits: number;
  /** Bits after it. */
  total: number;
}

export interface PairExplanation {
  steps: WaterfallStep[];
  weight: number;
  probability: number;
  verdict: Verdict;
  /** The conclusion in one sentence. */
  conclusion: Words;
}

const VERDICT: Record<Verdict, Words> = {
  identity: { zh: '号码相同且姓名相容，判为同一人。', en: 'Equal number and a compatible name: one person.' },
  link: { zh: '姓名、出生日期及独立旁证一致，判为同一人。', en: 'Name, birth date and an independent witness agree: one person.' },
  review: { zh: '证据不足，交人工核对。', en: 'Not enough evidence: left to a steward.' },
  none: { zh: '不是同一人。', en: 'Not one person.' },
};
const FORBIDDEN: Record<HardNegative, Words> = {
  test: { zh: '其中一条是测试数据。', en: 'One of the two is a test row.' },
  ids: { zh: '两人各有不同的有效号码。', en: 'Each has a valid number of its own, and they differ.' },
  sex: { zh: '性别不同。', en: 'The sexes differ.' },
  generation: { zh: '出生日期相差过大。', en: 'The birth dates are too far apart.' },
  roles: { zh: '同一户中辈分不同。', en: 'One household lists both, in different generations.' },
  steward: { zh: '已有人工判定：不是同一人。', en: 'A steward has said that they are two.' },
};

/**
 * Why two person records are, may be or are not one person, in words: prior, then every comparison that says something.
 * Undefined when the reader may not see one of the records: then it looks as if there were nothing to explain.
 */
export function explainPair(
  a: PersonFeatures, b: PersonFeatures, model: MatchModel, levels: ValueLevels,
  options: { mayRead?: (f: PersonFeatures) => boolean; context?: readonly [PersonContext | undefined, PersonContext | undefined]; decided?: boolean } = {},
): PairExplanation | undefined {
  if (options.mayRead !== undefined && !(options.mayRead(a) && options.mayRead(b))) return undefined;
  const scorer = new PairScorer(model, levels);
  const verdict = scorer.score(a, b, options.context?.[0], options.context?.[1]);
  const prior = weightsOf(model).prior;
  const steps: WaterfallStep[] = [{ comparison: 'prior', level: 'prior', label: { zh: '任取两条记录为同一人', en: 'any two records being one person' }, bits: prior, total: prior }];
  let total = prior;
  COMPARISONS.forEach((id, i) => {
    const comparison = model.comparisons[i]!;
    const level = comparison.levels[scorer.vector[i]!]!;
    // The birth date of an equal number is inside the number.
    const inside = i === 2 && scorer.vector[1] === CITIZEN_ID.same;
    const bits = scorer.bitsOf(i, a);
    if (level.id === 'missing' || inside) return;
    total += bits;
    steps.push({ comparison: id, level: level.id, label: { zh: `${comparison.zh}：${level.zh}`, en: `${comparison.en}: ${level.en}` }, bits, total });
  });
  const forbidden = options.decided === true ? 'steward' : scorer.hardNegative;
  const stopped = forbidden !== undefined && verdict !== 'identity';
  const because = stopped ? FORBIDDEN[forbidden] : undefined;
  const end = VERDICT[stopped && verdict !== 'review' ? 'none' : verdict];
  return {
    steps,
    weight: scorer.weight,
    probability: stopped ? 0 : probabilityOf(scorer.weight),
    verdict: stopped && verdict !== 'review' ? 'none' : verdict,
    conclusion: because === undefined ? end : { zh: `${because.zh}${end.zh}`, en: `${because.en} ${end.en}` },
  };
}
