import { Module, type DynamicModule } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { Clock } from '#libs/kernel/clock';
import type { MatchModel } from '#libs/matching/match-model';
import type { Logger } from '#libs/platform/logger';
import type { Sealing } from '#libs/platform/sealing';
import { SourceRecordStore } from '#libs/store/source-record-store';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { ChangeWriter } from './change-writer.js';
import { EntityStore } from './entity-store.js';
import { EntityUpdater } from './entity-updater.js';
import { ResolutionController } from './resolution-controller.js';
import { ResolutionService } from './resolution-service.js';
import { ReviewStore } from './review-store.js';
import { SearchBacklog } from './search-backlog.js';

export interface ResolutionParts {
  dataSource: DataSource;
  sealing: Sealing;
  clock: Clock;
  logger: Logger;
  model: MatchModel;
}

/** The service without Nest, for loads and tests. */
export function resolutionService(parts: ResolutionParts): ResolutionService {
  const { sealing, clock } = parts;
  return new ResolutionService(new UnitOfWork(parts.dataSource), changeWriter(parts), sealing, clock, parts.logger);
}

export function changeWriter({ sealing, clock, model }: Pick<ResolutionParts, 'sealing' | 'clock' | 'model'>): ChangeWriter {
  const updater = new EntityUpdater(sealing, new SourceRecordStore(sealing), new EntityStore(sealing), clock);
  return new ChangeWriter(sealing, updater, new ReviewStore(sealing), model, clock);
}

/** The role `resolution`: the only writer of source records, golden records, crosswalk and outbox. */
@Module({})
export class ResolutionModule {
  static register(parts: ResolutionParts): DynamicModule {
    const backlog = new SearchBacklog(new UnitOfWork(parts.dataSource), parts.sealing, parts.logger);
    return {
      module: ResolutionModule, controllers: [ResolutionController],
      providers: [{ provide: ResolutionService, useValue: resolutionService(parts) }, { provide: SearchBacklog, useValue: backlog }],
    };
  }
}
