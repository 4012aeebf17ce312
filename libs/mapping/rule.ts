import { z } from 'zod';
import { codeText, guardSchema, timestampFormatSchema } from './guard.js';

/**
 * One part of a record's order. Parts are joined by `|`; the higher text is the newer version.
 * - `{column, pad}` an integer, zero-padded                 - `{time, format}` a timestamp, as digits
 * - `{first, in}` `1` when the column holds one of the codes, else `0`  - `{file: date}` date in the file name, else the snapshot's
 */
const orderPartSchema = z.union([
  z.strictObject({ column: z.string().min(1), pad: z.number().int().min(1).max(30) }),
  z.strictObject({ time: z.string().min(1), format: timestampFormatSchema }),
  z.strictObject({ first: z.string().min(1), in: z.array(codeText).min(1) }),
  z.strictObject({ file: z.literal('date') }),
]);

export const keySchema = z.strictObject({
  columns: z.array(z.string().min(1)).min(1),
  /** Between the columns, e.g. `#`. */
  separator: z.string().optional(),
  /** Characters [from, to) of the joined text. */
  slice: z.tuple([z.number().int().min(0), z.number().int().min(1)]).optional(),
  /** What a well-formed key looks like (a regular expression over the whole key). */
  pattern: z.string().optional(),
});

/** How the rows of one table become records of one kind. */
export const recordRuleSchema = z.strictObject({
  /** Name of the section in mapping.in.yaml. */
  name: z.string().min(1),
  type: z.enum(['person', 'household', 'dwelling']),
  /** Id of the snapshot table whose rows are read. */
  table: z.string().min(1),
  /** A record the row only implies (the household of a person row): no key, no record, and no dead letter. */
  derived: z.boolean().default(false),
  key: keySchema,
  order: z.array(orderPartSchema).min(1),
  /** The source's time of the row. */
  time: z.strictObject({ column: z.string().min(1), format: timestampFormatSchema }).optional(),
  /** The system took the record back: it stays, marked. */
  withdrawn: guardSchema.optional(),
  /** One record for each part of a joined column; `@position` (from 1) may stand in the key. */
  each: z.strictObject({ columns: z.record(z.string(), z.string().min(1)) }).optional(),
  /** Columns that tell an obvious test row (a test name and a test ID). */
  test: z.strictObject({ name: z.string().min(1), citizenId: z.string().min(1) }).optional(),
});

export type RecordRule = z.infer<typeof recordRuleSchema>;
export type KeySpec = z.infer<typeof keySchema>;
export type OrderPart = z.infer<typeof orderPartSchema>;
