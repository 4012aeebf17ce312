import { z } from 'zod';
import type { CodeMap } from '#libs/mapping/code-map';
import type { MappingIn } from '#libs/mapping/mapping-in';
import type { MappingOut } from '#libs/mapping/mapping-out';
import type { Manifest } from './manifest.js';
import type { Sharing } from './sharing.js';

/** One loaded connector folder: everything in it, checked. */
export interface Connector {
  id: string;
  /** Absolute path of the folder. */
  dir: string;
  manifest: Manifest;
  mappingIn: MappingIn;
  mappingOut: MappingOut;
  sharing: Sharing;
  codes: ReadonlyMap<string, CodeMap>;
  /** The columns of source.schema.json, by table. */
  schema: z.infer<typeof sourceDescriptionSchema>;
}

/** source.schema.json: each table's columns as the source describes them. */
export const sourceDescriptionSchema = z.record(
  z.string(),
  z.strictObject({ title: z.string(), columns: z.record(z.string(), z.strictObject({ title: z.string(), type: z.string(), note: z.string().optional() })) }),
);

/** Secrets of the manifest that the environment lacks: they disable this connector's live side, and no other's. */
export function missingSecrets(connector: Connector, environment: Readonly<Record<string, string | undefined>>): string[] {
  return connector.manifest.secrets.filter((s) => (environment[s] ?? '') === '');
}

/** Columns of the system whose text is kept with each record, for write-back: those that mapping.out writes or carries. */
export function legacyColumns(connector: Pick<Connector, 'mappingOut' | 'manifest'>): Map<string, readonly string[]> {
  const never = new Set(connector.manifest.never);
  const byRecord = new Map<string, readonly string[]>();
  for (const rule of connector.manifest.records) {
    const section = connector.mappingOut[rule.type];
    const quoted = rule.type === 'person' ? quotedColumns(connector.mappingOut) : [];
    const table = connector.manifest.snapshot.tables.find((t) => t.id === rule.table);
    if ((section === undefined && quoted.length === 0) || table === undefined || rule.derived) continue;
    const own = new Set(columnNames(table.read));
    byRecord.set(rule.name, [...new Set([...Object.keys(section?.columns ?? {}), ...(section?.carry ?? []), ...quoted])].filter((c) => own.has(c) && !never.has(c)));
  }
  return byRecord;
}

/** Columns of the target's own record that its tickets quote. */
function quotedColumns({ ticket }: Connector['mappingOut']): string[] {
  return Object.values(ticket?.columns ?? {}).flatMap((c) => ('quote' in c && c.quote !== undefined ? [c.quote] : []));
}

/** Column names of a format, whatever its shape. */
export function columnNames(read: Manifest['snapshot']['tables'][number]['read']): string[] {
  return read.columns.map((c) => (typeof c === 'string' ? c : c.name));
}
