import type { DwellingBody } from '#libs/model/bodies';
import type { FieldRule } from './choose-value.js';

const plain = (path: keyof DwellingBody & string): FieldRule => ({ path, authorityFields: ['dwelling', path], read: (body) => (body as DwellingBody)[path] });

/** `dwelling` in the table of authority stands for all fields of one. Owners are one list of one source, in its order: owner positions are keys there. */
export const DWELLING_FIELDS: readonly FieldRule[] = [plain('code'), plain('address'), plain('use'), plain('area'), plain('owners')];
