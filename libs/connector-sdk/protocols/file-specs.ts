import { z } from 'zod';
import { filePlaceShape } from './file-place.js';

const seconds = z.number().int().min(1).max(86_400);
const keepDays = z.number().int().min(0).max(365).default(7);

/** The system lays its exports into a folder; the hub fetches what is new and whole, and reads it as a snapshot file of this connector. */
export const fileFetchSchema = z.strictObject({
  protocol: z.literal('file-fetch'),
  ...filePlaceShape,
  pollSeconds: seconds.default(60),
  /** A larger file is refused before and while it streams. */
  maxMegabytes: z.number().int().min(1).max(65_536).default(4096),
  /** Days that the hub keeps its own copy of a fetched file; 0: no longer than it reads it. */
  keepDays,
});

/** The office uploads its workbook: PUT /intake/<system>/files/<name>, with an account. */
export const fileUploadSchema = z.strictObject({
  protocol: z.literal('file-upload'),
  maxMegabytes: z.number().int().min(1).max(1024).default(16),
  keepDays,
});

/** Files of changes, dropped into a folder that the system empties. Each appears whole or not at all and is never overwritten. */
export const fileDropSchema = z.strictObject({
  protocol: z.literal('file-drop'),
  ...filePlaceShape,
  /** `{time}` is yyyyMMddHHmmssSSS, `{sequence}` three digits. */
  file: z.string().regex(/^[^/]*\{time\}[^/]*\{sequence\}[^/]*$/),
  /**
   * `table`: rows of the snapshot table, what is unchanged blank, with its manifest where it has one; `field-lines`: one line a changed column,
   * `key|column|old|new`; `tickets`: CSV (RFC 4180) of the tickets.
   */
  rows: z.enum(['table', 'field-lines', 'tickets']),
  /** Table id of the snapshot section, for `table`. */
  table: z.string().optional(),
  /** At most so many records (or tickets) a file. */
  itemsAFile: z.number().int().min(1).max(10_000).default(500),
});

/** The office downloads a workbook of what changed: GET /deliveries/<system>/workbook, with an account. */
export const workbookDownloadSchema = z.strictObject({
  protocol: z.literal('workbook-download'),
  /** Table id of the snapshot section whose layout the workbook has. */
  table: z.string(),
  /** Column that names the sheet of a person. */
  sheetColumn: z.string().optional(),
  /** What stands above the header of each sheet. */
  title: z.string().min(1),
});

export type FileFetchSpec = z.infer<typeof fileFetchSchema>;
export type FileUploadSpec = z.infer<typeof fileUploadSchema>;
export type FileDropSpec = z.infer<typeof fileDropSchema>;
