import { z } from 'zod';
import { fileDropSchema, workbookDownloadSchema } from './protocols/file-specs.js';
import { restCallSchema } from './protocols/rest-call-spec.js';
import { restSyncSchema, webhookSchema } from './protocols/rest-specs.js';
import { soapDeliverySchema } from './protocols/soap-spec.js';
import { sqlTableSchema } from './protocols/sql-specs.js';

/** How a target is written to. */
export const deliverySchema = z.discriminatedUnion('protocol', [
  fileDropSchema,
  workbookDownloadSchema,
  restSyncSchema,
  restCallSchema,
  sqlTableSchema,
  webhookSchema,
  soapDeliverySchema,
]);

export type DeliverySpec = z.infer<typeof deliverySchema>;
