import type { DwellingBody } from '#libs/model/bodies';
import type { FieldRule } from './choose-value.js';

const plain = (path: keyof DwellingBody & string): FieldRule => ({ path, authorityFields: ['dwellingCode', path], read: (body) => (body as DwellingBody)[path] });

/** Who is believed for the dwelling's code is believed for the dwelling. Owners are one list of one source, in its order: owner positions are keys there. */
export const DWELLING_FIELDS: readonly FieldRule[] = [plain('code'), plain('address'), plain('use'), plain('area'), plain('owners')];
