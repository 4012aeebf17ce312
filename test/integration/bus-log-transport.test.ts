import 'reflect-metadata';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Controller, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import { BusModule, LOG } from '#libs/bus/bus-module';
import type { Batch, Log } from '#libs/bus/log';
import { LogBatchContext, LogBatches } from '#libs/bus/log-batches';
import { LogTransport } from '#libs/bus/log-transport';
import { PostgresLog } from '#libs/bus/postgres-log';
import { YiciError } from '#libs/kernel/errors';
import { TOPIC } from '#libs/model/events';
import { silentLogger, type Logger } from '#libs/platform/logger';
import { PostgresListener } from '#libs/platform/postgres-listener';
import { until } from '#test/support/until';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const seen = { one: [] as string[], two: [] as string[], failed: [] as unknown[], signals: 0 };
let failOnce = true;

@Controller()
class Readers {
  constructor(@Inject(LOG) readonly log: Log) {}

  @LogBatches(TOPIC.command, { group: 'one', batchSize: 2 })
  async one(@Payload() batch: Batch, @Ctx() context: LogBatchContext): Promise<void> {
    if (context.signal instanceof AbortSignal) seen.signals += 1;
    if (failOnce) {
      failOnce = false;
      throw new YiciError({ code: 'YICI_TEST', stage: 'resolving', message: 'Once.' });
    }
    seen.one.push(...batch.messages.map((m) => m.key));
  }

  @LogBatches(TOPIC.command, { group: 'two' })
  async two(batch: Batch): Promise<void> {
    seen.two.push(...batch.messages.map((m) => m.key));
  }
}

let db: TestDatabase;
let listener: PostgresListener;
let log: PostgresLog;
const logger: Logger = { ...silentLogger, warn: (_event, _fields, error) => { seen.failed.push(error); } };
beforeAll(async () => {
  db = await createTestDatabase();
  listener = new PostgresListener(db.pool, silentLogger);
  log = new PostgresLog({ pool: db.pool, listener, logger });
  await log.ensureTopics([{ topic: TOPIC.command, partitions: 1 }]);
});
afterAll(async () => {
  await log.close();
  await listener.close();
  await db.drop();
});

it('hands batches to every group of a topic, and gives the log the handler\'s own error', async () => {
  @Module({ imports: [BusModule.with(log)], controllers: [Readers] })
  class App {}
  const app = await NestFactory.create(App, { logger: false });
  app.connectMicroservice({ strategy: new LogTransport(log) });
  await app.startAllMicroservices();
  await log.publish(TOPIC.command, ['a', 'b', 'c'].map((key) => ({ key, value: Buffer.from(key) })));
  await until(() => seen.one.length === 3 && seen.two.length === 3);
  expect([seen.one, seen.two]).toEqual([['a', 'b', 'c'], ['a', 'b', 'c']]);
  expect(seen.failed).toEqual([expect.objectContaining({ code: 'YICI_TEST' })]);
  expect(seen.signals).toBe(3);
  await app.close();
  await log.publish(TOPIC.command, [{ key: 'd', value: Buffer.from('d') }]);
  expect((await log.positions('two', [TOPIC.command]))[0]).toMatchObject({ committed: '3', end: '4' });
}, 30_000);
