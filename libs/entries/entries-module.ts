import { Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { Clock } from '#libs/kernel/clock';
import type { MatchModel } from '#libs/matching/match-model';
import type { Logger } from '#libs/platform/logger';
import type { Sealing } from '#libs/platform/sealing';
import type { Divisions } from '#libs/values/divisions';
import { AuthorityReader } from './authority-reader.js';
import { BoardFeed } from './board-feed.js';
import { CommandSender, type PublishCommand } from './command-sender.js';
import { BoardController } from './controllers/board-controller.js';
import { CountsController } from './controllers/counts-controller.js';
import { DeadLetterController } from './controllers/dead-letter-controller.js';
import { DecisionController } from './controllers/decision-controller.js';
import { DisputeController } from './controllers/dispute-controller.js';
import { DisputeTermController } from './controllers/dispute-term-controller.js';
import { EntityFinder } from './controllers/entity-finder.js';
import { ENTRIES_LOGGER, EntryController } from './controllers/entry-controller.js';
import { HouseholdController } from './controllers/household-controller.js';
import { PersonController } from './controllers/person-controller.js';
import { ReviewController } from './controllers/review-controller.js';
import { DeadLetterReader } from './dead-letter-reader.js';
import { DecisionMaker } from './decision-maker.js';
import { DecisionReceipts, type DecisionEffects } from './decision-receipts.js';
import { DecisionReader } from './decision-reader.js';
import { DisputeStore } from './dispute-store.js';
import { DisputeTermStore } from './dispute-terms.js';
import { Disputes } from './disputes.js';
import { EntityLoader } from './entity-loader.js';
import { EntryStore } from './entry-store.js';
import { CountsReader } from './hub-counts.js';
import { PairExplainer } from './pair-explainer.js';
import { PersonHistory } from './person-history.js';
import { PersonLinks } from './person-links.js';
import { PersonSearch } from './person-search.js';
import { ReceiptLines, type ReadReceipt } from './receipt-lines.js';
import { RecordScope } from './record-scope.js';
import { ReviewReader } from './review-reader.js';
import { SubmitEntry } from './submit-entry.js';
import { SystemBoardReader, type SystemCard } from './system-board.js';
import { SystemNames } from './system-names.js';
import { VisibleEntities } from './visible-entities.js';

export interface EntriesParts {
  dataSource: DataSource;
  sealing: Sealing;
  clock: Clock;
  logger: Logger;
  /** What the store's records are resolved with, and explained by. */
  model: MatchModel;
  divisions: Divisions;
  publishCommand: PublishCommand;
  readReceipt: ReadReceipt;
  decisionEffects: DecisionEffects;
  /** The systems of the connector folders, in their order. */
  systems: readonly SystemCard[];
}

/** Long enough that a command on its way is not sent twice for nothing. */
const RESEND_AFTER_MS = 60_000;

/** Sends commands again that were lost with a process between the entry's row and the log: at the start and every minute. */
class EntryResender implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly submitting: SubmitEntry,
    private readonly disputes: Disputes,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.resend(), RESEND_AFTER_MS);
    this.timer.unref();
    this.resend();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private resend(): void {
    this.running = this.running
      .then(async () => ({ entries: await this.submitting.resend(RESEND_AFTER_MS), disputes: await this.disputes.resend(RESEND_AFTER_MS) }))
      .then((resent) => { if (resent.entries + resent.disputes > 0) this.logger.info('entries.resent', resent); })
      .catch((error: unknown) => this.logger.warn('entries.resendFailed', {}, error));
  }
}

/** Entries, decisions, and the readers of golden records. Needs AccessModule at the root. */
@Module({})
export class EntriesModule {
  static register(parts: EntriesParts): DynamicModule {
    const { dataSource, sealing, clock, logger } = parts;
    const authority = new AuthorityReader(dataSource, clock);
    const loader = new EntityLoader(dataSource, sealing);
    const entities = new VisibleEntities(loader, authority);
    const commands = new CommandSender(parts.publishCommand, sealing, clock);
    const entries = new EntryStore(dataSource, sealing);
    const submitting = new SubmitEntry(entries, { loader, entities }, commands, parts.divisions, clock);
    const scope = new RecordScope(dataSource, sealing, authority, entities);
    const disputes = new DisputeStore(dataSource, sealing);
    const terms = new DisputeTermStore(dataSource);
    const disputing = new Disputes({ store: disputes, terms, scope, authority, commands }, parts.divisions, clock);
    const receipts = new ReceiptLines(parts.readReceipt);
    const boards = new SystemBoardReader(dataSource, authority, parts.systems);
    const explainer = new PairExplainer(dataSource, sealing, parts.model);
    const instances = [
      parts.divisions, commands, entries, submitting,
      new EntityFinder(loader, entities, scope, disputes),
      disputing, terms, new SystemNames(parts.systems),
      new PersonSearch(dataSource, sealing, entities),
      new PersonHistory(dataSource, sealing, authority),
      new ReviewReader(dataSource, sealing, authority),
      explainer, new PersonLinks(explainer),
      boards, new BoardFeed(boards, logger),
      new DecisionMaker(new DecisionReader(dataSource, sealing), scope, commands, new DecisionReceipts(dataSource, parts.decisionEffects, receipts, clock), clock),
      new DeadLetterReader(dataSource, sealing, authority),
      new CountsReader(dataSource, authority),
      receipts,
      new EntryResender(submitting, disputing, logger),
    ];
    return {
      module: EntriesModule,
      controllers: [
        EntryController, PersonController, HouseholdController, ReviewController, DecisionController, DeadLetterController, CountsController, BoardController, DisputeController, DisputeTermController,
      ],
      providers: [
        ...instances.map((instance) => ({ provide: instance.constructor, useValue: instance })),
        { provide: ENTRIES_LOGGER, useValue: logger },
      ],
    };
  }
}
