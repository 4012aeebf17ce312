import { hkdfSync, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, openSync, closeSync, fsyncSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { YiciError } from '#libs/kernel/errors';

/** Keys of 32 random bytes. `sealing` by key id (1–127); `current` seals, all open. `index` never changes: it finds what is stored. */
export interface SealingKeys {
  current: number;
  sealing: ReadonlyMap<number, Uint8Array>;
  index: Uint8Array;
}

const key32 = z.string().transform((s) => Buffer.from(s, 'base64')).refine((b) => b.length === 32, 'must be 32 bytes in base64');

const keyFile = z.object({
  version: z.literal(1),
  current: z.number().int().min(1).max(127),
  sealing: z.record(z.string().regex(/^([1-9]\d?|1[01]\d|12[0-7])$/, 'key ids are 1 to 127'), key32),
  index: key32,
}).refine((f) => String(f.current) in f.sealing, 'the current key id is not among the sealing keys');

/**
 * Reads the key file, or creates it (mode 0600) when `create` is set and it is absent: two processes that start at once
 * end with the same file. Throws YICI_CONFIG_KEYS_UNREADABLE, YICI_CONFIG_KEYS_INVALID.
 */
export function loadSealingKeys(file: string, options: { create: boolean }): { keys: SealingKeys; created: boolean } {
  let created = false;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || !options.create) throw unreadable(file, cause);
    created = createKeyFile(file);
    text = readFileSync(file, 'utf8');
  }
  return { keys: parse(text, file), created };
}

/** Fresh keys that are kept nowhere: for tests and throw-away stores. */
export function ephemeralSealingKeys(): SealingKeys {
  return { current: 1, sealing: new Map([[1, randomBytes(32)]]), index: randomBytes(32) };
}

/** A key for one purpose, so that no key serves two algorithms (HKDF-SHA-256, RFC 5869). */
export function deriveKey(master: Uint8Array, purpose: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', master, new Uint8Array(0), `yici:${purpose}`, length));
}

function parse(text: string, file: string): SealingKeys {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid(file, ['it is not JSON']);
  }
  const result = keyFile.safeParse(json);
  if (!result.success) throw invalid(file, result.error.issues.map((i) => `${i.path.join('.') || 'file'}: ${i.message}`));
  const sealing = new Map(Object.entries(result.data.sealing).map(([id, key]) => [Number(id), key as Uint8Array]));
  return { current: result.data.current, sealing, index: result.data.index };
}

function createKeyFile(file: string): boolean {
  mkdirSync(path.dirname(file), { recursive: true });
  const body = { version: 1, current: 1, sealing: { 1: randomBytes(32).toString('base64') }, index: randomBytes(32).toString('base64') };
  const draft = `${file}.${process.pid}.new`;
  const fd = openSync(draft, 'w', 0o600);
  writeSync(fd, `${JSON.stringify(body, null, 2)}\n`);
  fsyncSync(fd);
  closeSync(fd);
  try {
    // link(2) fails when the name is taken, so a half-written or second key file can never replace a first one.
    linkSync(draft, file);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unreadable(file, cause);
  } finally {
    unlinkSync(draft);
  }
}

function unreadable(file: string, cause: unknown): YiciError {
  return new YiciError({
    code: 'YICI_CONFIG_KEYS_UNREADABLE', stage: 'config', severity: 'fatal', cause,
    message: `The file of sealing keys ${file} cannot be read.`,
    fix: 'Restore it from its backup, or correct YICI_KEYS_FILE and its access rights. Without these keys the store cannot be read.',
  });
}

function invalid(file: string, faults: string[]): YiciError {
  return new YiciError({
    code: 'YICI_CONFIG_KEYS_INVALID', stage: 'config', severity: 'fatal',
    message: `The file of sealing keys ${file} is damaged: ${faults.join('; ')}.`,
    fix: 'Restore it from its backup. Do not create a new one: what is stored was sealed with the old keys.',
  });
}
