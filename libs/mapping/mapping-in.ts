import { z } from 'zod';
import { codeText, dateFormatSchema, guardSchema, timestampFormatSchema } from './guard.js';

/**
 * What mapping.in.yaml may say: for each canonical field one of a closed list of transforms, or why it is absent.
 * There are no expressions. A column `TABLE.COLUMN` is read from the row that the table's `lookup` found.
 */
const column = z.string().min(1);
const slice = z.tuple([z.number().int().min(0), z.number().int().min(1)]).optional();
const when = guardSchema.optional();
/** Name of a file codes/<map>.csv of the folder. */
const map = z.string().min(1).optional();
/** Name of a national code table; a code outside it is refused. */
const table = z.string().min(1).optional();

const codeRule = { map, table, labels: z.boolean().optional() };

/** The one other code: where a text stands in another column, the value is `gives` whatever the code says. */
const except = z.strictObject({ column, contains: z.string().min(1), gives: z.string().min(1) }).optional();

const scalarTransforms = [
  z.strictObject({ transform: z.literal('text'), column, slice, when }),
  z.strictObject({ transform: z.literal('code'), column, slice, when, except, ...codeRule }),
  z.strictObject({ transform: z.literal('codes'), column, separator: z.string().min(1), when, ...codeRule }),
  z.strictObject({ transform: z.literal('boolean'), column, true: z.array(codeText).min(1), false: z.array(codeText).min(1), when }),
  z.strictObject({ transform: z.literal('number'), column, when }),
  z.strictObject({ transform: z.literal('decimal'), column, scale: z.number().int().min(0).max(6), when }),
  /** A date as text, `yyyy`, `yyyy-mm` or `yyyy-mm-dd`. */
  z.strictObject({ transform: z.literal('day'), column, format: dateFormatSchema, when }),
  z.strictObject({ transform: z.literal('timestamp'), column, format: timestampFormatSchema, when }),
  /** An array, or a text split at the separator. */
  z.strictObject({ transform: z.literal('list'), column, separator: z.string().min(1).optional(), when }),
  /** The flags whose column is true. */
  z.strictObject({ transform: z.literal('flags'), columns: z.record(z.string(), z.string().min(1)), true: z.array(codeText).min(1) }),
  z.strictObject({ transform: z.literal('literal'), value: z.union([z.string(), z.number(), z.boolean()]), when }),
] as const;

export const scalarSchema = z.discriminatedUnion('transform', [...scalarTransforms]);

const address = z.strictObject({
  transform: z.literal('address'),
  /** Joined without a separator; empty ones are left out. */
  columns: z.array(column).min(1),
  /** Column of a division code (6, 9 or 12 digits; cut zeros are restored). */
  division: column.optional(),
  estate: column.optional(),
  road: column.optional(),
  number: column.optional(),
  building: column.optional(),
  unit: column.optional(),
  room: column.optional(),
  when,
});

const identifierKind = z.enum([
  'formerCitizenId', 'residencePermit', 'passport', 'temporary', 'pseudo', 'permitNumber', 'disabilityCertificate', 'birthCertificate',
]);

export const fieldSchema = z.discriminatedUnion('transform', [
  ...scalarTransforms,
  z.strictObject({ transform: z.literal('citizenId'), column, slice, when }),
  /** `widthBytes`: the width in GBK bytes at which the source cuts names. */
  z.strictObject({ transform: z.literal('name'), column, widthBytes: z.number().int().min(2).optional(), when }),
  /** Other names: whole columns, and the bracket note of the name column. */
  z.strictObject({ transform: z.literal('aliases'), columns: z.array(column), noteOf: column.optional() }),
  z.strictObject({ transform: z.literal('date'), column, format: dateFormatSchema, when }),
  z.strictObject({
    transform: z.literal('phones'),
    items: z.array(z.strictObject({ column, holder: z.enum(['own', 'guardian', 'landlord']).default('own'), verified: guardSchema.optional() })).min(1),
  }),
  address,
  /** `byStatus`: what a citizen-ID column holds instead of one (temporary, pseudo, residencePermit, passport). */
  z.strictObject({
    transform: z.literal('identifiers'),
    items: z.array(z.strictObject({
      column, slice, kind: z.union([identifierKind, z.literal('byStatus')]), when,
      /** Only when it is another citizen ID than this column's (a certificate that outlived an ID correction). */
      differsFrom: column.optional(),
    })).min(1),
  }),
  z.strictObject({
    transform: z.literal('memberships'),
    items: z.array(z.strictObject({
      kind: z.enum(['registered', 'living', 'residential']),
      /** Column of the household key, and the pattern of its record rule. */
      column, slice, pattern: z.string().optional(),
      relation: z.strictObject({ column, slice, ...codeRule }).optional(),
      when,
    })).min(1),
  }),
  z.strictObject({
    transform: z.literal('relatives'),
    items: z.array(z.strictObject({
      role: z.enum(['father', 'mother', 'spouse', 'guardian', 'householdContact', 'landlord']),
      name: column.optional(), citizenId: column.optional(), when,
    })).min(1),
  }),
  z.strictObject({ transform: z.literal('owners'), names: column, nameSeparator: z.string().min(1), citizenIds: column, citizenIdSeparator: z.string().min(1) }),
  /** A facet: named parts, each of one simple transform. */
  z.strictObject({ transform: z.literal('facet'), parts: z.record(z.string(), scalarSchema) }),
]);

export type ScalarSpec = z.infer<typeof scalarSchema>;
export type FieldSpec = z.infer<typeof fieldSchema>;
export type CodeRule = { map?: string; table?: string; labels?: boolean };

const sectionSchema = z.strictObject({
  fields: z.record(z.string(), fieldSchema),
  /** Canonical fields this source has nothing for, by reason. */
  absent: z.array(z.strictObject({ reason: z.string().min(8), fields: z.array(z.string()).min(1) })).default([]),
});

/** Sections by record name. */
export const mappingInSchema = z.record(z.string(), sectionSchema);
export type MappingIn = z.infer<typeof mappingInSchema>;
export type MappingSection = z.infer<typeof sectionSchema>;
