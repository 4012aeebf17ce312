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
    expect(config.kafkaBrokers).toBeUndefined();
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
});
