import { createRequire } from 'node:module';
import { ConfigurationError } from '#libs/kernel/errors';

/** One level of agreement of one comparison, with what Fellegi–Sunter needs of it. */
export interface MatchLevel {
  id: string;
  zh: string;
  en: string;
  /** Probability of this level among records of one person, and among records of two. */
  m: number;
  u: number;
}

export interface MatchComparison {
  id: string;
  zh: string;
  en: string;
  /** In the order of the comparator's constants: the level's number is its place here. */
  levels: MatchLevel[];
}

/**
 * What is learned, as one artefact: levels with m and u, public name frequencies, thresholds. It holds no personal value.
 * Weights are log2(m/u); thresholds are probabilities.
 */
export interface MatchModel {
  id: string;
  version: number;
  /** Prior probability that two records which share a blocking key are one person. */
  prior: number;
  comparisons: MatchComparison[];
  /** Share of a surname among all people, and of a character among all given-name characters; public figures. */
  surnames: Record<string, number>;
  characters: Record<string, number>;
  rareSurname: number;
  rareCharacter: number;
  thresholds: { link: number; review: number; attach: number };
}

/** Comparison ids in the order of a comparison vector. */
export const COMPARISONS = ['name', 'citizenId', 'birthDate', 'sex', 'phone', 'place', 'kin', 'household'] as const;

/** log2(m/u) of every level, by comparison and level number; what scoring reads. */
export interface Weights {
  prior: number;
  of: Float64Array[];
  link: number;
  review: number;
}

const weightsOfModel = new WeakMap<MatchModel, Weights>();

export function weightsOf(model: MatchModel): Weights {
  let w = weightsOfModel.get(model);
  if (w === undefined) {
    w = {
      prior: Math.log2(model.prior / (1 - model.prior)),
      of: model.comparisons.map((c) => Float64Array.from(c.levels, (l) => Math.log2(l.m / l.u))),
      link: oddsOf(model.thresholds.link),
      review: oddsOf(model.thresholds.review),
    };
    weightsOfModel.set(model, w);
  }
  return w;
}

/** Match weight (log2 odds) of a probability, and back. */
export function oddsOf(probability: number): number {
  return Math.log2(probability / (1 - probability));
}
export function probabilityOf(weight: number): number {
  return 1 / (1 + 2 ** -weight);
}

/** Checks a model read from a file. Throws ConfigurationError listing every fault. */
export function readMatchModel(json: unknown): MatchModel {
  const model = json as MatchModel;
  const faults: string[] = [];
  if (typeof model?.prior !== 'number' || !(model.prior > 0 && model.prior < 1)) faults.push('prior must be a probability');
  COMPARISONS.forEach((id, i) => {
    const c = model?.comparisons?.[i];
    if (c?.id !== id) faults.push(`comparison ${i} must be ${id}`);
    for (const l of c?.levels ?? []) {
      if (!(l.m > 0 && l.m <= 1 && l.u > 0 && l.u <= 1)) faults.push(`${id}.${l.id}: m and u must be probabilities above 0`);
    }
  });
  for (const t of ['link', 'review', 'attach'] as const) {
    if (!(model?.thresholds?.[t] > 0 && model.thresholds[t] < 1)) faults.push(`thresholds.${t} must be a probability`);
  }
  if (faults.length > 0) throw new ConfigurationError('The match model', faults);
  return model;
}

let shipped: MatchModel | undefined;

/** The model that ships with Yici. */
export function personModel(): MatchModel {
  shipped ??= readMatchModel(createRequire(import.meta.url)('#libs/matching/models/person.v1.json'));
  return shipped;
}
