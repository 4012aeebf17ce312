import { RESOLUTION_GROUP, TOPIC } from '#libs/model/events';
import { trimInbox } from '#libs/store/inbox';
import type { HubParts } from './open-parts.js';

const EVERY_MS = 10 * 60_000;
/** The log keeps what was read three days; a day more than that. */
const KEPT_MS = 4 * 24 * 3600_000;
const ROWS_A_STEP = 50_000;
const RESOLUTION_READS = [TOPIC.sourceRecordAccepted, TOPIC.command, TOPIC.targetKeyMinted];

type TrimParts = Pick<HubParts, 'store' | 'log' | 'clock' | 'logger' | 'connectors'>;

/** Forgets inbox rows that no delivery can ask for any more. Returns what ends it. */
export function trimInboxRegularly(parts: TrimParts): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = trim(parts).catch((error: unknown) => parts.logger.warn('inbox.trimFailed', {}, error));
  }, EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/**
 * Age alone would not do: after days of standstill a message whose effect is old may still be delivered again, because the kill
 * came before its commit. So nothing is forgotten while a group that keeps an inbox has anything before it.
 */
async function trim(parts: TrimParts): Promise<void> {
  const { store, log, clock, logger, connectors } = parts;
  const fanout = ['not-live', ...connectors.map((c) => c.id)].map((id) => [`fanout.${id}`, [TOPIC.goldenRecordChanged]] as const);
  for (const [group, topics] of [[RESOLUTION_GROUP, RESOLUTION_READS] as const, ...fanout]) {
    const positions = await log.positions(group, topics);
    // A group that never read has no inbox.
    if (positions.some((p) => p.begun) && positions.some((p) => BigInt(p.committed) < BigInt(p.end))) return;
  }
  for (let removed = ROWS_A_STEP; removed === ROWS_A_STEP;) {
    removed = await store.unitOfWork.run((tx) => trimInbox(tx, new Date(clock.now() - KEPT_MS), ROWS_A_STEP));
    if (removed > 0) logger.debug('inbox.trimmed', { removed });
  }
}
