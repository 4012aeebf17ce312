import { z } from 'zod';
import { fileFetchSchema, fileUploadSchema } from './protocols/file-specs.js';
import { cloudEventsSchema, intakeSchema, restListSchema, restPushSchema } from './protocols/rest-specs.js';
import { sqlExchangeSchema } from './protocols/sql-specs.js';
import { soapLiveSchema } from './protocols/soap-spec.js';

/**
 * How a live system is read: a list, for a system may push its changes and be asked for the rest. Protocols are stock; a folder only
 * configures them. Names of secrets end in `secret` or `Secret`; a system that is asked says how often in `pollSeconds`.
 */
export const liveSchema = z.discriminatedUnion('protocol', [
  sqlExchangeSchema,
  restPushSchema,
  cloudEventsSchema,
  intakeSchema,
  restListSchema,
  soapLiveSchema,
  fileFetchSchema,
  fileUploadSchema,
]);

export type LiveSpec = z.infer<typeof liveSchema>;
