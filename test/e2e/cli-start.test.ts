import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { ReceiptLine } from '#libs/model/receipt';
import { newDataDir, removeDataDir, yici, yiciJson } from '#test/support/child-process';

interface Outcome {
  url: string;
  person: string;
  receipt: ReceiptLine[];
  tickets: { file: string; kind: string }[];
  ticketFolder: string;
  seconds: number;
}

const dirs: string[] = [];

function dataDir(): string {
  const dir = newDataDir();
  dirs.push(dir);
  return dir;
}

afterAll(async () => {
  for (const dir of dirs) await removeDataDir(dir);
}, 60_000);

describe('yici start --demo', () => {
  it('fills the receipt of one move: grid written, a ticket 03 dropped, the others with their reason; then goes on with it', async () => {
    const dir = path.join(dataDir(), 'demo');
    const run = (): Promise<Outcome> => yiciJson<Outcome>('start', '--demo', '--once', '--persons', '600', '--port', '0', '--data-dir', dir);
    const first = await run();
    expectFilled(first);
    expect(existsSync(path.join(dir, 'hub.log'))).toBe(true);
    const second = await run();
    expectFilled(second);
    expect(second.person).not.toBe(first.person);
    const { code, stderr } = await yici('start', '--demo', '--once', '--port', '0', '--data-dir', path.join(dir, 'city')).ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('YICI_DEMO_FOREIGN_DIRECTORY')]);
  }, 400_000);

  it('prints plain lines in two languages where nobody looks at a terminal', async () => {
    const { code, stdout } = await yici('start', '--demo', '--once', '--persons', '300', '--seed', '2', '--port', '0', '--data-dir', path.join(dataDir(), 'demo')).ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain('\u001b');
    for (const words of ['常住人口（户籍）', 'Entered once, shared many times', '批准共享协议', 'shown this once', '不共享：', 'not shared: ', '回执已齐']) expect(stdout).toContain(words);
    expect(stdout.match(/✓$/gm)!.length).toBeGreaterThanOrEqual(13);
  }, 300_000);
});

function expectFilled({ receipt, tickets, ticketFolder }: Outcome): void {
  expect(receipt).toHaveLength(12);
  const of = (target: string): ReceiptLine => receipt.find((l) => l.target === target)!;
  expect(['written', 'confirmed']).toContain(of('grid').state);
  expect(['written', 'pickedUp']).toContain(of('hukou').state);
  const others = receipt.filter((l) => l.target !== 'grid' && l.target !== 'hukou');
  expect(others).toHaveLength(10);
  for (const line of others) expect([line.target, line.reasonCode, line.zh, line.en]).toEqual([line.target, expect.any(String), expect.stringMatching(/\p{Script=Han}/u), expect.stringMatching(/[a-z]/)]);
  const moved = tickets.filter((t) => t.kind === '03').map((t) => t.file);
  expect(moved.length).toBeGreaterThan(0);
  expect(readdirSync(ticketFolder)).toEqual(expect.arrayContaining(moved));
  expect(new TextDecoder('gb18030').decode(readFileSync(path.join(ticketFolder, moved.at(-1)!)))).toMatch(/^GDBH,GDLX,GMSFHM,XM,SM\r\n[^,]+,03,99\d{15}[\dX],/);
}

describe('yici start', () => {
  it('serves until it is told to stop, and shows the passwords of its first accounts once', async () => {
    const dir = dataDir();
    const hub = yici('start', '--port', '0', '--data-dir', dir, '--json');
    await hub.printed('\n');
    const stopped = hub.stop();
    const { code, stdout } = await stopped;
    const started = JSON.parse(stdout.split('\n')[0]!) as { url: string; roles: string[]; accounts: { username: string; password: string }[] };
    expect(code).toBe(0);
    expect(started.roles).toEqual(['intake', 'resolution', 'fanout', 'api']);
    expect(started.accounts.map((a) => a.username).sort()).toEqual(['admin', 'auditor', 'statistician', 'steward', 'worker']);
    expect(existsSync(path.join(dir, 'postgres', 'postmaster.pid'))).toBe(false);

    const again = yici('start', '--port', '0', '--data-dir', dir, '--json', '--roles', 'api,resolution');
    await again.printed('\n');
    const line = JSON.parse((await again.stop()).stdout.split('\n')[0]!) as Record<string, unknown>;
    expect([line['roles'], line['accounts']]).toEqual([['api', 'resolution'], undefined]);
  }, 120_000);
});
