import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { startLegacy } from '#apps/legacy/start-legacy';
import type { Certificate } from '#libs/connector-sdk/conformance/certificate';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { projectRoot } from '#libs/platform/project-root';
import { NodeProcess, newDataDir, removeDataDir } from '#test/support/child-process';
import { createTestDatabase } from '#test/support/test-database';

// The command itself, over each protocol there is: it starts the system's simulator, or is pointed at a running one.
const dir = newDataDir();
afterAll(() => removeDataDir(dir), 60_000);

interface Answer {
  code: number | null;
  stdout: string;
  stderr: string;
}

function run(args: readonly string[], environment: Record<string, string> = {}): Promise<Answer> {
  return new NodeProcess('dist/apps/cli/main.js', ['certify', ...args], environment).ended;
}

function certificateOf({ stdout, stderr }: Answer): Certificate {
  const lines = stdout.trim().split('\n');
  const found = JSON.parse(lines.at(-1)!) as { passed: boolean; certificates?: Certificate[] };
  if (found.certificates?.length !== 1) throw new Error(`no certificate: ${stdout.slice(-1000)} ${stderr.slice(-1000)}`);
  expect(found.passed).toBe(found.certificates[0]!.passed);
  return found.certificates[0]!;
}

const outcomes = (c: Certificate): Record<string, string> => Object.fromEntries(c.checks.map((check) => [check.id, check.outcome]));
const failed = (c: Certificate): unknown[] => c.checks.filter((check) => check.outcome === 'failed').map(({ id, detail }) => ({ id, detail }));

const READ = { 'live.read': 'passed', 'live.resume': 'passed', 'live.outage': 'passed' };
/** It lays out files or is handed them: nothing of it is asked. */
const NOT_ASKED = { 'live.read': 'notRun', 'live.resume': 'notRun', 'live.outage': 'notRun', 'write.echo': 'notRun' };
const WRITTEN = { 'write.twice': 'passed', 'write.outage': 'passed' };
/** Files, rows and workbooks are answered later. */
const LATER = { 'write.partial': 'notRun' };

describe('yici certify on the simulator of', () => {
  it.each([
    ['social-assistance', 'SQL exchange tables', { ...READ, ...WRITTEN, ...LATER, 'write.echo': 'passed' }],
    ['residence-permit', 'SOAP 1.1', { ...READ, ...WRITTEN, 'write.partial': 'passed', 'write.echo': 'passed' }],
    ['public-health', 'SOAP 1.2', { ...READ, ...WRITTEN, 'write.partial': 'passed', 'write.echo': 'passed' }],
    ['grid', 'REST, pushed and written to', { ...READ, ...WRITTEN, 'write.partial': 'passed', 'write.echo': 'passed' }],
    ['smart-community', 'REST, listed', READ],
    ['family-planning', 'files over FTP', { ...NOT_ASKED, ...WRITTEN }],
    ['disability', 'files over SFTP', { ...NOT_ASKED, ...WRITTEN, 'write.partial': 'passed' }],
    ['social-insurance', 'lines over SFTP', { ...NOT_ASKED, ...WRITTEN, ...LATER }],
  ])('%s (%s)', async (system, _protocol, expected) => {
    const answer = await run([system, '--json']);
    const certificate = certificateOf(answer);
    expect(failed(certificate)).toEqual([]);
    expect([answer.code, certificate.connector, certificate.passed]).toEqual([0, system, true]);
    expect(outcomes(certificate)).toMatchObject(expected);
    // A certificate is shown to the department: it names columns and counts, and nobody.
    expect(JSON.stringify(certificate.checks)).not.toMatch(/\d{15,18}/);
  }, 180_000);
});

describe('yici certify --live', () => {
  it('is pointed at a running system by the environment, and writes to the one person it was given', async () => {
    const db = await createTestDatabase();
    const secret = (name: string): string => `${name} of this test`;
    const legacy = await startLegacy({ cityDir: path.join(projectRoot(), 'test/fixtures/sample-city'), hubUrl: 'http://127.0.0.1:9', databaseUrl: db.ownerUrl, dir: path.join(dir, 'legacy'), systems: ['grid', 'disability'], secret });
    try {
      const grid = legacy.of('grid');
      const environment = { ...Object.fromEntries(loadConnector(path.join(projectRoot(), 'connectors/grid')).manifest.secrets.map((name) => [name, secret(name)])), ...legacy.environment };
      const key = (await grid.keys())[0]!;
      const answer = await run(['grid', '--live', '--key', key, '--json'], environment);
      const certificate = certificateOf(answer);
      expect([answer.code, failed(certificate)]).toEqual([0, []]);
      // Nobody can tell a department's system to fail.
      expect(outcomes(certificate)).toMatchObject({ 'live.read': 'passed', 'live.resume': 'passed', 'live.outage': 'notRun', 'write.twice': 'passed', 'write.outage': 'notRun', 'write.echo': 'passed' });
      expect(new Set((await grid.written()).flatMap((w) => (w.answer === 'taken' || w.answer === '0' ? [w.key] : [])))).toEqual(new Set([key]));

      // Its rows cannot be looked up from outside, and a write names a row by more than its key: said, not guessed.
      const disability = legacy.of('disability');
      const blind = certificateOf(await run(['disability', '--live', '--key', (await disability.keys())[0]!, '--json'], environment));
      expect(blind.checks.find((c) => c.id === 'write.twice')).toMatchObject({ outcome: 'notRun', detail: expect.stringContaining('CJZH') });
      expect(await disability.written()).toEqual([]);

      // A wrong password is no certificate, and no password in it.
      const wrong = await run(['grid', '--live', '--key', key, '--json'], { ...environment, YICI_GRID_SYNC_SECRET: 'another secret of nobody' });
      expect([wrong.code, certificateOf(wrong).passed]).toEqual([1, false]);
      expect(wrong.stdout + wrong.stderr).not.toContain('another secret of nobody');
    } finally {
      await legacy.stop();
      await db.drop();
    }
  }, 180_000);

  it('says what is missing before anything is asked', async () => {
    const { code, stdout } = await run(['grid', '--live', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([1, { error: expect.objectContaining({ code: 'YICI_CERTIFY_NO_SYSTEM', message: expect.stringMatching(/YICI_GRID_URL.*--key/) }) }]);
  }, 60_000);
});

describe('yici certify of a folder', () => {
  it('that is nowhere ends with 1 and a way out', async () => {
    const { code, stderr } = await run(['no-such-system']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/YICI_CONNECTOR_UNKNOWN[\s\S]*→/)]);
  }, 60_000);

  it('whose fixture is not met is not certified, for people and for programs', async () => {
    const connectors = path.join(dir, 'connectors');
    mkdirSync(connectors);
    cpSync(path.join(projectRoot(), 'connectors/disability'), path.join(connectors, 'disability'), { recursive: true });
    const file = path.join(connectors, 'disability/fixtures/in/ordinary-person.expected.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"accepted": \[\s*\{/, '"accepted": [{ "recordType": "person", "naturalKey": "nobody" }, {'));
    const environment = { YICI_CONNECTORS_DIR: connectors };
    const told = await run(['disability', '--folder-only'], environment);
    expect([told.code, told.stdout]).toEqual([1, expect.stringMatching(/✗[\s\S]*不合格 not certified/)]);
    const certificate = certificateOf(await run(['disability', '--folder-only', '--json'], environment));
    expect(failed(certificate)).toEqual([{ id: expect.stringContaining('ordinary-person'), detail: expect.any(String) }]);
  }, 60_000);
});
