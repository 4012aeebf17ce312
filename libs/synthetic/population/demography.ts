/** Rates of the little country through time; rough shapes of the Chinese censuses, enough to give families their real forms. */

/** Yearly probability of death: Gompertz with a childhood bump that shrinks after 1980. */
export function deathProbability(age: number, year: number): number {
  const adult = 0.00022 * Math.exp(0.092 * Math.max(0, age - 20));
  const child = age === 0 ? (year < 1980 ? 0.04 : 0.006) : age < 5 ? (year < 1980 ? 0.008 : 0.0006) : 0;
  return Math.min(0.6, adult + child);
}

/** Yearly probability that a couple (by the wife's age and children so far) has a child. */
export function birthProbability(wifeAge: number, children: number, year: number): number {
  if (wifeAge < 20 || wifeAge > 44) return 0;
  const fecundity = wifeAge < 32 ? 1 : wifeAge < 38 ? 0.55 : 0.18;
  const byParity = year < 1971 ? [0.4, 0.33, 0.28, 0.22, 0.14, 0.06] : year < 1980 ? [0.45, 0.26, 0.12, 0.05] : year < 2016 ? [0.42, 0.07, 0.02] : [0.27, 0.09, 0.02];
  return (byParity[children] ?? 0) * fecundity;
}

export const TWIN_PROBABILITY = 0.011;

/** Yearly probability that a single person marries. */
export function marriageProbability(age: number, sex: 1 | 2, year: number): number {
  const from = sex === 1 ? 22 : 20;
  if (age < from) return 0;
  const late = year > 2005 ? 0.75 : 1;
  if (age < from + 9) return 0.17 * late;
  return age < 40 ? 0.07 : age < 60 ? 0.012 : 0.002;
}

export function divorceProbability(year: number): number {
  return year < 1985 ? 0.0006 : year < 2003 ? 0.003 : 0.008;
}

export function remarriageProbability(age: number): number {
  return age < 35 ? 0.11 : age < 50 ? 0.06 : age < 65 ? 0.02 : 0.004;
}

/** Yearly probability of leaving the city for good. */
export function leavingProbability(age: number, year: number): number {
  return year > 1985 && age >= 18 && age <= 30 ? 0.009 : 0.0005;
}
