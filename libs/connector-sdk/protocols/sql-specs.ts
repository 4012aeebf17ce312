import { z } from 'zod';
import { timestampFormatSchema } from '#libs/mapping/guard';
import { caFile } from './ca-file.js';

const seconds = z.number().int().min(1).max(86_400);

/** How new rows of one exchange table are found. */
const exchangeTable = {
  /** Table id of the snapshot section; also the table's name. */
  table: z.string(),
  /** Columns that together are unique per row and never null; they break ties when several rows share one watermark. */
  rowKey: z.array(z.string()).min(1),
};
const growing = {
  ...exchangeTable,
  /** Column that only grows: an integer, or a time as text. */
  watermark: z.string(),
  /** How far behind the watermark rows are read again: in numbers, or in seconds for a time. */
  reread: z.number().int().min(0),
  /** Where rows are rewritten or vanish without a trace in the watermark: after so many seconds the whole table is compared. */
  compareSeconds: seconds.optional(),
};
const exchangeTableSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('number'), ...growing }),
  z.strictObject({ kind: z.literal('time'), ...growing, format: timestampFormatSchema.optional() }),
  /** Rows say themselves that they are new; the hub says that it took them. The first connection reads all of them. */
  z.strictObject({
    kind: z.literal('flag'), ...exchangeTable,
    flag: z.string(),
    fresh: z.array(z.string()).min(1),
    /** Set after what was read is durable, on rows that are still as they were read. */
    taken: z.string(),
  }),
]);

/** Tables in an exchange database (前置机), polled by a growing column, re-reading a window behind it, or by a flag. */
export const sqlExchangeSchema = z.strictObject({
  protocol: z.literal('sql-exchange'),
  /** Name of the environment variable with the database URL: postgres:, mysql:, oracle:, mssql:. */
  urlSecret: z.string(),
  caFile,
  /** Schema of the tables; MySQL and MariaDB name their database in the URL instead. */
  schema: z.string().default('public'),
  /** The texts of one row, all columns together. A longer row is a dead letter; its texts are not fetched. */
  maxRowKilobytes: z.number().int().min(1).max(1024).default(64),
  pollSeconds: seconds.default(5),
  tables: z.array(exchangeTableSchema).min(1),
});

/** How rows of an exchange table say what became of them. */
const flagSchema = z.strictObject({
  column: z.string(),
  /** Set by the hub: to be taken. */
  waiting: z.string(),
  /** Set by the system. */
  taken: z.array(z.string()).min(1),
  failed: z.array(z.string()).min(1),
});
const sqlTable = {
  protocol: z.literal('sql-table'),
  urlSecret: z.string(),
  caFile,
  schema: z.string().default('public'),
  table: z.string(),
  flag: flagSchema,
  /** Where the system says why it failed; of its text only column names and codes are read. */
  error: z.string().optional(),
  maxItems: z.number().int().min(1).max(500).default(100),
};

/** Rows inserted into an exchange table that the system takes; its flag acknowledges them. */
export const sqlTableSchema = z.discriminatedUnion('rows', [
  /** One row a write; columns that are not written stay null. */
  z.strictObject({
    ...sqlTable, rows: z.literal('item'),
    /** Column of a number that the hub makes of its own ref: later writes have higher ones. */
    id: z.string(),
    /** Column of the time of the write, `yyyy-MM-dd HH:mm:ss`. */
    time: z.string(),
  }),
  /** One row a changed field: the target's key, the field's name, old and new value. */
  z.strictObject({
    ...sqlTable, rows: z.literal('field'),
    field: z.string(),
    old: z.string(),
    new: z.string(),
    /** Column of the time of the change, `yyyyMMddHHmmssSSS`, made of the hub's own ref; with key and field it names the row. */
    created: z.string(),
  }),
]);

export type SqlExchangeSpec = z.infer<typeof sqlExchangeSchema>;
export type ExchangeTable = SqlExchangeSpec['tables'][number];
export type GrowingTable = Exclude<ExchangeTable, { kind: 'flag' }>;
export type FlaggedTable = Extract<ExchangeTable, { kind: 'flag' }>;
export type SqlTableSpec = z.infer<typeof sqlTableSchema>;
