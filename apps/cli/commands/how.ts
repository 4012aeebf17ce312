import type { Command } from 'commander';
import { systemClock } from '#libs/kernel/clock';
import { HistoryExplainer, type EntityHistory, type HistoryEvent } from '#libs/resolution/explain-history';
import { eventWords, type Words } from '#libs/resolution/history-words';
import { AuditStore } from '#libs/store/audit-store';
import { withStore, type StoreOptions } from '../store-context.js';
import { table, Terminal, type OutputOptions } from '../terminal.js';

type Options = StoreOptions & OutputOptions;
type ToldHistory = Omit<EntityHistory, 'events'> & { events: (HistoryEvent & { words: Words })[] };

export function howCommand(program: Command): void {
  program.command('how')
    .description('how a person, household or dwelling came to be what it is: versions, links, merges, decisions; the look is in the audit log')
    .argument('<entity>', 'p-…, h-… or d-…; an id that was merged leads to the one it was merged into')
    .option('--data-dir <dir>', 'data directory (default: YICI_DATA_DIR or .yici)')
    .option('--json', 'print the result as one JSON object')
    .action((id: string, o: Options) => withStore(o, async ({ store }) => {
      const history = await new HistoryExplainer(store.pool, store.sealing).explain(id);
      await store.unitOfWork.run((tx) => new AuditStore(store.sealing, systemClock).append(tx, [{ actor: 'command line', action: 'how', subject: history.id }]));
      const told: ToldHistory = { ...history, events: history.events.map((e) => ({ ...e, words: eventWords(e) })) };
      new Terminal(o).result(told, words);
    }));
}

function words(h: ToldHistory): string {
  const time = (at: string): string => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'medium' }).format(Date.parse(at));
  return [
    ...(h.asked === h.id ? [] : [`${[h.asked, ...h.redirects, h.id].join(' → ')}（已并入 merged）`]),
    `${h.id}  ${h.recordType}，第 ${h.version} 版 version ${h.version}，${h.members.length} 条来源记录 source records`,
    '',
    table(['record', 'linked'], h.members.map((m) => [m.record, `${time(m.linkedAt)}${m.attached ? `  附属 attached${m.probability === undefined ? '' : ` ${(m.probability * 100).toFixed(0)} %`}` : ''}`])),
    '',
    ...h.events.flatMap((e) => [`${time(e.at)}  ${e.words.zh}`, `${' '.repeat(21)}${e.words.en}`]),
  ].join('\n');
}
