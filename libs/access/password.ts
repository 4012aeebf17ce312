import { Algorithm, hash, verify } from '@node-rs/argon2';
import { randomInt } from 'node:crypto';

// OWASP password storage cheat sheet, Argon2id: 19 MiB, 2 passes, 1 lane. About 25 ms on the measured machine.
const PARAMETERS = { algorithm: 2 satisfies Algorithm, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };

// Without look-alikes (0 O, 1 l I), so that a printed password can be typed.
const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

export const SHORTEST_PASSWORD = 12;
/** Argon2 takes any length; a bound keeps a login from being work for nothing. */
export const LONGEST_PASSWORD = 200;

/** Argon2id in PHC form, with its own salt. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, PARAMETERS);
}

let stranger: Promise<string> | undefined;

/**
 * Checks a password. Without a stored hash (no such account) it does the same work and answers no, so that the time of the
 * answer does not tell which user names exist.
 */
export async function passwordMatches(stored: string | undefined, password: string): Promise<boolean> {
  if (password.length > LONGEST_PASSWORD) return false;
  stranger ??= hashPassword(generatePassword());
  const matches = await verify(stored ?? (await stranger), password);
  return stored !== undefined && matches;
}

/** 20 random characters, 115 bits. */
export function generatePassword(): string {
  return Array.from({ length: 20 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}
