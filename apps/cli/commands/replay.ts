import type { Command } from 'commander';
import { encodeEvent } from '#libs/bus/cloud-event';
import { openLog } from '#libs/bus/open-log';
import { CommandSender } from '#libs/entries/command-sender';
import { systemClock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import { TOPIC } from '#libs/model/events';
import { AuditStore } from '#libs/store/audit-store';
import { withStore, type StoreContext, type StoreOptions } from '../store-context.js';
import { Terminal, type OutputOptions } from '../terminal.js';

interface Options extends StoreOptions, OutputOptions {
  system?: string;
  code?: string;
}

export function replayCommand(program: Command): void {
  program.command('replay')
    .description('read or write dead letters once more, after their cause was mended; a running hub does it, or the next one that starts')
    .argument('[id]', 'one dead letter by its id (yici export dead-letters lists them)')
    .option('--system <id>', 'all that wait, of this system')
    .option('--code <code>', 'all that wait, with this code')
    .option('--data-dir <dir>', 'data directory (default: YICI_DATA_DIR or .yici)')
    .option('--json', 'print the result as one JSON object')
    .action((id: string | undefined, o: Options) => {
      if (id === undefined && o.system === undefined && o.code === undefined) throw nothingNamed();
      return withStore(o, (context) => replay(context, id, o));
    });
}

async function replay({ config, store, logger }: StoreContext, id: string | undefined, o: Options): Promise<void> {
  const terminal = new Terminal(o);
  const found = await store.pool.query<{ id: string }>(
    `select id from dead_letter where ($1::text is null or id = $1) and ($2::text is null or system = $2) and ($3::text is null or code = $3)
        and ($1::text is not null or replayed_at is null) order by created_at, id`, [id ?? null, o.system ?? null, o.code ?? null]);
  if (id !== undefined && found.rows.length === 0) throw unknown();
  const log = openLog(config, { pool: store.pool, listener: store.listener, logger });
  const sender = new CommandSender(({ key, id: messageId, command }) => {
    const time = new Date(systemClock.now()).toISOString();
    return log.publish(TOPIC.command, [{ key, value: encodeEvent(store.sealing, { id: messageId, type: TOPIC.command, source: '/command-line', time, data: command }) }]);
  }, store.sealing, systemClock);
  try {
    await log.ensureTopics([{ topic: TOPIC.command, partitions: 8 }]);
    for (const [i, letter] of found.rows.entries()) {
      await sender.send({ kind: 'replay', deadLetterId: letter.id, actor: 'command line' });
      terminal.progress('replay', i + 1, found.rows.length, 'letters');
    }
    await store.unitOfWork.run((tx) => new AuditStore(store.sealing, systemClock).append(tx, found.rows.map((r) => ({ actor: 'command line', action: 'deadLetter.replay', subject: r.id }))));
  } finally {
    terminal.endProgress();
    await log.close();
  }
  terminal.result({ replayed: found.rows.map((r) => r.id) }, (r) => `${r.replayed.length} dead letter${r.replayed.length === 1 ? '' : 's'} to be tried again.`);
}

function nothingNamed(): YiciError {
  return new YiciError({ code: 'YICI_REPLAY_NONE_NAMED', stage: 'receiving', message: 'Nothing says which dead letters to replay.', fix: 'Give an id, --system or --code.' });
}

function unknown(): YiciError {
  return new YiciError({ code: 'YICI_DEAD_LETTER_UNKNOWN', stage: 'receiving', message: 'There is no dead letter with this id.', fix: 'yici export dead-letters lists them.' });
}
