import { z } from 'zod';
import { caFile } from './ca-file.js';

/** How systems that speak HTTP are read and written: what their folders say. Names of secrets end in `secret` or `Secret`. */
const path = z.string().regex(/^[a-z][a-z0-9-]*$/);
const seconds = z.number().int().min(1).max(86_400);
const hmac = z.enum(['sm3', 'sha256']).default('sm3');
/** Signatures older than this, or so far in the future, are refused. */
const maxAgeSeconds = seconds.default(300);
const timeoutSeconds = z.number().int().min(1).max(300).default(10);

/** The system pushes signed arrays of rows to the hub. */
export const restPushSchema = z.strictObject({
  protocol: z.literal('rest-push'),
  /** Path below /intake/<system id>/. */
  path,
  table: z.string(),
  secret: z.string(),
  hmac,
  maxItems: z.number().int().min(1).default(200),
  maxAgeSeconds,
});

/** The system pushes CloudEvents 1.0 whose data is a row: structured, batched or binary. */
export const cloudEventsSchema = z.strictObject({
  protocol: z.literal('cloud-events'),
  path,
  table: z.string(),
  /** Types of events that bring a row. */
  changed: z.array(z.string().min(1)).min(1),
  /** Types of events by which the system takes a record back. */
  withdrawn: z.array(z.string().min(1)).default([]),
  /** Column of the row that the event's subject must equal. */
  subject: z.string(),
  secret: z.string(),
  /** Bearer token that goes with the signature. */
  tokenSecret: z.string().optional(),
  hmac,
  /** Events of one batch. */
  maxItems: z.number().int().min(1).max(1000).default(200),
  maxAgeSeconds,
});

/** For systems to come: 1–1,000 rows a request, each answered for; signed, or with a bearer token, or both. */
export const intakeSchema = z.strictObject({
  protocol: z.literal('intake'),
  /** Last part of the address `/intake/<system id>/…` → table. */
  records: z.record(path, z.string()).refine((r) => Object.keys(r).length > 0, { error: 'name at least one table' }),
  secret: z.string().optional(),
  tokenSecret: z.string().optional(),
  hmac,
  maxItems: z.number().int().min(1).max(1000).default(1000),
  maxAgeSeconds,
  /** More requests are answered with 429 and when to come again. */
  requestsPerMinute: z.number().int().min(1).max(60_000).default(600),
}).refine((s) => s.secret !== undefined || s.tokenSecret !== undefined, { error: 'name a secret (signed requests) or a tokenSecret (bearer token)' });

/** The system lists its rows by pages: what changed since a time, and everything. */
export const restListSchema = z.strictObject({
  protocol: z.literal('rest-list'),
  urlSecret: z.string(),
  /** Answers `{ items: […], cursor }` to `?updatedSince=&cursor=&limit=`; `cursor` is null on the last page. */
  path: z.string().startsWith('/'),
  /** Where one row is read; `{key}` is its natural key. */
  readPath: z.string().startsWith('/').includes('{key}').optional(),
  /** Table whose rows the items are; its record has a `time`, by which it is read. */
  table: z.string(),
  /** Signs what the hub asks. */
  secret: z.string().optional(),
  tokenSecret: z.string().optional(),
  hmac,
  /** Rows are read again so many seconds behind the newest time: they may be stored in another order than they are dated. */
  reread: z.number().int().min(0).default(120),
  pageSize: z.number().int().min(1).max(1000).default(500),
  /** A larger page is refused while it comes. */
  maxPageMegabytes: z.number().int().min(1).max(64).default(8),
  pollSeconds: seconds.default(60),
  timeoutSeconds,
  caFile,
});

export type RestPushSpec = z.infer<typeof restPushSchema>;
export type CloudEventsSpec = z.infer<typeof cloudEventsSchema>;
export type IntakeSpec = z.infer<typeof intakeSchema>;
export type RestListSpec = z.infer<typeof restListSchema>;

/** POST of an array; the answer has a code for each item. */
export const restSyncSchema = z.strictObject({
  protocol: z.literal('rest-sync'),
  urlSecret: z.string(),
  path: z.string().startsWith('/'),
  /** Where one record is read back; `{key}` is its natural key. */
  readPath: z.string().startsWith('/').optional(),
  secret: z.string(),
  /** Column that carries the time of the write, `yyyy-MM-dd HH:mm:ss`; the target compares it with its own row's. */
  timeColumn: z.string().optional(),
  hmac,
  maxItems: z.number().int().min(1).default(100),
  timeoutSeconds,
  caFile,
});

/** Subscription of a system to come: signed CloudEvents are posted to it (Standard Webhooks). */
export const webhookSchema = z.strictObject({
  protocol: z.literal('webhook'),
  /** The whole address that is posted to. */
  urlSecret: z.string(),
  secret: z.string(),
  /** Type of the events. */
  type: z.string().min(1),
  /** 1: one event a request; more: a batch. */
  maxItems: z.number().int().min(1).max(100).default(1),
  timeoutSeconds,
  caFile,
});

export type RestSyncSpec = z.infer<typeof restSyncSchema>;
export type WebhookSpec = z.infer<typeof webhookSchema>;
