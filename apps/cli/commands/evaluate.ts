import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { parse } from 'csv-parse';
import { YiciError } from '#libs/kernel/errors';
import { evaluate, type Evaluation } from '#libs/matching/evaluate';
import { Terminal, type OutputOptions } from '../terminal.js';

interface Options extends OutputOptions {
  crosswalk: string;
  truth: string;
  recordType?: string;
}

export function evaluateCommand(program: Command): void {
  program.command('evaluate')
    .description('compare a crosswalk (or clusters of a table) with the truth')
    .requiredOption('--crosswalk <file>', 'CSV: system,record_type,natural_key,entity_id or record_id,cluster_id')
    .requiredOption('--truth <file>', 'CSV: system,record_type,natural_key,entity_id or record_id,entity_id')
    .option('--record-type <type>', 'person, household or dwelling alone')
    .option('--json', 'print the result as one JSON object')
    .action(async (o: Options) => {
      const terminal = new Terminal(o);
      const truth = await readLabels(o.truth, o.recordType);
      const crosswalk = await readLabels(o.crosswalk, o.recordType);
      const entities: string[] = [];
      const clusters: string[] = [];
      let missing = 0;
      for (const [key, entity] of truth) {
        entities.push(entity);
        const cluster = crosswalk.get(key);
        if (cluster === undefined) missing += 1;
        clusters.push(cluster ?? `missing ${key}`);
      }
      const unknown = [...crosswalk.keys()].filter((k) => !truth.has(k)).length;
      terminal.result({ ...evaluate(entities, clusters), missing, unknown }, words);
    });
}

function words(e: Evaluation & { missing: number; unknown: number }): string {
  const percent = (x: number): string => `${(x * 100).toFixed(3)} %`;
  return [
    `records ${e.records}, entities ${e.entities}, clusters ${e.clusters}; missing ${e.missing}, unknown ${e.unknown}`,
    `pairs   precision ${percent(e.pairwise.precision)}, recall ${percent(e.pairwise.recall)}, F1 ${percent(e.pairwise.f1)}`,
    `B³      precision ${percent(e.bcubed.precision)}, recall ${percent(e.bcubed.recall)}, F1 ${percent(e.bcubed.f1)}`,
    `merged wrongly ${e.falseMerges.overmergedRecords} records in ${e.falseMerges.clusters} clusters (${percent(e.falseMerges.overmergedShare)}); split ${e.splits.entities} entities`,
  ].join('\n');
}

/** Record → label. Household and dwelling keys are told apart from person keys by their type. */
async function readLabels(file: string, recordType: string | undefined): Promise<Map<string, string>> {
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
