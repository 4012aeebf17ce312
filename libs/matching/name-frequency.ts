import type { MatchModel } from './match-model.js';
import type { NameFeatures } from './name-features.js';

const memo = new WeakMap<MatchModel, Map<string, number>>();
/** More than this much agreement of a name proves nothing more: rare names are often rare spellings. Bits. */
const MOST = 15;
const LEAST = 6;

/** Weight of an agreeing name in bits: log2(m / frequency), the frequency from public shares of its surname and characters. */
export function nameWeight(model: MatchModel, name: NameFeatures, ordinary: number): number {
  let known = memo.get(model);
  if (known === undefined) memo.set(model, (known = new Map()));
  let w = known.get(name.key);
  if (w === undefined) {
    let f = model.surnames[name.chars.slice(0, name.surnameLength).join('')] ?? model.rareSurname;
    for (let i = name.surnameLength; i < name.chars.length; i++) f *= model.characters[name.chars[i]!] ?? model.rareCharacter;
    w = name.chars.length < 2 ? ordinary : Math.min(MOST, Math.max(LEAST, -Math.log2(f)));
    if (known.size > 500_000) known.clear();
    known.set(name.key, w);
  }
  return w;
}
