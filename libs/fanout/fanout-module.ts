import { Controller, Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown, type Type } from '@nestjs/common';
import type { Batch } from '#libs/bus/log';
import { LogBatches } from '#libs/bus/log-batches';
import { TOPIC } from '#libs/model/events';
import { AgreementController } from './controllers/agreement-controller.js';
import { ConnectionController } from './controllers/connection-controller.js';
import { DeliveryController } from './controllers/delivery-controller.js';
import { ReceiptController } from './controllers/receipt-controller.js';
import { WorkbookController } from './controllers/workbook-controller.js';
import { ReconciliationController } from './controllers/reconciliation-controller.js';
import { DeliveryStore } from './delivery-store.js';
import { Fanout } from './fanout.js';
import { FanoutStore } from './fanout-store.js';
import { FirstConnections } from './first-connections.js';
import { Receipts } from './receipts.js';
import { Workbooks } from './workbooks.js';

/** Reads accepted records for echoes, and commands for replays. */
@Controller()
class EchoReader {
  constructor(private readonly fanout: Fanout) {}

  @LogBatches(TOPIC.sourceRecordAccepted, { group: 'fanout.echo' })
  accepted(batch: Batch): Promise<void> {
    return this.fanout.accepted(batch);
  }

  @LogBatches(TOPIC.command, { group: 'fanout.command' })
  commands(batch: Batch): Promise<void> {
    return this.fanout.commands(batch);
  }
}

/** A reader of changes with a consumer group of its own. */
function changeReader(group: string, targetIds: readonly string[]): Type {
  @Controller()
  class ChangeReader {
    constructor(private readonly fanout: Fanout) {}

    @LogBatches(TOPIC.goldenRecordChanged, { group })
    changes(batch: Batch): Promise<void> {
      return this.fanout.changes(batch, targetIds);
    }
  }
  return ChangeReader;
}

/** Starts the senders with the application and lets their writes end before it closes. */
class FanoutLife implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(private readonly fanout: Fanout) {}

  onApplicationBootstrap(): Promise<void> {
    return this.fanout.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.fanout.close();
  }
}

/** Fan-out in the hub: `fanout` runs the readers and senders, `api` shows what became of them; one process may do both. */
@Module({})
export class FanoutModule {
  static register(fanout: Fanout, store: FanoutStore, roles: readonly string[]): DynamicModule {
    const readers = fanout.targets.filter((t) => t.live).map((t) => changeReader(`fanout.${t.id}`, [t.id]));
    const waiting = fanout.targets.filter((t) => !t.live).map((t) => t.id);
    const works = roles.includes('fanout') ? [EchoReader, ...readers, ...(waiting.length > 0 ? [changeReader('fanout.not-live', waiting)] : [])] : [];
    const shows = roles.includes('api') ? [DeliveryController, ReceiptController, AgreementController, ConnectionController, WorkbookController, ReconciliationController] : [];
    return {
      module: FanoutModule,
      controllers: [...works, ...shows],
      providers: [
        { provide: Fanout, useValue: fanout },
        { provide: FanoutStore, useValue: store },
        { provide: DeliveryStore, useValue: store.deliveries },
        { provide: Receipts, useValue: new Receipts(store, fanout.targets) },
        { provide: Workbooks, useValue: fanout.workbooks },
        { provide: FirstConnections, useValue: new FirstConnections(store) },
        ...(roles.includes('fanout') ? [{ provide: FanoutLife, useValue: new FanoutLife(fanout) }] : []),
      ],
    };
  }
}
