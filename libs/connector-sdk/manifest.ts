import { z } from 'zod';
import { codeText } from '#libs/mapping/guard';
import { recordRuleSchema } from '#libs/mapping/rule';
import { deliverySchema } from './delivery-spec.js';
import { liveSchema } from './live-spec.js';

/**
 * connector.yaml: what a system is and how its rows are read. The JSON Schema in schemas/connector is made from these
 * schemas; connectors/README.md explains them to authors.
 */
const columns = z.array(z.string().min(1)).min(1);
const encoding = z.enum(['gb18030', 'gbk', 'utf-8']);
const maxRecordBytes = z.number().int().min(1024).optional();

const formatSchema = z.discriminatedUnion('format', [
  z.strictObject({
    format: z.literal('delimited'), encoding, delimiter: z.enum([',', '|']).default(','), quoting: z.enum(['rfc4180', 'none']).default('rfc4180'),
    header: z.boolean().default(true), columns, free: z.string().optional(), cutColumn: z.string().optional(), cutBytes: z.number().int().optional(), maxRecordBytes,
  }),
  z.strictObject({ format: z.literal('json-lines'), columns, maxDepth: z.number().int().min(1).max(64).optional(), maxRecordBytes }),
  z.strictObject({ format: z.literal('xml-records'), encoding, recordElement: z.string().min(1), rootElement: z.string().min(1).optional(), columns, maxRecordBytes }),
  z.strictObject({
    format: z.literal('dbf'),
    columns: z.array(z.strictObject({ name: z.string().min(1), type: z.enum(['C', 'D', 'N', 'L']), width: z.number().int().min(1), decimals: z.number().int().optional() })).min(1),
  }),
  z.strictObject({ format: z.literal('workbook'), columns, totalLabel: z.string().optional(), headerWithin: z.number().int().optional(), maxRecordBytes }),
]);

const completenessSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('companion'), extension: z.string().regex(/^\.\w+$/), lines: z.array(z.enum(['count', 'sm3'])).min(1) }),
  z.strictObject({ kind: z.literal('total'), element: z.string().min(1) }),
]);

const tableSchema = z.strictObject({
  /** Named by the records and by other tables' lookups. */
  id: z.string().min(1),
  /** File name; `{date:yyyyMMdd}`, `{date:yyyyMM}` and `{sequence}` stand for digits. */
  file: z.string().min(1),
  read: formatSchema,
  /** What says that the files are complete. */
  complete: completenessSchema.optional(),
  /**
   * A snapshot (or a comparison) of this table holds all that there is: a record missing from it is withdrawn. Where more than the
   * share `atMost` is missing at once, none is, and the connector stops. Only for a table of one file whose record types no other table has.
   */
  whole: z.strictObject({ atMost: z.number().gt(0).max(1) }).optional(),
  /** Rows that are no records: the first that holds names why. `olderThan`: the row that the table's lookup found has another text in this column. */
  void: z.array(z.union([
    z.strictObject({ column: z.string(), in: z.array(codeText).min(1), why: z.string().min(1) }),
    z.strictObject({ column: z.string(), olderThan: z.string(), why: z.string().min(1) }),
  ])).default([]),
  /** Rows of another table, read beside each row: `TABLE.COLUMN` in mappings and orders. The newest by `order` is taken. */
  lookup: z.array(z.strictObject({ table: z.string(), by: z.string(), key: z.string(), newest: z.array(z.string()).min(1), columns })).default([]),
});

/** The conditions that survivorship knows; it treats any other as never met. */
const conditionSchema = z.enum(['verified', 'dated', 'birthBeforeRegister', 'deathAlone', 'deathWitness']);

const authoritySchema = z.union([
  z.number().int().min(1).max(99),
  z.strictObject({ rank: z.number().int().min(1).max(99), when: conditionSchema }),
]);

export const manifestSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  name: z.string().min(1),
  nameEn: z.string().min(1),
  owner: z.string().min(1),
  category: z.string().min(1),
  /** `snapshot` while the live protocol is not built. */
  mode: z.enum(['live', 'snapshot']),
  snapshot: z.strictObject({ tables: z.array(tableSchema).min(1) }),
  records: z.array(recordRuleSchema).min(1),
  /** Canonical field → rank (1–99, lower is believed first). A field not named stands at 100. */
  authority: z.record(z.string(), authoritySchema).default({}),
  /** Columns that must never enter: masked before anything leaves the reader. */
  never: z.array(z.string()).default([]),
  /** Canonical facets only this system's own scope may see. */
  restricted: z.array(z.string()).default([]),
  live: z.array(liveSchema).default([]),
  delivery: deliverySchema.optional(),
  /** What the target can hold: refused before writing, never cut. */
  limits: z.strictObject({ encoding: encoding.default('utf-8'), widths: z.record(z.string(), z.number().int().min(1)).default({}) }).prefault({}),
  allowedHosts: z.array(z.string()).default([]),
  /** Names of environment variables; a missing one disables this connector alone. */
  secrets: z.array(z.string().regex(/^YICI_[A-Z0-9_]+$/)).default([]),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type TableSpec = z.infer<typeof tableSchema>;
