import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readConfig } from '#libs/platform/config';
import { silentLogger } from '#libs/platform/logger';
import { openStore } from '#libs/store/open-store';

const root = mkdtempSync(path.join(os.tmpdir(), 'yici-open-'));
const config = readConfig({ YICI_DATA_DIR: path.join(root, 'data') });
beforeAll(() => chmodSync(root, 0o711));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('opening a store', () => {
  it('makes everything at the first start and finds it at the second', async () => {
    const first = await openStore(config, silentLogger);
    const who = await first.pool.query<{ s: string; u: string }>('select session_user as s, current_user as u');
    expect(who.rows).toEqual([{ s: 'yici_app', u: 'yici_app' }]);
    const sealed = first.sealing.seal('kept');
    const second = await openStore(config, silentLogger);
    await first.close();
    expect(second.sealing.openText(sealed)).toBe('kept');
    expect(await second.unitOfWork.run(async (tx) => (await tx.client.query('select 1 as n')).rows)).toEqual([{ n: 1 }]);
    await second.close();
    expect(existsSync(path.join(config.dataDir, 'postgres/postmaster.pid'))).toBe(false);
  });
  it('refuses a store whose key file was lost, and makes no new one', async () => {
    renameSync(config.keysFile, `${config.keysFile}.away`);
    await expect(openStore(config, silentLogger)).rejects.toThrow('sealed with other keys');
    expect(existsSync(config.keysFile)).toBe(false);
    renameSync(`${config.keysFile}.away`, config.keysFile);
    await (await openStore(config, silentLogger)).close();
  });
});
