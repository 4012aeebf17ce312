import { readFileSync } from 'node:fs';
import { YiciError } from '#libs/kernel/errors';
import { personModel, readMatchModel, type MatchModel } from '#libs/matching/match-model';

/** The model of a file that `yici train` wrote; the one that ships when no file is named. Throws YICI_MODEL_UNREADABLE, YICI_CONFIG_INVALID. */
export function modelOf(file: string | undefined): MatchModel {
  if (file === undefined) return personModel();
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new YiciError({ code: 'YICI_MODEL_UNREADABLE', stage: 'config', cause, message: 'The model file cannot be read as JSON.', fix: 'Name a file that yici train wrote.' });
  }
  return readMatchModel(json);
}
