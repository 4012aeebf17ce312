import type { NameFeatures } from './name-features.js';

const TITLE = /^(\p{Script=Han}{1,2}?)(叔叔?|阿?姨|大?哥|大?姐|大?爷|爷爷|奶奶?|大?伯|大?婶|大?嫂|大?妈|妈妈|爸爸?|老师|师傅|先生|女士|小姐|老板娘?|同学|总|工)$/u;
const MALE = /叔|哥|爷|伯|爸|先生/u;
const FEMALE = /姨|姐|奶|婶|嫂|妈|女士|娘/u;
const FAMILIAR = /^[小老阿大](\p{Script=Han}{1,2})$/u;

/** How a form of address fits a legal name: factors on the odds that the account is that person's. */
export const FIT = { surname: 5, given: 30, unknown: 1, otherSex: 0.25, contrary: 0.03 } as const;

/**
 * Fits a nickname to a person: 罗叔 names a surname (and a sex), 坤 or 婷婷 or 阿强 a part of the given name; anything
 * else says nothing. `sex` is the person's (1, 2 or 0).
 */
export function nicknameFit(nickname: NameFeatures, legal: NameFeatures, sex: number): number {
  const title = TITLE.exec(nickname.key);
  if (title !== null) {
    const otherSex = (sex === 1 && FEMALE.test(title[2]!)) || (sex === 2 && MALE.test(title[2]!)) ? FIT.otherSex : 1;
    const before = title[1]!.replace(/^[小老阿大](?=.)/u, '');
    if (legal.key.startsWith(before)) return FIT.surname * otherSex;
    return given(legal).includes(before) ? FIT.given * otherSex : FIT.contrary;
  }
  const familiar = FAMILIAR.exec(nickname.key);
  if (familiar !== null) {
    const part = familiar[1]!;
    if (given(legal).includes(part)) return FIT.given;
    return legal.key.startsWith(part) ? FIT.surname : FIT.contrary;
  }
  if (nickname.chars.length > 2) return FIT.unknown;
  const parts = [...new Set(nickname.chars)];
  return parts.every((c) => given(legal).includes(c)) ? FIT.given : FIT.contrary;
}

function given(name: NameFeatures): readonly string[] {
  return name.chars.slice(name.surnameLength);
}
