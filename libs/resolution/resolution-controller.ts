import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { Batch } from '#libs/bus/log';
import { LogBatches } from '#libs/bus/log-batches';
import { RESOLUTION_GROUP, TOPIC } from '#libs/model/events';
import { ResolutionService } from './resolution-service.js';

/** What resolution reads from the log. A batch is one transaction: large enough to share its neighbourhood, small enough to be quick. */
@Controller()
export class ResolutionController {
  constructor(@Inject(ResolutionService) private readonly service: ResolutionService) {}

  @LogBatches(TOPIC.sourceRecordAccepted, { group: RESOLUTION_GROUP, batchSize: 500 })
  async records(@Payload() batch: Batch): Promise<void> {
    await this.service.handle(batch);
  }

  @LogBatches(TOPIC.command, { group: RESOLUTION_GROUP, batchSize: 100 })
  async commands(@Payload() batch: Batch): Promise<void> {
    await this.service.handle(batch);
  }

  @LogBatches(TOPIC.targetKeyMinted, { group: RESOLUTION_GROUP, batchSize: 100 })
  async mintedKeys(@Payload() batch: Batch): Promise<void> {
    await this.service.handle(batch);
  }
}
