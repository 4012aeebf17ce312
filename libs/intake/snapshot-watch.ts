import type pg from 'pg';
import type { Connector } from '#libs/connector-sdk/connector';
import { YiciError } from '#libs/kernel/errors';
import type { Logger } from '#libs/platform/logger';
import { WakeUp } from '#libs/platform/wake-up';
import { openCityDirectory, type CityDirectory } from './city-directory.js';
import type { SnapshotIntake } from './snapshot-intake.js';
import { readAlone } from './sole-reader.js';

const LOOK_EVERY_MS = 5000;

/** Looks into a city directory again and again: what is dropped there is taken in, system by system. */
export class SnapshotWatch {
  private readonly stop = new AbortController();
  private readonly wakeUp = new WakeUp();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly dir: string,
    private readonly connectors: readonly Connector[],
    private readonly intake: SnapshotIntake,
    private readonly pool: pg.Pool,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.running = this.run();
  }

  /** Lets the running batch end; the rest is read after the next start. */
  async close(): Promise<void> {
    this.stop.abort();
    this.wakeUp.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      try {
        const city = await openCityDirectory(this.dir);
        await readAlone(this.pool, 'snapshots', () => this.look(city));
      } catch (error) {
        this.logger.error('intake.directoryUnreadable', {}, error);
      }
      if (!this.stop.signal.aborted) await this.wakeUp.wait(LOOK_EVERY_MS);
    }
  }

  private async look(city: CityDirectory): Promise<void> {
    for (const connector of this.connectors) {
      try {
        await this.intake.readSystem(connector, city, this.stop.signal);
      } catch (error) {
        // Store or log away, a file taken away while it was read: the next look goes on behind the watermark.
        this.logger.warn('intake.snapshotPaused', { system: connector.id, retriable: error instanceof YiciError && error.retriable }, error);
      }
    }
  }
}
