import { z } from 'zod';

/** How a target is written to. `none-yet`: its protocol is not built; deliveries say so. */
export const deliverySchema = z.discriminatedUnion('protocol', [
  /** One CSV file a ticket, dropped into a folder that the system empties. Never changes a field there. */
  z.strictObject({
    protocol: z.literal('ticket-file'),
    /** Folder of the drop: name of the environment variable. */
    folderSecret: z.string(),
    /** `{time}` is yyyyMMddHHmmssSSS, `{sequence}` three digits. */
    file: z.string().regex(/\{time\}.*\{sequence\}/),
    encoding: z.enum(['gb18030', 'gbk', 'utf-8']),
  }),
  /** POST of an array; the answer has a code for each item. */
  z.strictObject({
    protocol: z.literal('rest-sync'),
    urlSecret: z.string(),
    path: z.string().startsWith('/'),
    /** Where one record is read back; `{key}` is its natural key. */
    readPath: z.string().startsWith('/').optional(),
    secret: z.string(),
    /** Column that carries the time of the write, `yyyy-MM-dd HH:mm:ss`; the target compares it with its own row's. */
    timeColumn: z.string().optional(),
    hmac: z.enum(['sm3', 'sha256']).default('sm3'),
    maxItems: z.number().int().min(1).default(100),
    timeoutSeconds: z.number().int().min(1).max(300).default(10),
  }),
  z.strictObject({
    protocol: z.literal('none-yet'),
    /** The protocol that the system speaks: SOAP, FTP, SFTP … */
    speaks: z.string().min(1),
  }),
]);

export type DeliverySpec = z.infer<typeof deliverySchema>;
export type TicketFileSpec = Extract<DeliverySpec, { protocol: 'ticket-file' }>;
export type RestSyncSpec = Extract<DeliverySpec, { protocol: 'rest-sync' }>;
