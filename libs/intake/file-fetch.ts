import type pg from 'pg';
import type { Connector } from '#libs/connector-sdk/connector';
import type { ConnectionParts } from '#libs/connector-sdk/open-target';
import { openRemoteFolder } from '#libs/connector-sdk/protocols/file-open';
import type { FileFetchSpec } from '#libs/connector-sdk/protocols/file-specs';
import type { RemoteFolder } from '#libs/connector-sdk/remote-folder';
import { YiciError } from '#libs/kernel/errors';
import type { Logger } from '#libs/platform/logger';
import { WakeUp } from '#libs/platform/wake-up';
import { liveTrouble, type ConnectorStates } from './connector-states.js';
import { FileFetchLook } from './file-fetch-look.js';
import { FileOffers, type FileOfferParts } from './file-offers.js';
import { FileSpool } from './file-spool.js';
import { pauseAfter } from './pause-after.js';
import type { SnapshotIntake } from './snapshot-intake.js';
import { readAlone } from './sole-reader.js';

export interface FileFetchParts extends ConnectionParts, FileOfferParts {
  pool: pg.Pool;
  logger: Logger;
  states: ConnectorStates;
  /** Below it each system has a folder for its files. */
  spoolDir: string;
}

const SIDE = 'live.file-fetch';

/** Fetches the exports of one system from its folder, again and again. Trouble of the system is its own card's, and no other's. */
export class FileFetcher {
  private readonly stop = new AbortController();
  private readonly wakeUp = new WakeUp();
  private readonly spool: FileSpool;
  private readonly offers: FileOffers;
  private running: Promise<void> = Promise.resolve();
  private opened: { folder: RemoteFolder; look: FileFetchLook } | undefined;

  constructor(private readonly connector: Connector, private readonly spec: FileFetchSpec, intake: SnapshotIntake, private readonly parts: FileFetchParts) {
    this.spool = new FileSpool(parts.spoolDir, connector.id, spec.keepDays);
    this.offers = new FileOffers(connector, 'file-fetch', intake, parts);
  }

  start(): void {
    this.running = this.run();
  }

  /** Ends a running transfer; lets a running batch end. What was not read is read after the next start. */
  async close(): Promise<void> {
    this.stop.abort();
    this.wakeUp.wake();
    await this.running;
    await this.opened?.folder.close();
  }

  private async run(): Promise<void> {
    const { logger, pool } = this.parts;
    const system = this.connector.id;
    const every = this.spec.pollSeconds * 1000;
    for (let failures = 0; !this.stop.signal.aborted;) {
      try {
        await readAlone(pool, `poll ${system} file-fetch`, () => this.look());
        failures = 0;
      } catch (error) {
        if (this.stop.signal.aborted) return;
        failures += 1;
        logger.warn('intake.fetchFailed', { system, failures }, error);
      }
      if (!this.stop.signal.aborted) await this.wakeUp.wait(pauseAfter(failures, every));
    }
  }

  private async look(): Promise<void> {
    const { states, clock } = this.parts;
    const system = this.connector.id;
    try {
      const trouble = await this.looker().look(this.stop.signal);
      if (!this.stop.signal.aborted) await states.report(system, SIDE, trouble);
    } catch (error) {
      if (error instanceof YiciError && error.code !== 'YICI_INTAKE_NOT_TAKEN' && !this.stop.signal.aborted) await states.report(system, SIDE, liveTrouble(error));
      throw error;
    } finally {
      await this.spool.clear(clock.now());
    }
  }

  private looker(): FileFetchLook {
    if (this.opened === undefined) {
      const folder = openRemoteFolder(this.connector, this.spec, (name) => this.parts.secret(name), 'source');
      this.opened = { folder, look: new FileFetchLook(this.spec, folder, this.spool, this.offers) };
    }
    return this.opened.look;
  }
}
