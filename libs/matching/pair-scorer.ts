import { BIRTH } from './birth-dates.js';
import { KEY } from './blocking.js';
import type { KeyKind, KeyLevel } from './blocking.js';
import { CITIZEN_ID, compareIds } from './compare-ids.js';
import { compareHouseholds, compareKin, generationsDiffer, HOUSEHOLD, KIN } from './compare-families.js';
import type { PersonContext } from './compare-families.js';
import { compareNames, NAME } from './compare-names.js';
import { comparePlaces, PLACE_RELATION } from './compare-places.js';
import { birthLevel, hardNegative } from './hard-negatives.js';
import type { HardNegative } from './hard-negatives.js';
import { weightsOf } from './match-model.js';
import type { MatchModel, Weights } from './match-model.js';
import { nameWeight } from './name-frequency.js';
import type { PersonFeatures } from './person-features.js';
import type { PlaceFeatures } from './place-features.js';

/** Levels of the remaining comparisons, in the order of the model. */
const SEX = { missing: 0, same: 1, different: 2 } as const;
const PHONE = { missing: 0, personal: 1, family: 2, shared: 3, public: 4, typo: 5, different: 6 } as const;
const PLACE = { missing: 0, personal: 1, family: 2, shared: 3, public: 4, tail: 5, compound: 6, different: 7 } as const;

/** How many distinct people stand behind a value, over the whole record set. */
export interface ValueLevels {
  of(kind: KeyKind, part: string, second?: string, third?: string): KeyLevel;
}

export type { PersonContext } from './compare-families.js';

export type Verdict = 'none' | 'review' | 'link' | 'identity';

/**
 * Scores pairs. One instance scores millions: results stand in its fields until the next call, nothing is allocated.
 * Symmetric: score(a, b) equals score(b, a).
 */
export class PairScorer {
  /** Level of each comparison, in the order of COMPARISONS. */
  readonly vector = new Uint8Array(8);
  /** Match weight in bits, prior included. */
  weight = 0;
  verdict: Verdict = 'none';
  /** Why the pair can never be one person; undefined when nothing forbids it. */
  hardNegative: HardNegative | undefined;
  private readonly weights: Weights;

  constructor(
    private readonly model: MatchModel,
    private readonly levels: ValueLevels,
  ) {
    this.weights = weightsOf(model);
  }

  score(a: PersonFeatures, b: PersonFeatures, ca?: PersonContext, cb?: PersonContext): Verdict {
    const v = this.vector;
    v[1] = compareIds(a, b);
    v[0] = namesLevel(a, b);
    v[2] = birthLevel(a, b);
    v[3] = a.sex === 0 || b.sex === 0 ? SEX.missing : a.sex === b.sex ? SEX.same : SEX.different;
    v[4] = this.phoneLevel(a, b);
    v[5] = this.placeLevel(a, b);
    v[6] = compareKin(a, b);
    v[7] = ca === undefined || cb === undefined ? HOUSEHOLD.missing : compareHouseholds(a, b, ca, cb);
    this.weight = this.sum(a);
    this.hardNegative = hardNegative(a, b, v[1]!, v[2]!);
    this.verdict = this.judge(a, b, ca?.child === true || cb?.child === true);
    return this.verdict;
  }

  /** Bits that comparison `i` of the pair just scored adds; `a` is either of the two. */
  bitsOf(i: number, a: PersonFeatures): number {
    const v = this.vector;
    const bits = this.weights.of[i]![v[i]!]!;
    if (i === 0) return v[0] === NAME.same ? nameWeight(this.model, a.name!, bits) : bits;
    // The birth date of an equal number is inside the number: no second witness.
    return i === 2 && v[1] === CITIZEN_ID.same ? 0 : bits;
  }

  private sum(a: PersonFeatures): number {
    let total = this.weights.prior;
    for (let i = 0; i < 8; i++) total += this.bitsOf(i, a);
    return total;
  }

  private phoneLevel(a: PersonFeatures, b: PersonFeatures): number {
    if (a.phones.length === 0 || b.phones.length === 0) return PHONE.missing;
    let best: number = PHONE.different;
    for (const p of a.phones) {
      for (const q of b.phones) {
        if (p === q) best = Math.min(best, PHONE.personal + this.levels.of(KEY.phone, p));
        else if (best === PHONE.different && p.length === 11 && q.length === 11 && oneDigitOff(p, q)) best = PHONE.typo;
      }
    }
    return best;
  }

  private placeLevel(a: PersonFeatures, b: PersonFeatures): number {
    let best: number = PLACE_RELATION.none;
    let level: KeyLevel = 3;
    for (const p of a.places) {
      for (const q of b.places) {
        const r = comparePlaces(p, q);
        if (r === PLACE_RELATION.dwelling) {
          const l = this.levelOfPlace(p, q);
          if (best !== r || l < level) level = l;
        }
        if (r > best) best = r;
      }
    }
    switch (best) {
      case PLACE_RELATION.dwelling:
        return PLACE.personal + level;
      case PLACE_RELATION.tail:
        return PLACE.tail;
      case PLACE_RELATION.compound:
        return PLACE.compound;
      case PLACE_RELATION.other:
        return PLACE.different;
      default:
        return PLACE.missing;
    }
  }

  /** A dwelling is as crowded as the most crowded of the names that both records know it by. */
  private levelOfPlace(p: PlaceFeatures, q: PlaceFeatures): KeyLevel {
    const x = p.compound;
    const y = q.compound;
    let l: KeyLevel = 0;
    if (x.estate !== '' && x.estate === y.estate) l = this.levels.of(KEY.place, x.estate, p.building, p.room);
    if (x.road !== '' && x.road === y.road) l = Math.max(l, this.levels.of(KEY.place, x.road, p.building, p.room)) as KeyLevel;
    if (x.community !== '' && x.community === y.community && p.building !== '') l = Math.max(l, this.levels.of(KEY.place, x.community, p.building, p.room)) as KeyLevel;
    return l;
  }

  /**
   * Rule zero. `identity`: an equal own ID with a compatible name, or with evidence independent of the number. `link`:
   * no such number, but name, birth date and an independent witness. `review`: worth a steward's eye. The weight decides
   * only among pairs that the rule lets through.
   */
  private judge(a: PersonFeatures, b: PersonFeatures, child: boolean): Verdict {
    const v = this.vector;
    if (a.test || b.test) return 'none';
    const name = v[0]!;
    if (v[1] === CITIZEN_ID.same || v[1] === CITIZEN_ID.former) {
      if (this.levels.of(KEY.citizenId, a.id) === 3) return 'none';
      if (name <= NAME.extra && (name !== NAME.missing || this.hardNegative === undefined)) return 'identity';
      return this.independentOfId(a, b) ? 'identity' : 'review';
    }
    if (a.attachable || b.attachable) return 'none';
    if (a.mention || b.mention) return this.judgeLandlord(name, a.title || b.title);
    if (name === NAME.missing) return this.hardNegative === undefined && isNewborn(a, b, v) ? 'link' : 'none';
    if (name >= NAME.surname) return 'none';
    if (this.hardNegative !== undefined) {
      return this.hardNegative === 'ids' && name <= NAME.former && v[2]! <= BIRTH.lunar && v[2] !== BIRTH.missing && this.witnesses() > 0 ? 'review' : 'none';
    }
    return this.judgeWithoutId(name, child);
  }

  /** A landlord as a tenant names him: the same name with the same phone, or with the same dwelling, on a title of it even if only building and room are comparable. */
  private judgeLandlord(name: number, title: boolean): Verdict {
    const v = this.vector;
    if (name !== NAME.same || this.hardNegative !== undefined) return 'none';
    return isHomeOrPhone(v[4]!, v[5]!) || v[5] === PLACE.shared || (title && v[5] === PLACE.tail) ? 'link' : 'none';
  }

  /** Equal number, unrelated name: the same dwelling, phone or parents, and nothing that speaks of another birth date or generation. */
  private independentOfId(a: PersonFeatures, b: PersonFeatures): boolean {
    const v = this.vector;
    // Both must state a birth date: one that is missing cannot be in conflict, and a child has its parent's phone and home.
    if (a.birth === 0 || a.birth !== b.birth || v[3] === SEX.different || generationsDiffer(a, b)) return false;
    return isHomeOrPhone(v[4]!, v[5]!) || v[6] === KIN.one || v[6] === KIN.two || v[7] === HOUSEHOLD.two;
  }

  private judgeWithoutId(name: number, child: boolean): Verdict {
    const v = this.vector;
    const birth = v[2]!;
    const birthGood = birth === BIRTH.same || birth === BIRTH.slip || birth === BIRTH.lunar;
    const birthFair = birthGood || birth === BIRTH.swapped || birth === BIRTH.typo || birth === BIRTH.month || birth === BIRTH.year;
    const witnesses = this.witnesses();
    const exact = name === NAME.same || name === NAME.former;
    let may: boolean;
    const numbered = v[1] === CITIZEN_ID.masked || v[1] === CITIZEN_ID.near || v[1] === CITIZEN_ID.truncated || v[1] === CITIZEN_ID.sameDamaged;
    // A masked number and a name are a candidate only: without a birth date they need a house, a phone or kin (case 14).
    // Building and room alone are one among many such doors: without a number as well they are no house.
    const beside = v[1] === CITIZEN_ID.masked || (v[5] === PLACE.tail && !numbered) ? witnesses - 1 : witnesses;
    if (exact) may = witnesses > 0 && (birthFair || (birth === BIRTH.missing && beside > 0) || (birth === BIRTH.near && witnesses > 1));
    else if (name <= NAME.shape) may = (birthGood && witnesses > 0) || (birthFair && witnesses > 1) || (birth === BIRTH.missing && numbered && witnesses > 1);
    else may = birthGood && !child && (v[7] === HOUSEHOLD.two || v[1] === CITIZEN_ID.near || v[1] === CITIZEN_ID.sameDamaged);
    if (may && this.weight >= this.weights.link) return 'link';
    if (exact || birthGood) return this.weight >= this.weights.review && (birthFair || witnesses > 0) ? 'review' : 'none';
    return 'none';
  }

  /** Independent witnesses besides name and birth date: number-like evidence, phone, dwelling, kin, household. */
  private witnesses(): number {
    const v = this.vector;
    let n = 0;
    const id = v[1]!;
    // What a spreadsheet left of a number is division and birth date: no second witness.
    if (id === CITIZEN_ID.near || id === CITIZEN_ID.sameDamaged || id === CITIZEN_ID.masked) n += 1;
    if (v[4] === PHONE.personal || v[4] === PHONE.family || v[4] === PHONE.shared) n += 1;
    if (v[5] === PLACE.personal || v[5] === PLACE.family || v[5] === PLACE.shared || v[5] === PLACE.tail) n += 1;
    if (v[6] === KIN.one || v[6] === KIN.two) n += 1;
    if (v[7] !== HOUSEHOLD.missing && v[7] !== HOUSEHOLD.none) n += 1;
    return n;
  }
}

/** A child without a name of its own (李宝宝): the same birth date, the same parent and the same surname are it; twins are rivals (case 10). */
function isNewborn(a: PersonFeatures, b: PersonFeatures, v: Uint8Array): boolean {
  if (a.name === undefined || b.name === undefined || v[2] !== BIRTH.same || v[3] === SEX.different) return false;
  const sameParent = v[6] === KIN.one || v[6] === KIN.two || v[7] === HOUSEHOLD.two;
  return sameParent && (a.name.chars[0] === b.name.chars[0] || a.name.chars.length > 4 || b.name.chars.length > 4);
}

function namesLevel(a: PersonFeatures, b: PersonFeatures): number {
  let best = compareNames(a.name, b.name);
  if (best === NAME.same || best === NAME.missing || (a.former.length === 0 && b.former.length === 0)) return best;
  for (const f of a.former) if (compareNames(f, b.name) === NAME.same) best = NAME.former;
  for (const f of b.former) if (compareNames(a.name, f) === NAME.same) best = NAME.former;
  for (const f of a.former) for (const g of b.former) if (f.key === g.key && best > NAME.cut) best = NAME.former;
  return best;
}

function isHomeOrPhone(phone: number, place: number): boolean {
  return phone === PHONE.personal || phone === PHONE.family || place === PLACE.personal || place === PLACE.family;
}

function oneDigitOff(p: string, q: string): boolean {
  let n = 0;
  for (let i = 0; i < 11 && n < 2; i++) if (p.charCodeAt(i) !== q.charCodeAt(i)) n += 1;
  return n === 1;
}

