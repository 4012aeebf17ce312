import { compact, pad, type Day } from './calendar.js';

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** Check character of GB 11643-1999 (MOD 11-2) for the first 17 digits. The generator's own, apart from the hub's. */
export function checkCharacter(first17: string): string {
  let sum = 0;
  for (let i = 0; i < 17; i++) sum += (first17.charCodeAt(i) - 48) * WEIGHTS[i]!;
  return '10X98765432'[sum % 11]!;
}

export function citizenNumber(region: string, birth: Day, sequence: number): string {
  const first17 = `${region}${compact(birth)}${pad(sequence, 3)}`;
  return first17 + checkCharacter(first17);
}

/** Hands out citizen numbers as the police do: per region and day of birth the next sequence, odd for men, even for women. */
export class CitizenNumbers {
  private readonly used = new Map<string, number>();

  constructor(private readonly start: (key: string) => number) {}

  issue(region: string, birth: Day, sex: 1 | 2): string {
    const key = `${region}${compact(birth)}${sex}`;
    const n = (this.used.get(key) ?? this.start(key)) % 499;
    this.used.set(key, n + 1);
    return citizenNumber(region, birth, n * 2 + (sex === 1 ? 1 : 2));
  }
}

/** 18 → 15 digits, as before 1999: without century and check character. */
export function fifteen(id18: string): string {
  return id18.slice(0, 6) + id18.slice(8, 17);
}
