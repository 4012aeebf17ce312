import { readFileSync } from 'node:fs';
import { YiciError } from '#libs/kernel/errors';
import { systemClock } from '#libs/kernel/clock';
import { personModel, readMatchModel, type MatchModel } from '#libs/matching/match-model';
import { keepMatchModel } from '#libs/store/match-model-store';
import type { OpenStore } from '#libs/store/open-store';
import { canonicalJson } from '#libs/store/record-content';

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

/**
 * The model that the records of this store are resolved with; the one that ships where none was resolved yet. Throws
 * YICI_MODEL_OTHER when another one is given: part of a store resolved with one model and part with another is no partition.
 */
export async function modelOfStore(store: Pick<OpenStore, 'pool'>, given?: MatchModel): Promise<MatchModel> {
  const model = readMatchModel(await keepMatchModel(store.pool, personModel(), new Date(systemClock.now())));
  if (given === undefined || canonicalJson(given) === canonicalJson(model)) return model;
  throw new YiciError({
    code: 'YICI_MODEL_OTHER', stage: 'config', message: `本库的记录是用模型 ${model.id} v${model.version} 归并的。The records of this store were resolved with another model than the one given.`,
    fix: 'Leave --model out to go on with it, or load into a new data directory to resolve everything with the other.',
  });
}
