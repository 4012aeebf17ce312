import { setTimeout as sleep } from 'node:timers/promises';
import type { HubParts } from '#apps/hub/open-parts';
import { YiciError } from '#libs/kernel/errors';
import { RESOLUTION_GROUP, TOPIC } from '#libs/model/events';

/** Nothing moved for so long: what is there is all there is for now. */
const STILL_MS = 1500;
const LOOK_MS = 250;
const LIMIT_MS = 300_000;

const RESOLVED = [TOPIC.sourceRecordAccepted, TOPIC.command, TOPIC.targetKeyMinted];

/** Waits for a hub to come to rest, by what its store and its log say. */
export class DemoProgress {
  constructor(private readonly parts: HubParts) {}

  /** Until every system was read to its end and everything read is resolved. Throws YICI_DEMO_NOT_READ. */
  async allRead(systems: readonly string[]): Promise<void> {
    await this.settled('YICI_DEMO_NOT_READ', async () => {
      const rows = await this.parts.store.pool.query<{ system: string; n: string }>('select system, sum(rows_read) as n from row_total group by system');
      const read = new Map(rows.rows.map((r) => [r.system, r.n]));
      const open = systems.filter((s) => !read.has(s));
      return { done: open.length === 0 && await this.resolved(), state: JSON.stringify([...read]), open: open.join(', ') };
    });
  }

  /** Until every target has what is due to it, or has said why not. Throws YICI_DEMO_NOT_DELIVERED. */
  async allDelivered(): Promise<void> {
    await this.settled('YICI_DEMO_NOT_DELIVERED', async () => {
      const due = await this.parts.store.pool.query<{ target: string; n: string }>(`select target, count(*) as n from delivery where state = 'waiting' and next_attempt_at is not null group by target order by target`);
      const open = due.rows.map((r) => `${r.target} ${r.n}`).join(', ');
      return { done: open === '' && await this.resolved(), state: open, open };
    });
  }

  private async resolved(): Promise<boolean> {
    const [outbox, positions] = await Promise.all([
      this.parts.store.pool.query('select from outbox limit 1'),
      this.parts.log.positions(RESOLUTION_GROUP, RESOLVED),
    ]);
    return outbox.rowCount === 0 && positions.every((p) => BigInt(p.committed) >= BigInt(p.end));
  }

  private async settled(code: string, look: () => Promise<{ done: boolean; state: string; open: string }>): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    let before = '';
    let since = performance.now();
    for (;;) {
      const { done, state, open } = await look();
      if (!done || state !== before) since = performance.now();
      before = state;
      if (performance.now() - since >= STILL_MS) return;
      if (performance.now() > end) throw new YiciError({ code, stage: 'serving', message: `The demo did not come to rest in time (${open}).`, fix: 'The log file of the demo says why.' });
      await sleep(LOOK_MS);
    }
  }
}
