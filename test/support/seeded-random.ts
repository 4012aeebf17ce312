import { randomInt } from 'node:crypto';

/** Numbers in [0, 1) from a seed (mulberry32); the seed is printed, and YICI_TEST_SEED runs the same moments again. */
export function seededRandom(what: string): () => number {
  const seed = Number(process.env['YICI_TEST_SEED'] ?? randomInt(1_000_000));
  process.stderr.write(`${what}: YICI_TEST_SEED=${seed}\n`);
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Fisher–Yates. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
