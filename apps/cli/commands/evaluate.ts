import type { Command } from 'commander';
import { evaluate, type Evaluation } from '#libs/matching/evaluate';
import { readLabels } from '../read-labels.js';
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
