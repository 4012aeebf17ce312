import path from 'node:path';
import type { DynamicModule } from '@nestjs/common';
import { AccessModule } from '#libs/access/access-module';
import { encodeEvent } from '#libs/bus/cloud-event';
import { EntriesModule } from '#libs/entries/entries-module';
import type { PublishCommand } from '#libs/entries/command-sender';
import { Fanout } from '#libs/fanout/fanout';
import { FanoutModule } from '#libs/fanout/fanout-module';
import { FanoutStore } from '#libs/fanout/fanout-store';
import { Receipts } from '#libs/fanout/receipts';
import { Intake } from '#libs/intake/intake';
import { IntakeModule } from '#libs/intake/intake-module';
import { RESOLUTION_GROUP, TOPIC } from '#libs/model/events';
import { ResolutionModule } from '#libs/resolution/resolution-module';
import { decisionEffects } from './decision-effects.js';
import { groupProgress } from './log-health.js';
import { showLag } from './log-lag.js';
import type { HubParts } from './open-parts.js';

/** The Nest modules of this process's roles. The guard of libs/access stands in all of them. */
export function roleModules(parts: HubParts): DynamicModule[] {
  const { config, clock, logger, metrics, health, store, log, connectors, model, divisions } = parts;
  const { dataSource, sealing, pool, unitOfWork } = store;
  const has = (role: HubParts['config']['roles'][number]): boolean => config.roles.includes(role);
  const modules = [AccessModule.register({ dataSource, sealing, clock, login: has('api'), oneTimeCodes: parts.oneTimeCodes })];

  /** Groups that read the log in this process, and what they read. */
  const groups = new Map<string, readonly string[]>();
  const reads = (group: string, topics: readonly string[]): void => {
    groups.set(group, topics);
    health.register(group, groupProgress(log, group, topics, clock));
  };

  if (has('intake')) {
    const intake = new Intake({ ...parts, dataSource, pool, unitOfWork, sealing, spoolDir: path.join(config.dataDir, 'spool'), pollAtMostSeconds: config.pollAtMostSeconds, secret: (name) => config.secret(name) });
    modules.push(IntakeModule.register(intake));
    health.register('intake', () => intake.health());
  }
  if (has('resolution')) {
    modules.push(ResolutionModule.register({ dataSource, sealing, clock, logger, model }));
    reads(RESOLUTION_GROUP, [TOPIC.sourceRecordAccepted, TOPIC.command, TOPIC.targetKeyMinted]);
  }
  if (has('fanout') || has('api')) {
    const fanoutStore = new FanoutStore(pool, unitOfWork, sealing, clock);
    const fanout = new Fanout({
      store: fanoutStore, log, sealing, connectors, logger, divisions, metrics: parts.metrics, spoolDir: path.join(config.dataDir, 'spool'), secret: (name) => config.secret(name),
    });
    modules.push(FanoutModule.register(fanout, fanoutStore, config.roles));
    if (has('api')) {
      const receipts = new Receipts(fanoutStore, fanout.targets);
      modules.push(EntriesModule.register({
        dataSource, sealing, clock, logger, model, divisions,
        systems: connectors.map(({ id, manifest: { name, nameEn, owner, category } }) => ({ id, name, nameEn, owner, category })),
        publishCommand: commandPublisher(parts),
        readReceipt: (entryId, openScopes) => receipts.receiptFor(entryId, openScopes),
        decisionEffects: decisionEffects(parts, fanoutStore, fanout.targets),
      }));
    }
    if (has('fanout')) {
      for (const target of fanout.targets.filter((t) => t.live)) reads(`fanout.${target.id}`, [TOPIC.goldenRecordChanged]);
    }
  }
  showLag(metrics, log, groups);
  return modules;
}

function commandPublisher({ log, store, clock }: HubParts): PublishCommand {
  return ({ key, id, command }) => {
    const time = new Date(clock.now()).toISOString();
    return log.publish(TOPIC.command, [{ key, value: encodeEvent(store.sealing, { id, type: TOPIC.command, source: '/entries', time, data: command }) }]);
  };
}
