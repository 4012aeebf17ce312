import { z } from 'zod';
import { caFile } from './ca-file.js';
import { atOnceSchema } from './write-each.js';

/** One request a record: its columns as a JSON object. */
export const restCallSchema = z.strictObject({
  protocol: z.literal('rest-call'),
  urlSecret: z.string(),
  method: z.enum(['POST', 'PUT', 'PATCH']).default('POST'),
  /** `{key}` is the target's own key of the record. */
  path: z.string().startsWith('/'),
  /** Type of the records that are written. */
  record: z.enum(['person', 'household', 'dwelling']).default('person'),
  /** Name of the target's key in the body; absent: it stands in the path alone. */
  keyField: z.string().optional(),
  /** Signs what is sent. */
  secret: z.string().optional(),
  /** Bearer token. */
  tokenSecret: z.string().optional(),
  hmac: z.enum(['sm3', 'sha256']).default('sm3'),
  maxItems: z.number().int().min(1).max(200).default(50),
  /** Requests under way at once, each of another record. */
  atOnce: atOnceSchema,
  timeoutSeconds: z.number().int().min(1).max(300).default(10),
  caFile,
}).refine((s) => s.secret !== undefined || s.tokenSecret !== undefined, { error: 'name a secret (signed requests) or a tokenSecret (bearer token)' });

export type RestCallSpec = z.infer<typeof restCallSchema>;
