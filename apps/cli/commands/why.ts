import type { Command } from 'commander';
import { PairExplainer } from '#libs/entries/pair-explainer';
import { systemClock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import { parseRecordKey, type RecordKey } from '#libs/kernel/record-key';
import type { PairExplanation } from '#libs/matching/explain-pair';
import type { SourceRecord } from '#libs/model/source-record';
import { AuditStore } from '#libs/store/audit-store';
import { SourceRecordStore } from '#libs/store/source-record-store';
import { modelOfStore } from '../match-model-file.js';
import { withStore, type StoreContext, type StoreOptions } from '../store-context.js';
import { table, Terminal, type OutputOptions } from '../terminal.js';

type Options = StoreOptions & OutputOptions;

interface Why extends PairExplanation {
  records: [RecordKey, RecordKey];
  /** Entities they belong to now. */
  entities: (string | undefined)[];
  /** They are one person in the store; the households around them may have decided it. */
  together: boolean;
}

export function whyCommand(program: Command): void {
  program.command('why')
    .description('why two person records are one person, or not, comparison by comparison; the look is in the audit log')
    .argument('<record>', 'record key, e.g. hukou:person:R1')
    .argument('<other>', 'record key, e.g. grid:person:88213')
    .option('--data-dir <dir>', 'data directory (default: YICI_DATA_DIR or .yici)')
    .option('--json', 'print the result as one JSON object')
    .action((a: string, b: string, o: Options) => {
      for (const key of [a, b]) if (parseRecordKey(key).recordType !== 'person') throw notPersons();
      return withStore(o, async (context) => {
        const why = await explain(context, [a, b]);
        await context.store.unitOfWork.run((tx) => new AuditStore(context.store.sealing, systemClock)
          .append(tx, [{ actor: 'command line', action: 'why', ...(why.entities[0] !== undefined && { subject: why.entities[0] }) }]));
        new Terminal(o).result(why, words);
      });
    });
}

async function explain({ store }: StoreContext, keys: [RecordKey, RecordKey]): Promise<Why> {
  const { found, entities } = await store.unitOfWork.run(async (tx) => {
    const records = await new SourceRecordStore(store.sealing).findByKeys(tx, keys);
    const ids = keys.map((k) => records.get(k)?.id);
    const links = await tx.client.query<{ record_id: string; entity_id: string }>('select record_id, entity_id from crosswalk where record_id = any($1::bigint[])', [ids.filter((id) => id !== undefined)]);
    return { found: records, entities: ids.map((id) => links.rows.find((l) => Number(l.record_id) === id)?.entity_id) };
  });
  const missing = keys.filter((k) => !found.has(k));
  if (missing.length > 0) throw unknownRecord(missing.length);
  const [a, b] = keys.map((k) => found.get(k)!.record as SourceRecord<'person'>) as [SourceRecord<'person'>, SourceRecord<'person'>];
  const explanation = (await new PairExplainer(store.dataSource, store.sealing, await modelOfStore(store)).explain(a, b))!;
  return { records: keys, entities, together: entities[0] !== undefined && entities[0] === entities[1], ...explanation };
}

function words(w: Why): string {
  const bits = (n: number): string => `${n >= 0 ? '+' : ''}${n.toFixed(1)}`;
  return [
    table(['比较 comparison', 'bits', '合计 total', ''], w.steps.map((s) => [s.label.zh, bits(s.bits), s.total.toFixed(1), s.label.en])),
    '',
    `${w.conclusion.zh}  ${w.conclusion.en}  (${(w.probability * 100).toFixed(2)} %)`,
    w.together ? `现为同一人 one person now: ${w.entities[0]}` : `现为两人 two persons now: ${w.entities.map((e) => e ?? '–').join(', ')}`,
    ...(w.together !== (w.verdict === 'link' || w.verdict === 'identity') ? ['同户成员、其他记录或人工判定也会改变结果。Their households, other records of either person or a steward may have decided otherwise.'] : []),
  ].join('\n');
}

function notPersons(): YiciError {
  return new YiciError({ code: 'YICI_WHY_PERSONS_ONLY', stage: 'serving', message: 'why compares two person records.', fix: 'Give two keys like hukou:person:R1; yici export crosswalk lists them.' });
}

function unknownRecord(n: number): YiciError {
  return new YiciError({ code: 'YICI_RECORD_UNKNOWN', stage: 'serving', message: `The store holds no record under ${n === 1 ? 'one of the keys' : 'either key'}.`, fix: 'yici export crosswalk lists them.' });
}
