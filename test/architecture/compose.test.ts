import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readConfig, VARIABLES } from '#libs/platform/config';
import { projectRoot } from '#libs/platform/project-root';

interface Service {
  image: string;
  build?: string;
  command?: string[];
  env_file?: string;
  environment?: Record<string, string>;
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
}

const read = (file: string): string => readFileSync(path.join(projectRoot(), file), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service>; volumes: Record<string, null> };
const services = Object.entries(compose.services);
const hubs = services.filter(([, s]) => s.build !== undefined);
const settings = (file: string): Record<string, string> => Object.fromEntries(
  read(file).split('\n').filter((l) => l !== '' && !l.startsWith('#')).map((l) => [l.slice(0, l.indexOf('=')), l.slice(l.indexOf('=') + 1)]));

describe('docker-compose.yml', () => {
  it('has a service for each role, and no role twice', () => {
    const roles = hubs.flatMap(([, s]) => readConfig({ YICI_ROLES: s.command!.at(-1) }).roles);
    expect(roles.sort()).toEqual([...readConfig({}).roles].sort());
    for (const [, s] of hubs) expect(s.command!.slice(0, 2)).toEqual(['start', '--roles']);
  });

  it('pins every image to a version', () => {
    for (const [name, s] of services) expect([name, s.image]).toEqual([name, expect.stringMatching(/^[\w./-]+:\d+(\.\d+)+$/)]);
    const bases = read('Dockerfile').split('\n').filter((l) => l.startsWith('FROM '));
    expect(bases.length).toBeGreaterThan(1);
    for (const base of bases) expect(base).toMatch(/^FROM [\w./-]+:\d+\.\d+\.\d+[\w.-]*( AS \w+)?$/);
  });

  it('gives the hub only variables that it knows, and values that it takes', () => {
    for (const [, s] of hubs) {
      const example = settings(`${s.env_file!}.example`);
      expect(Object.keys({ ...s.environment, ...example }).filter((v) => !VARIABLES.includes(v))).toEqual([]);
      const config = readConfig({ ...example, DATABASE_URL: 'postgres://yici@postgres/yici', ...s.environment });
      expect(config.kafka!.brokers).toEqual(['kafka:9092']);
    }
  });

  it('holds no secret: they come from files that git does not keep', () => {
    const ignored = read('.gitignore').split('\n');
    expect(ignored).toContain('deploy/*.env');
    for (const [name, s] of services) {
      for (const variable of Object.keys(s.environment ?? {})) expect([name, variable]).not.toEqual([name, expect.stringMatching(/PASSWORD|SECRET|TOKEN|DATABASE_URL/)]);
      if (s.env_file === undefined) continue;
      for (const [variable, value] of Object.entries(settings(`${s.env_file}.example`))) {
        if (/PASSWORD|SECRET|URL/.test(variable)) expect([variable, value]).toEqual([variable, '']);
      }
    }
  });

  it('starts a role when what it needs is healthy, and keeps what must last', () => {
    for (const [, s] of hubs) expect(s.depends_on).toEqual({ kafka: { condition: 'service_healthy' }, postgres: { condition: 'service_healthy' } });
    for (const name of ['kafka', 'postgres']) expect(compose.services[name]!.healthcheck!.test[0]).toBe('CMD');
    const used = services.flatMap(([, s]) => (s.volumes ?? []).map((v) => v.split(':')[0]!));
    expect([...new Set(used)].sort()).toEqual(Object.keys(compose.volumes).sort());
  });
});

describe('Dockerfile', () => {
  const lines = read('Dockerfile').split('\n');
  it('installs by the lock, and runs as an ordinary user with a health check', () => {
    expect(lines.some((l) => l.startsWith('RUN npm ci '))).toBe(true);
    expect(lines.filter((l) => l.startsWith('USER '))).toEqual(['USER node']);
    expect(lines.some((l) => l.startsWith('HEALTHCHECK '))).toBe(true);
  });
  it('copies what exists', () => {
    for (const [, from] of read('Dockerfile').matchAll(/^COPY --from=build \/build\/(\S+)/gm)) {
      const built = ['node_modules', 'dist', 'apps/console/dist'].includes(from!);
      expect([from, built || existsSync(path.join(projectRoot(), from!))]).toEqual([from, true]);
    }
  });
});
