import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { YiciError } from '#libs/kernel/errors';

/** Name of the variable with the path of a PEM file with the office's own CA; unset: the authorities that Node trusts. */
export const caFile = z.string().regex(/^YICI_[A-Z0-9_]+$/).optional();

/** The certificates that the variable `name` of a folder leads to, in PEM; undefined when nothing is named. Throws YICI_CA_FILE_UNREADABLE. */
export function caOf(name: string | undefined, secret: (name: string) => string | undefined): string | undefined {
  const file = name === undefined ? undefined : secret(name);
  return file === undefined || file === '' ? undefined : readCaFile(file);
}

/** Throws YICI_CA_FILE_UNREADABLE. */
export function readCaFile(file: string): string {
  let text = '';
  let cause: unknown;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    cause = error;
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new YiciError({
    code: 'YICI_CA_FILE_UNREADABLE', stage: 'config', cause,
    message: 'The file with the certificates of the office cannot be read.', fix: 'Look at the variable that caFile in connector.yaml names: it is the path of a PEM file.',
  });
}
