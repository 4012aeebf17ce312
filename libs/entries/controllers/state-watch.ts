import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#libs/platform/logger';
import type { EventStream } from './event-stream.js';

const PAUSE_MS = 400;
/** A light that has not moved for a while moves rarely: it is looked at rarely. */
const LONGEST_PAUSE_MS = 3000;

/** Reads a state again and again and sends it as events `name` whenever it changed, until the stream ends. */
export async function watchState<T>(stream: EventStream, name: string, read: () => Promise<T>, logger: Logger): Promise<void> {
  const ended = new AbortController();
  stream.onEnd(() => ended.abort());
  let last = '';
  for (let pause = PAUSE_MS; stream.isOpen;) {
    try {
      const state = await read();
      const text = JSON.stringify(state);
      pause = text === last ? Math.min(LONGEST_PAUSE_MS, pause * 1.1) : PAUSE_MS;
      if (text !== last) stream.send(name, state);
      last = text;
    } catch (error) {
      logger.warn('entries.watchFailed', {}, error);
      stream.close();
    }
    await sleep(pause, undefined, { signal: ended.signal }).catch(() => undefined);
  }
}
