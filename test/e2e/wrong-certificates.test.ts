import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '#apps/cli/free-port';
import type { HubClient } from '#apps/cli/hub-client';
import { startLegacy, type Legacy } from '#apps/legacy/start-legacy';
import { projectRoot } from '#libs/platform/project-root';
import { Faults } from '#libs/synthetic/simulators/faults';
import { FtpServer } from '#libs/synthetic/simulators/ftp-server';
import { makeCertificates, type Certificates, type Shown } from '#test/support/certificates';
import { newDataDir, removeDataDir } from '#test/support/child-process';
import { HubProcess } from '#test/support/hub-process';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';
import { TlsFront } from '#test/support/tls-front';
import { until } from '#test/support/until';

// A hub of its own process, for what Node trusts is fixed when it starts; behind real TLS a SOAP service, a REST service, a database and a file server.
const SAMPLE = path.join(projectRoot(), 'test/fixtures/sample-city');
const ACCOUNT = { user: 'hub', password: 'p4ssword-of-a-test' };
/** The system, its variable, and what its card says of a certificate that is not trusted. */
const BEHIND_TLS = [
  ['residence-permit', 'YICI_RESIDENCE_PERMIT_URL', 'YICI_CERTIFICATE_REFUSED'], ['smart-community', 'YICI_SMART_COMMUNITY_URL', 'YICI_CERTIFICATE_REFUSED'],
  ['social-assistance', 'YICI_SOCIAL_ASSISTANCE_DATABASE_URL', 'YICI_CERTIFICATE_REFUSED'], ['family-planning', 'YICI_FAMILY_PLANNING_URL', 'YICI_FILE_CERTIFICATE_WRONG'],
] as const;
const PLAIN = ['hukou', 'disability'];

const dir = newDataDir();
const work = mkdtempSync(path.join(os.tmpdir(), 'yici-tls-'));
let certificates: Certificates;
let db: TestDatabase;
let legacy: Legacy;
let hub: HubProcess;
let admin: HubClient;
let ftp: FtpServer;
let ftpPort: number;
const fronts: TlsFront[] = [];
const urls: Record<string, string> = {};

interface Card {
  id: string;
  state: string;
  reason?: { zh: string; en: string };
}
const cards = async (): Promise<Card[]> => (await admin.get<{ systems: Card[] }>('/board')).systems;
async function states(): Promise<Record<string, string>> {
  const pool = await hub.database();
  try {
    const { rows } = await pool.query<{ system: string; state: string; code: string | null }>('select system, state, code from connector_state');
    return Object.fromEntries(rows.map((r) => [r.system, `${r.state} ${r.code ?? ''}`.trim()]));
  } finally {
    await pool.end();
  }
}
async function serveFiles(shown: Shown): Promise<void> {
  await ftp?.stop();
  ftp = await FtpServer.start({ root: path.join(work, 'legacy/family-planning/files'), ...ACCOUNT, port: ftpPort, faults: new Faults(), tls: shown });
}
async function show(shown: Shown): Promise<void> {
  for (const front of fronts) front.show(shown);
  await serveFiles(shown);
}
const settled = (codes: Readonly<Record<string, string>>) => until(states, (now) => Object.entries(codes).every(([system, word]) => now[system] === word));
const running = { ...Object.fromEntries(BEHIND_TLS.map(([system]) => [system, 'running'])), ...Object.fromEntries(PLAIN.map((system) => [system, 'running'])) };

beforeAll(async () => {
  certificates = makeCertificates(work);
  db = await createTestDatabase();
  const secrets: Record<string, string> = {};
  const secret = (name: string): string => (secrets[name] ??= `value-of-${name}`);
  legacy = await startLegacy({ cityDir: SAMPLE, hubUrl: 'http://127.0.0.1:9', databaseUrl: db.ownerUrl, dir: path.join(work, 'legacy'), systems: [...BEHIND_TLS.map(([system]) => system), ...PLAIN], secret });
  for (const [system, variable] of BEHIND_TLS.slice(0, 3)) {
    const url = new URL(legacy.of(system).environment[variable]!);
    const front = await TlsFront.before(url.href, url.protocol.startsWith('http') ? 'https' : 'postgres', certificates.good);
    fronts.push(front);
    urls[variable] = url.protocol.startsWith('http') ? `https://127.0.0.1:${front.port}${url.pathname.replace(/\/$/, '')}` : Object.assign(new URL(url.href), { port: String(front.port), search: '?sslmode=verify-full' }).href;
  }
  ftpPort = await freePort(0);
  await serveFiles(certificates.good);
  urls['YICI_FAMILY_PLANNING_URL'] = `ftps://${ACCOUNT.user}:${ACCOUNT.password}@127.0.0.1:${ftpPort}`;
  mkdirSync(path.join(work, 'divisions'));
  for (const file of ['city.yaml', 'divisions.csv']) copyFileSync(path.join(SAMPLE, file), path.join(work, 'divisions', file));
  hub = new HubProcess(dir, path.join(work, 'divisions'), await freePort(0), { YICI_POLL_AT_MOST_SECONDS: '1', NODE_EXTRA_CA_CERTS: certificates.authority, ...secrets, ...legacy.environment, ...urls });
  await hub.start();
  admin = await hub.as('admin');
}, 240_000);

afterAll(async () => {
  await hub?.stop();
  await ftp?.stop();
  for (const front of fronts) await front.stop();
  await legacy?.stop();
  await db?.drop();
  rmSync(work, { recursive: true, force: true });
  await removeDataDir(dir);
}, 60_000);

describe('systems behind TLS', () => {
  it('are read while their certificates are signed by whom the hub trusts, for the host it asked', async () => {
    await settled(running);
    for (const front of fronts) expect(front.said).toBeGreaterThan(0);
  }, 240_000);

  it.each([['is signed by nobody the hub knows', 'stranger'], ['is of another host', 'otherHost'], ['has expired', 'expired']] as const)('whose certificate %s are not read, their cards say so, the others go on', async (_what, kind) => {
    await show(certificates[kind]);
    const now = await settled(Object.fromEntries(BEHIND_TLS.map(([system, , code]) => [system, `disabled ${code}`])));
    for (const system of PLAIN) expect([system, now[system]]).toEqual([system, 'running']);
    const shown = await cards();
    for (const [system] of BEHIND_TLS) {
      expect(shown.find((c) => c.id === system)).toMatchObject({ state: 'notReached', reason: { zh: expect.stringContaining('证书'), en: expect.stringMatching(/certificate/) } });
    }
    expect(JSON.stringify(shown)).not.toMatch(/p4ssword|value-of-/);
    // Not a byte of a request, a user or a password went to whom nobody vouches for.
    for (const front of fronts) expect(front.said).toBe(0);
    await show(certificates.good);
    await settled(running);
  }, 240_000);
});
