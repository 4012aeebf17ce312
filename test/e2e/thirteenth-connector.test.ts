import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { freePort } from '#apps/cli/free-port';
import type { HubClient } from '#apps/cli/hub-client';
import type { ReceiptLine } from '#libs/model/receipt';
import { projectRoot } from '#libs/platform/project-root';
import { NodeProcess, newDataDir, removeDataDir } from '#test/support/child-process';
import { HubProcess } from '#test/support/hub-process';
import { until } from '#test/support/until';

const dir = newDataDir();
const connectors = path.join(dir, 'connectors');
const library = path.join(dir, 'library');
const HEADER = '卡号,姓名,身份证号,手机,住址,更新时间';
const PERSON = ['L0001', '张伟强', '990101196203150315', '13800000001', '幸福小区3幢2单元301室'];
const SHARING = `provides: []
receives:
  - fields: [phones]
    channel: 数据文件
    purpose: 通知还书
    legalBasis: 《政务数据共享条例》第十二条
    condition: unconditional
    expires: 2028-12-31
    catalogue: 9901-WL-TS-0001
`;
let hub: HubProcess;

/** One SHA-256 over names and bytes of everything below a folder. */
function treeHash(folder: string, without: readonly string[] = []): string {
  const hash = createHash('sha256');
  const visit = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = path.join(at, entry.name);
      if (without.includes(path.relative(folder, full))) continue;
      if (entry.isDirectory()) visit(full);
      else hash.update(`${path.relative(folder, full)}\0`).update(readFileSync(full));
    }
  };
  visit(folder);
  return hash.digest('hex');
}

async function command(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await new NodeProcess('dist/apps/cli/main.js', [...args, '--json'], { YICI_CONNECTORS_DIR: connectors }).ended;
  if (code !== 0) throw new Error(`yici ${args[0]} failed: ${stdout.slice(-1500)}${stderr.slice(-1500)}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
}

function exportFile(name: string, phone: string, time: string): void {
  mkdirSync(path.join(library, 'export'), { recursive: true });
  writeFileSync(path.join(library, 'export', name), `${HEADER}\r\n${PERSON.with(3, phone).join(',')},${time}\r\n`);
}

beforeAll(() => {
  cpSync(path.join(projectRoot(), 'connectors'), connectors, { recursive: true });
  mkdirSync(path.join(library, 'import'), { recursive: true });
  mkdirSync(path.join(dir, 'divisions'));
  for (const file of ['city.yaml', 'divisions.csv']) copyFileSync(path.join(projectRoot(), 'test/fixtures/sample-city', file), path.join(dir, 'divisions', file));
});
afterAll(async () => {
  await hub?.stop();
  if (hub !== undefined) await removeDataDir(hub.dataDir);
  await removeDataDir(dir);
}, 60_000);

it('a thirteenth system on CSV files is one folder: read, written, confirmed, and nothing outside it changed', async () => {
  const others = treeHash(connectors);
  const code = ['libs', 'apps', 'schemas'].map((room) => treeHash(path.join(projectRoot(), room), ['console/dist']));
  exportFile('READER_20260331.csv', '13800000001', '20260315103000');
  await command('new-connector', 'library', '--sample', path.join(library, 'export/READER_20260331.csv'), '--name', '图书馆读者', '--owner', '文旅局', '--exchange', 'folder');
  writeFileSync(path.join(connectors, 'library/sharing.yaml'), SHARING);
  expect(await command('certify', 'library')).toMatchObject({ passed: true });

  hub = new HubProcess(path.join(dir, 'hub'), path.join(dir, 'divisions'), await freePort(0), { YICI_CONNECTORS_DIR: connectors, YICI_LIBRARY_URL: library, YICI_POLL_AT_MOST_SECONDS: '2' });
  mkdirSync(hub.dataDir, { mode: 0o711 });
  await hub.start();
  const [admin, worker] = [await hub.as('admin'), await hub.as('worker')];
  const found = await until(() => search(worker), (persons) => persons.length === 1, 'the reader is read');
  await admin.post('/agreements/approve', { target: 'library' });
  await admin.post('/connections/library/rehearse');
  await admin.post('/connections/library/approve', { deliver: true });

  const { entryId } = await worker.post<{ entryId: string }>('/entries', { kind: 'phone', personId: found[0]!.id, phone: '13712340007', occurredOn: '2026-04-01' });
  const line = async (): Promise<ReceiptLine> => (await worker.get<ReceiptLine[]>(`/receipts/${entryId}`)).find((l) => l.target === 'library')!;
  await until(line, (l) => l.state === 'written', 'it is written');
  const [dropped, ...more] = readdirSync(path.join(library, 'import')).filter((name) => name.startsWith('HUB_'));
  expect(more).toEqual([]);
  expect(readFileSync(path.join(library, 'import', dropped!), 'utf8')).toBe(`${HEADER}\r\nL0001,,,13712340007,,\r\n`);
  unlinkSync(path.join(library, 'import', dropped!));
  await until(line, (l) => l.state === 'pickedUp', 'the file was taken away');
  exportFile('READER_20260430.csv', '13712340007', '20260402090000');
  await until(line, (l) => l.state === 'confirmed', 'the next export shows the value');

  expect(treeHash(connectors, ['library'])).toBe(others);
  expect(['libs', 'apps', 'schemas'].map((room) => treeHash(path.join(projectRoot(), room), ['console/dist']))).toEqual(code);
}, 400_000);

async function search(worker: HubClient): Promise<{ id: string }[]> {
  const { items } = await worker.post<{ items: { id: string }[] }>('/persons/search', { name: PERSON[1] });
  return items;
}
