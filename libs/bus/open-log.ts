import type pg from 'pg';
import type { Config } from '#libs/platform/config';
import type { Logger } from '#libs/platform/logger';
import type { PostgresListener } from '#libs/platform/postgres-listener';
import { KafkaLog } from './kafka-log.js';
import type { Log } from './log.js';
import { PostgresLog } from './postgres-log.js';

/** The log of this configuration: Kafka where KAFKA_BROKERS names one, else the PostgreSQL log in the hub's database. */
export function openLog(config: Config, parts: { pool: pg.Pool; listener: PostgresListener; logger: Logger }): Log {
  return config.kafka === undefined ? new PostgresLog(parts) : new KafkaLog({ ...config.kafka, logger: parts.logger });
}
