import { z } from 'zod';
import { dateFormatSchema } from './guard.js';

/**
 * What mapping.out.yaml may say: for each legacy column the canonical field it is written from and one of a closed list
 * of spellings (`as`). A canonical value the target's codes cannot say is refused, never written as something else.
 */
const plainColumn = {
  /** Canonical path; a facet is `facets.<name>` with its `part`. */
  field: z.string().min(1),
  as: z.enum([
    'text', 'number', 'boolean', 'list', 'citizenId', 'name', 'code', 'date', 'phone', 'division', 'address', 'relation', 'householdKey',
    'relativeName', 'relativeCitizenId', 'flag', 'matches', 'count', 'householdCount',
  ]),
  part: z.string().optional(),
  map: z.string().optional(),
  table: z.string().optional(),
  /** `date`: how it is spelt. Default yyyy-MM-dd. */
  format: dateFormatSchema.optional(),
  /** `relation`, `householdKey`: of which kind of household. */
  kind: z.enum(['registered', 'living', 'residential']).optional(),
  /** `relativeName`, `relativeCitizenId`: whose. */
  role: z.enum(['father', 'mother', 'spouse', 'guardian', 'householdContact', 'landlord']).optional(),
  /** `boolean`: the texts of true and false; JSON booleans without them. */
  texts: z.tuple([z.string(), z.string()]).optional(),
  /** `flag`: the flag whose presence is written. */
  flag: z.string().optional(),
  /** `phone`: whose. Default own. */
  holder: z.enum(['own', 'guardian', 'landlord']).optional(),
};

/** `first`: another canonical field that speaks for the column before this one does (a death before a departure). */
const columnSchema = z.strictObject({ ...plainColumn, first: z.strictObject(plainColumn).optional() });

const sectionSchema = z.strictObject({
  /** Column of the target's own key. */
  key: z.string(),
  /** Column of our own ref when the hub creates a record there; absent: the hub may not create. */
  createRef: z.string().optional(),
  /** Fields a created record must have. */
  createNeeds: z.array(z.string()).default([]),
  /** Columns of the target's own record that go along with every write as they are: its full key, a name to recognise the row by. */
  carry: z.array(z.string()).default([]),
  columns: z.record(z.string(), columnSchema),
  /** True: one changed column takes all the others with it, unchanged ones as they were last known there, because the target takes them as one statement (two counts of a house). */
  together: z.boolean().default(false),
  /** Columns the system has and the hub does not write, by reason. */
  unwritten: z.array(z.strictObject({ reason: z.string().min(8), columns: z.array(z.string()).min(1) })).default([]),
});

const ticketSchema = z.strictObject({
  /** The target's code for each kind of ticket. */
  kinds: z.partialRecord(z.enum(['contestedId', 'suspectedDeath', 'livesElsewhere']), z.string()),
  /**
   * Columns in file order: what the ticket says, or a canonical field of the person; `quote` names a column of the target's own
   * record that stands instead of the field, spelt as there, so that its officers find their row.
   */
  columns: z.record(z.string(), z.union([z.strictObject({ ticket: z.enum(['number', 'kind', 'text']) }), columnSchema.extend({ quote: z.string().optional() })])),
});

export const mappingOutSchema = z.strictObject({
  person: sectionSchema.optional(),
  household: sectionSchema.optional(),
  dwelling: sectionSchema.optional(),
  ticket: ticketSchema.optional(),
});

export type MappingOut = z.infer<typeof mappingOutSchema>;
export type OutSection = z.infer<typeof sectionSchema>;
export type OutColumn = z.infer<typeof columnSchema>;
export type TicketSpec = z.infer<typeof ticketSchema>;
