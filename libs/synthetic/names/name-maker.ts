import type { Rng } from '../random.js';
import { Weighted } from '../random.js';
import { GENERATIONS, GIVEN_CHARACTERS, SURNAMES } from './common-names.js';
import { MINORITIES, type Minority } from './minority-names.js';
import { RARE_CHARACTERS } from './rare-characters.js';

export interface NewName {
  surname: string;
  given: string;
  full: string;
}

export interface NameContext {
  sex: 1 | 2;
  birthYear: number;
  ethnic: string;
  /** Taken over when given; drawn otherwise. */
  surname?: string;
  fatherGiven?: string;
  /** The character a lineage gives to all children of one generation, always the first of the given name. */
  generationCharacter?: string;
}

/** Per mille of names with a character outside GBK; near what registry offices report for births since 1980. */
const RARE_PER_MILLE = 3;

/** Makes names as they are spread in reality: a few surnames for half the people, fashions by decade, and lineages with generation characters. */
export class NameMaker {
  private readonly surnames = new Weighted(SURNAMES);
  private readonly minorities: Weighted<Minority | undefined>;
  private readonly byCode = new Map(MINORITIES.map((m) => [m.code, m]));
  private readonly whole = GENERATIONS.map((g) => ({ from: g.from, share: g.share, men: new Weighted(g.men), women: new Weighted(g.women) }));

  constructor(private readonly rng: Rng) {
    const groups = MINORITIES.map((m): [Minority | undefined, number] => [m, m.perTenThousand]);
    const rest = 10_000 - MINORITIES.reduce((sum, m) => sum + m.perTenThousand, 0);
    this.minorities = new Weighted([...groups, [undefined, rest]]);
  }

  /** GB/T 3304 code of a founder or newcomer. */
  ethnicGroup(): string {
    return this.minorities.draw(this.rng)?.code ?? '01';
  }

  surname(ethnic: string): string {
    const own = this.byCode.get(ethnic)?.surnames;
    return own && this.rng.chance(0.7) ? this.rng.pick([...own]) : this.surnames.draw(this.rng);
  }

  make(context: NameContext): NewName {
    const { rng } = this;
    const namer = this.byCode.get(context.ethnic)?.name;
    if (namer) {
      const { full, given } = namer(context.sex === 1, (list) => rng.pick(list), context.fatherGiven);
      return { surname: '', given, full };
    }
    const surname = context.surname || this.surname(context.ethnic);
    const given = this.given(context);
    return { surname, given, full: surname + given };
  }

  /** A character for one generation of a lineage. */
  generationCharacter(birthYear: number): string {
    return this.character(1, birthYear);
  }

  private given(context: NameContext): string {
    const { rng } = this;
    const { sex, birthYear } = context;
    if (context.generationCharacter) {
      const second = this.character(sex, birthYear);
      return context.generationCharacter + (second === context.generationCharacter ? this.character(sex, birthYear) : second);
    }
    if (birthYear > 1975 && rng.chance(RARE_PER_MILLE / 1000)) {
      const rare = rng.pick(RARE_CHARACTERS).character;
      return rng.chance(0.4) ? rare : this.character(sex, birthYear) + rare;
    }
    let generation = this.whole[0]!;
    for (const g of this.whole) if (g.from <= birthYear + rng.between(-4, 3)) generation = g;
    if (rng.chance(generation.share)) return (sex === 1 ? generation.men : generation.women).draw(rng);
    const single = birthYear < 1965 ? 0.12 : birthYear < 2000 ? 0.22 : 0.1;
    return rng.chance(single) ? this.character(sex, birthYear) : this.character(sex, birthYear) + this.character(sex, birthYear);
  }

  private character(sex: 1 | 2, birthYear: number): string {
    const young = this.rng.chance(birthYear < 1970 ? 0.1 : birthYear < 1990 ? 0.45 : 0.9);
    const pool = sex === 1 ? (young ? GIVEN_CHARACTERS.menYoung : GIVEN_CHARACTERS.menOld)
      : young ? GIVEN_CHARACTERS.womenYoung : GIVEN_CHARACTERS.womenOld;
    return pool[this.rng.int(pool.length)]!;
  }
}
