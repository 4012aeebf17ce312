import { encodeEvent } from '#libs/bus/cloud-event';
import { systemClock, type Clock } from '#libs/kernel/clock';
import { personModel } from '#libs/matching/match-model';
import { TOPIC } from '#libs/model/events';
import { silentLogger } from '#libs/platform/logger';
import { resolutionService } from '#libs/resolution/resolution-module';
import type { HttpHub } from './http-hub.js';
import type { TestDatabase } from './test-database.js';

/** Hands resolution what the hub's HTTP side has published, as the log would, and forgets it. Returns how many commands that were. */
export async function resolveCommands(db: TestDatabase, hub: HttpHub, clock: Clock = systemClock): Promise<number> {
  const service = resolutionService({ dataSource: db.dataSource, sealing: hub.sealing, clock, logger: silentLogger, model: personModel() });
  const commands = hub.commands.splice(0);
  await service.handle({
    topic: TOPIC.command, partition: 0, messages: commands.map(({ key, id, command }, i) => ({
      key, topic: TOPIC.command, partition: 0, offset: String(offset + i), headers: {},
      value: encodeEvent(hub.sealing, { id, type: TOPIC.command, source: '/entries', time: new Date(clock.now()).toISOString(), data: command }),
    })),
  });
  offset += commands.length;
  return commands.length;
}
let offset = 1;
