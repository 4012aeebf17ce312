import { z } from 'zod';
import { timestampFormatSchema } from '#libs/mapping/guard';

const seconds = z.number().int().min(1).max(86_400);

/**
 * How a live system is read: a list, for a system may push its changes and be asked for the rest. Protocols are stock; a folder only
 * configures them. Names of secrets end in `secret` or `Secret`; a system that is asked says how often in `pollSeconds`.
 */
export const liveSchema = z.discriminatedUnion('protocol', [
  /** Tables in an exchange database (前置机), polled by a growing number, re-reading a window behind the watermark. */
  z.strictObject({
    protocol: z.literal('sql-exchange'),
    /** Name of the environment variable with the database URL. */
    urlSecret: z.string(),
    schema: z.string().default('public'),
    pollSeconds: seconds.default(5),
    tables: z.array(z.strictObject({
      /** Table id of the snapshot section; also the table's name. */
      table: z.string(),
      /** Column that only grows: an integer, or a time as text. */
      watermark: z.string(),
      /** Columns that together are unique per row; they break ties when several rows share one watermark. */
      rowKey: z.array(z.string()).min(1),
      kind: z.enum(['number', 'time']),
      format: timestampFormatSchema.optional(),
      /** How far behind the watermark rows are read again: in numbers, or in seconds for a time. */
      reread: z.number().int().min(0),
    })).min(1),
  }),
  /** The system pushes signed batches to the hub. */
  z.strictObject({
    protocol: z.literal('rest-push'),
    /** Path below /intake/<system id>/. */
    path: z.string().regex(/^[a-z][a-z0-9-]*$/),
    table: z.string(),
    secret: z.string(),
    hmac: z.enum(['sm3', 'sha256']).default('sm3'),
    maxItems: z.number().int().min(1).default(200),
    /** Signatures older than this are refused. */
    maxAgeSeconds: seconds.default(300),
    /** `array`: the body is a JSON array of rows; `cloudevent`: one CloudEvents 1.0 object whose data is the row. */
    body: z.enum(['array', 'cloudevent']).default('array'),
  }),
]);

export type LiveSpec = z.infer<typeof liveSchema>;
export type SqlExchangeSpec = Extract<LiveSpec, { protocol: 'sql-exchange' }>;
export type RestPushSpec = Extract<LiveSpec, { protocol: 'rest-push' }>;
