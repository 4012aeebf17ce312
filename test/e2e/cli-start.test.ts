import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { ReceiptLine } from '#libs/model/receipt';
import { newDataDir, removeDataDir, yici, yiciJson } from '#test/support/child-process';

interface Outcome {
  person: string;
  receipt: ReceiptLine[];
  written: Record<string, number>;
  partitionHash: string;
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
  it('reads twelve systems over their own protocols into the partition of a bulk load, delivers one move to all that may have it, and goes on with it', async () => {
    const dir = path.join(dataDir(), 'demo');
    const run = (): Promise<Outcome> => yiciJson<Outcome>('start', '--demo', '--once', '--persons', '600', '--port', '0', '--data-dir', dir);
    const first = await run();
    expectFilled(first);
    expect(existsSync(path.join(dir, 'hub.log'))).toBe(true);
    const bulk = await yiciJson<{ partitionHash: string }>('load', path.join(dir, 'city'), '--data-dir', path.join(dataDir(), 'bulk'));
    expect(first.partitionHash).toBe(bulk.partitionHash);
    const second = await run();
    expectFilled(second);
    expect(second.person).not.toBe(first.person);
    const { code, stderr } = await yici('start', '--demo', '--once', '--port', '0', '--data-dir', path.join(dir, 'city')).ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('YICI_DEMO_FOREIGN_DIRECTORY')]);
  }, 600_000);

  it('prints plain lines in two languages where nobody looks at a terminal', async () => {
    const { code, stdout } = await yici('start', '--demo', '--once', '--persons', '300', '--seed', '2', '--port', '0', '--data-dir', path.join(dataDir(), 'demo')).ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain('\u001b');
    for (const words of ['常住人口（户籍）', 'Entered once, shared many times', '批准共享协议', 'shown this once', '不共享：', 'not shared: ', '回执已齐', '网页已开']) expect(stdout).toContain(words);
  }, 300_000);
});

/** Every target answered, none refused; what may have the move was written to, as the systems themselves count. */
function expectFilled({ receipt, written }: Outcome): void {
  expect(receipt).toHaveLength(12);
  const reached = receipt.filter((l) => ['written', 'pickedUp', 'confirmed'].includes(l.state)).map((l) => l.target);
  expect(reached).toEqual(expect.arrayContaining(['grid', 'hukou']));
  for (const target of reached) expect([target, written[target]]).toEqual([target, expect.any(Number)]);
  for (const target of reached.filter((t) => t !== 'party-volunteer')) expect(written[target]).toBeGreaterThan(0);
  for (const line of receipt.filter((l) => !reached.includes(l.target))) {
    expect([line.target, line.reasonCode, line.zh, line.en]).toEqual([line.target, expect.any(String), expect.stringMatching(/\p{Script=Han}/u), expect.stringMatching(/[a-z]/)]);
  }
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
