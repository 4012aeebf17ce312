import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '#libs/kernel/errors';
import { readConfig } from './config.js';

describe('configuration', () => {
  it('starts without any variable', () => {
    const config = readConfig({});
    expect(config.roles).toEqual(['intake', 'resolution', 'fanout', 'api']);
    expect(config.keysFile).toBe(`${config.dataDir}/keys.json`);
    expect(config.databaseUrl).toBeUndefined();
  });
  it('lets an option override the environment and takes an empty variable as absent', () => {
    const config = readConfig({ YICI_PORT: '9000', KAFKA_BROKERS: '', CLIENT_KEY: 's', EMPTY: '' }, { YICI_PORT: 9001 });
    expect(config.port).toBe(9001);
    expect(config.kafka).toBeUndefined();
    expect([config.secret('CLIENT_KEY'), config.secret('EMPTY')]).toEqual(['s', undefined]);
  });
  it('reports every fault at once and no value', () => {
    const env = { DATABASE_URL: 'mysql://u:hidden@h/db', YICI_PORT: '99999', YICI_ROLES: 'intake,cook', KAFKA_BROKERS: 'nohost' };
    let error: ConfigurationError | undefined;
    try {
      readConfig(env);
    } catch (e) {
      error = e as ConfigurationError;
    }
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error!.faults).toHaveLength(4);
    expect(error!.message).not.toContain('hidden');
  });
  it('reads where Kafka is and how to sign in', () => {
    expect(readConfig({ KAFKA_BROKERS: 'a:9092, b:9092' }).kafka).toEqual({ brokers: ['a:9092', 'b:9092'], tls: false });
    const all = { KAFKA_BROKERS: 'a:9092', YICI_KAFKA_TLS: 'true', YICI_KAFKA_USERNAME: 'hub', YICI_KAFKA_PASSWORD: 'hidden', YICI_KAFKA_REPLICATION: '3' };
    expect(readConfig(all).kafka).toEqual({ brokers: ['a:9092'], tls: true, replication: 3, sasl: { mechanism: 'scram-sha-512', username: 'hub', password: 'hidden' } });
  });
  it.each([
    [{ YICI_KAFKA_TLS: 'true', YICI_KAFKA_PASSWORD: 'hidden' }, 2, 'needs KAFKA_BROKERS'],
    [{ KAFKA_BROKERS: 'a:1', YICI_KAFKA_PASSWORD: 'hidden' }, 1, 'one needs the other'],
    [{ KAFKA_BROKERS: 'a:1', YICI_KAFKA_MECHANISM: 'scram-sha-256' }, 1, 'needs YICI_KAFKA_USERNAME'],
    [{ KAFKA_BROKERS: 'a:1', YICI_KAFKA_MECHANISM: 'plain', YICI_KAFKA_USERNAME: 'u', YICI_KAFKA_PASSWORD: 'hidden' }, 1, 'shows the password'],
    [{ KAFKA_BROKERS: 'a:1', YICI_KAFKA_TLS: 'yes', YICI_KAFKA_REPLICATION: '0' }, 2, 'YICI_KAFKA_TLS'],
  ])('refuses half a Kafka configuration: %j', (env, faults, words) => {
    let error: ConfigurationError | undefined;
    try {
      readConfig(env);
    } catch (e) {
      error = e as ConfigurationError;
    }
    expect(error?.faults).toHaveLength(faults);
    expect(error!.message).toContain(words);
    expect(error!.message).not.toContain('hidden');
  });
});
