import { Controller, Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Batch } from '#libs/bus/log';
import { LogBatches } from '#libs/bus/log-batches';
import { TOPIC } from '#libs/model/events';
import { Intake } from './intake.js';
import { PushController } from './push-controller.js';
import { PushIntake } from './push-intake.js';
import { UploadController } from './upload-controller.js';
import { UploadIntake } from './upload-intake.js';

/** Reads commands for replays; a letter of another room is left to it. */
@Controller()
class ReplayReader {
  constructor(private readonly intake: Intake) {}

  @LogBatches(TOPIC.command, { group: 'intake' })
  commands(batch: Batch): Promise<void> {
    return this.intake.replays.commands(batch);
  }
}

/** Starts the readers with the application and lets their batches end before it closes. */
class IntakeLife implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(private readonly intake: Intake) {}

  onApplicationBootstrap(): Promise<void> {
    return this.intake.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.intake.close();
  }
}

/** The role `intake`: the only way of a legacy system's data into the hub. */
@Module({})
export class IntakeModule {
  static register(intake: Intake): DynamicModule {
    return {
      module: IntakeModule,
      controllers: [UploadController, PushController, ReplayReader],
      providers: [
        { provide: Intake, useValue: intake },
        { provide: PushIntake, useValue: intake.pushes },
        { provide: UploadIntake, useValue: intake.uploads },
        { provide: IntakeLife, useValue: new IntakeLife(intake) },
      ],
    };
  }
}
