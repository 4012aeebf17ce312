import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { YiciError } from '#libs/kernel/errors';

/**
 * Record → label of a crosswalk, a truth or clusters of a table. Keys are record keys (system,record_type,natural_key) or
 * record_id; labels entity_id or cluster_id. Throws YICI_EVALUATE_COLUMNS.
 */
export async function readLabels(file: string, recordType: string | undefined): Promise<Map<string, string>> {
  const labels = new Map<string, string>();
  const rows = createReadStream(file).pipe(parse({ columns: true, bom: true, skip_empty_lines: true }));
  for await (const row of rows as AsyncIterable<Record<string, string>>) {
    if (recordType !== undefined && row['record_type'] !== recordType) continue;
    const key = row['record_id'] ?? (row['natural_key'] === undefined ? undefined : `${row['system']}:${row['record_type']}:${row['natural_key']}`);
    const label = row['entity_id'] ?? row['cluster_id'];
    if (key === undefined || label === undefined) {
      throw new YiciError({
        code: 'YICI_EVALUATE_COLUMNS', stage: 'receiving', message: 'A file of labels lacks its columns.',
        fix: 'Give system,record_type,natural_key,entity_id or record_id with entity_id or cluster_id.',
      });
    }
    labels.set(key, label);
  }
  return labels;
}
