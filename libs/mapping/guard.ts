import { z } from 'zod';

/** Codes stand quoted in YAML (`'01'`), or YAML would turn them into numbers and lose the zero. */
export const codeText = z.string({ error: 'write codes as quoted text, e.g. \'01\'' });

/** The only condition a mapping knows: a column's text is, or is not, one of the named ones. */
export const guardSchema = z
  .strictObject({ column: z.string().min(1), in: z.array(codeText).min(1).optional(), notIn: z.array(codeText).min(1).optional() })
  .refine((g) => (g.in === undefined) !== (g.notIn === undefined), { error: 'name either in or notIn' });

export type Guard = z.infer<typeof guardSchema>;

/** Formats of values.readDate. */
export const dateFormatSchema = z.enum(['yyyyMMdd', 'yyyy-MM-dd', 'yyyy.MM', 'yyyyMM', 'excelSerial', 'epochMillisShanghai', 'any']);

/** Formats of values.readTimestamp. */
export const timestampFormatSchema = z.enum(['yyyyMMddHHmmss', 'yyyy-MM-dd HH:mm:ss', 'iso']);
