import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { SystemBoard } from '#libs/entries/system-board';
import { projectRoot } from '#libs/platform/project-root';
import { CHROMIUM, startBrowser, type Browser } from '#test/support/browser';
import { startConsoleStage, type ConsoleStage } from '#test/support/console-stage';
import type { Caller } from '#test/support/http-hub';
import { until } from '#test/support/until';

// A busy machine takes its time to start a browser.
jest.setTimeout(180_000);
const PERSON = '罗海月';
const CITIZEN_ID = '990101200101015066';

const [title, inBrowser] = CHROMIUM === undefined
  ? ['the console (skipped: no chromium here; apt-get install -y --no-install-recommends chromium fonts-noto-cjk, or YICI_TEST_CHROMIUM)', describe.skip] as const
  : ['the console', describe] as const;

inBrowser(title, () => {
  let stage: ConsoleStage;
  let browser: Browser;
  let page: Page;
  let worker: Caller;
  const errors: string[] = [];
  const addresses: string[] = [];

  beforeAll(async () => {
    if (!existsSync(path.join(projectRoot(), 'apps/console/dist/index.html'))) throw new Error('The console is not built: npm run build.');
    stage = await startConsoleStage();
    worker = await stage.account('worker', 'worker');
    browser = await startBrowser();
    page = await browser.visitor();
    page.on('pageerror', (error) => errors.push(error.message));
    // A refused style, script or connection is an error here; an answer that the page shows in words is not.
    page.on('console', (message) => { if (message.type() === 'error' && !/status of 40[01]/.test(message.text())) errors.push(message.text()); });
    page.on('request', (request) => addresses.push(decodeURIComponent(request.url())));
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  const text = (selector: string): Promise<string> => page.locator(selector).first().innerText();
  const go = (hash: string): Promise<unknown> => page.goto(`${stage.hub.url}/${hash}`);
  const number = async (selector: string): Promise<number> => Number((await text(selector)).replaceAll(',', ''));

  it('refuses a wrong password in words, signs in with the right one, and out again', async () => {
    await go('');
    await page.locator('input[type=password]').waitFor();
    expect(await page.evaluate<string>('document.documentElement.lang')).toBe('zh-CN');
    await page.getByLabel('用户名').fill('worker');
    await page.getByLabel('密码').fill('not the password');
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByText('用户名或密码不正确。', { exact: true }).waitFor();
    await page.getByLabel('密码').fill(stage.password);
    await page.getByRole('button', { name: '登录' }).click();
    await page.locator('[data-system]').first().waitFor();
    await page.getByRole('button', { name: /当前账号/ }).click();
    await page.getByRole('menuitem', { name: '退出' }).click();
    await page.locator('input[type=password]').waitFor();
    await page.reload();
    await page.locator('input[type=password]').waitFor();
  });

  it('signs in by a link of the terminal, once, and keeps no code in the address', async () => {
    const link = stage.hub.signInLink('worker');
    await page.goto(link);
    await page.locator('[data-system]').first().waitFor();
    expect(page.url()).not.toContain('code=');
    expect(addresses.some((a) => a.includes(link.split('code=')[1]!))).toBe(false);
    const stranger = await browser.visitor({ width: 800, height: 600 });
    await stranger.goto(link);
    await stranger.getByText('登录链接已失效。').waitFor();
    await stranger.close();
  });

  it('shows the twelve systems in the order of their folders, each with a balance that holds', async () => {
    await go('#/board');
    await page.locator('[data-system]').first().waitFor();
    const ids = await page.locator('tbody [data-system]').evaluateAll((rows) => rows.map((r) => r.getAttribute('data-system')));
    expect(ids).toEqual(stage.hub.parts.connectors.map((c) => c.id));
    const balances = await page.locator('[data-balance]').evaluateAll((all) => all.map((e) => e.getAttribute('data-balanced')));
    expect(balances).toEqual(['true', 'true', 'true']);
    let summed = 0;
    for (const id of ids.filter((i) => i !== 'corrections' && i !== 'party-volunteer')) {
      const cells = (await page.locator(`[data-system="${id}"] td.num`).allInnerTexts()).map((c) => Number(c.replaceAll(',', '')));
      const [read, accepted, superseded, voided, dead, stored, resolved] = cells as [number, number, number, number, number, number, number];
      expect([id, read, stored]).toEqual([id, accepted + superseded + voided + dead, resolved]);
      summed += read;
    }
    expect(summed).toBeGreaterThan(1000);
    expect(await number('[data-figure="persons"] b')).toBeGreaterThan(300);
    expect(await text('[data-system="grid"]')).toContain('政法委');
  });

  it('turns red what does not balance, without a reload', async () => {
    await stage.db.asOwner(async (client) => { await client.query(`update snapshot_file set rows_read = rows_read + 1 where system = 'hukou'`); });
    await page.locator('[data-system="hukou"].off').waitFor();
    await page.locator('[data-balance="rows"][data-balanced="false"]').waitFor();
    expect(await text('[data-balance="rows"]')).toContain('账不平：常住人口');
    await stage.db.asOwner(async (client) => { await client.query(`update snapshot_file set rows_read = rows_read - 1 where system = 'hukou'`); });
    await page.locator('[data-balance="rows"][data-balanced="true"]').waitFor();
    expect(await page.locator('tr.off').count()).toBe(0);
  });

  it('finds a person and shows the records of the systems side by side, with no personal value in any address', async () => {
    await go('#/persons');
    await page.getByLabel('查找内容').fill(PERSON);
    await page.getByRole('button', { name: '查找' }).click();
    await page.getByRole('button', { name: `打开 ${PERSON}` }).click();
    await page.locator('table.compare').waitFor();
    const heads = await page.locator('table.compare thead th').allInnerTexts();
    expect(heads.length).toBeGreaterThanOrEqual(5);
    expect(heads.join()).toContain('综治网格');
    expect(await page.locator('[data-field="name"] [data-mark="winner"]').count()).toBe(1);
    expect(await page.locator('[data-mark="different"]').count()).toBeGreaterThan(0);
    expect(await text('[data-field="citizenId"] .golden')).toContain('990101********5066');
    await page.getByRole('button', { name: '显示完整号码' }).click();
    expect(await text('[data-field="citizenId"] .golden')).toContain(CITIZEN_ID);
    await page.getByText('只看有分歧的项目').click();
    expect(await page.locator('table.compare tbody tr').count()).toBe(await page.locator('table.compare tbody tr.differs').count());
    await page.getByRole('tab', { name: '家庭' }).click();
    await page.locator('.members li').first().waitFor();
    await page.getByRole('tab', { name: '为何是同一人' }).click();
    await page.locator('.waterfall').first().waitFor();
    expect(await text('.waterfall')).toContain('公民身份号码：号码相同');
    await page.getByRole('tab', { name: '历史' }).click();
    await page.locator('.history li').first().waitFor();
    expect(addresses.filter((a) => a.includes(PERSON) || a.includes(CITIZEN_ID))).toEqual([]);
  });

  it('finds people by a part of an address, and a word that is no address as a name', async () => {
    const { body: all } = await worker('POST', '/persons/search', { body: { address: '枫丹苑2幢', limit: 20 } });
    expect(all.items.length).toBeGreaterThan(1);
    await go('#/persons');
    await page.getByLabel('查找内容').fill('枫丹苑2号楼');
    await page.getByText('按地址查找', { exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByText(`${all.next === null ? '找到' : '已显示'} ${all.items.length} 人`).waitFor();
    const found = await page.locator('.found-address').allInnerTexts();
    expect(found.length).toBe(all.items.length);
    for (const line of found) expect(line).toContain('枫丹苑2幢');
    await page.getByLabel('查找内容').fill('枫丹苑2幢1单元999室');
    await page.getByRole('button', { name: '查找' }).click();
    await page.getByText('少写一级试试').waitFor();
    await page.getByLabel('查找内容').fill('5幢301室');
    await page.keyboard.press('Enter');
    await page.getByText('请写出小区、村组或路名').waitFor();
    await page.getByLabel('查找内容').fill('枫丹苑');
    await page.getByText('按姓名查找', { exact: true }).waitFor();
    await page.getByRole('button', { name: '当作地址来查' }).click();
    await page.locator('.found-person').first().waitFor();
    await page.getByRole('button', { name: '再看一些' }).click();
    await page.locator('.found-person').nth(20).waitFor();
    expect(addresses.filter((a) => a.includes('枫丹苑'))).toEqual([]);
  });

  it('says nobody was found, and what is wrong with a number, at the search', async () => {
    await go('#/persons');
    await page.getByLabel('查找内容').fill('没有这个人');
    await page.getByRole('button', { name: '查找' }).click();
    await page.getByText('没有找到，或不在您的权限范围内。').waitFor();
    await page.getByLabel('查找内容').fill(`${CITIZEN_ID.slice(0, 17)}1`);
    await page.getByRole('button', { name: '查找' }).click();
    await page.getByText(/身份证号/).last().waitFor();
  });

  it('takes an entry once and shows twelve lights that move by themselves', async () => {
    const { body: found } = await worker('POST', '/persons/search', { body: { name: PERSON } });
    const before = stage.grid.requests.length;
    await go(`#/entry/${found.items[0].id}`);
    await page.locator('.chosen').waitFor();
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByText('请填写', { exact: true }).waitFor();
    await page.getByLabel('新住址').fill('南浦区彩云街道向阳社区千山路373号枫丹苑5号楼1单元301室');
    await page.getByLabel('从哪天起').fill('2099-01-01');
    await page.getByRole('button', { name: '提交' }).click();
    // The hub's own words, at the field they are about.
    await page.locator('.ant-form-item', { hasText: '从哪天起' }).getByText('日期不能晚于今天。').waitFor();
    await page.getByLabel('从哪天起').fill('2026-03-31');
    await page.getByRole('button', { name: '提交' }).click();
    await page.locator('[data-target]').first().waitFor();
    expect(await page.locator('[data-target]').evaluateAll((all) => all.map((e) => e.getAttribute('data-target')))).toEqual(stage.hub.parts.connectors.map((c) => c.id));
    await page.locator('[data-target="grid"][data-state="written"], [data-target="grid"][data-state="confirmed"]').waitFor();
    expect(stage.grid.requests.length).toBe(before + 1);
    expect(await text('[data-target="housing"]')).toContain('不共享');
    for (const light of await page.locator('[data-target]').allInnerTexts()) expect(light.split('\n').length).toBeGreaterThanOrEqual(2);
    expect(await text('.entry-progress')).toContain('已识别到人');
    expect(addresses.filter((a) => a.includes('枫丹苑'))).toEqual([]);
  });

  it('follows the board while it stands open', async () => {
    await go('#/board');
    await page.locator('[data-figure="entries"]').waitFor();
    const before = await number('[data-figure="entries"] b');
    await worker('POST', '/entries', { body: { kind: 'newPerson', name: '李秀英', citizenId: '990101196408220428', currentAddress: '幸福小区3幢2单元301室', occurredOn: '2026-03-30' } });
    await page.locator('[data-figure="entries"] b', { hasText: String(before + 1) }).waitFor();
    expect(await page.locator('.live-mark').getAttribute('class')).toContain('live');
  });

  it('shows a reader outside a scope the same, whether somebody is in corrections or not', async () => {
    await stage.account('insider', 'worker', ['correction']);
    const insider = await browser.visitor({ width: 1280, height: 800 });
    await insider.goto(stage.hub.signInLink('insider'));
    await insider.locator('[data-system="corrections"] td.num').first().waitFor();
    const boardOf = async (p: Page): Promise<string> => (await p.locator('main').innerText()).replace(/\d+(秒|分)钟前|现在/g, '').replace(/\d\d:\d\d(:\d\d)?/g, '');
    await go('#/board');
    await page.locator('[data-system]').first().waitFor();
    await page.waitForTimeout(1500);
    const [outside, inside] = [await boardOf(page), await boardOf(insider)];
    expect(outside).toContain('该系统不对外公开');
    const stored = async (): Promise<number> => ((await stage.admin('GET', '/board')).body as SystemBoard).totals.records.stored;
    const seen = await stored();
    await stage.addRecord({
      system: 'corrections', recordType: 'person', naturalKey: 'SJ-console-1', order: '2026-04-01', observedAt: '2026-04-01T00:00:00+08:00', state: 'current',
      body: { name: { value: '赵无人', key: '赵无人' }, citizenId: { status: 'valid', value: '990102198203110313' }, facets: { correction: { kind: '01' } } }, origin: { source: 'test', position: 1 },
    });
    await until(async () => (await boardOf(insider)) !== inside);
    await page.waitForTimeout(2500);
    expect(await boardOf(page)).toBe(outside);
    expect(await stored()).toBe(seen);
    await insider.close();
  });

  it('speaks English when asked, and remembers it', async () => {
    await page.getByRole('button', { name: 'Switch to English' }).click();
    await page.getByRole('link', { name: 'Residents' }).waitFor();
    await page.reload();
    await page.locator('[data-system]').first().waitFor();
    expect(await page.evaluate<string>('document.documentElement.lang')).toBe('en');
    expect(await text('[data-system="hukou"] b')).toBe('Permanent residents (household register)');
    expect(await text('[data-balance="rows"]')).toMatch(/Read[\s\S]*Accepted[\s\S]*balances/);
    await page.getByRole('button', { name: '切换到中文' }).click();
    await page.getByRole('link', { name: '查人' }).waitFor();
  });

  it('is reached by the keyboard, and fits a phone', async () => {
    await go('#/board');
    await page.reload();
    await page.locator('[data-system]').first().waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate<string>('document.activeElement.className')).toBe('skip');
    for (let i = 0; i < 3; i += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByLabel('查找内容').waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    const { body: found } = await worker('POST', '/persons/search', { body: { name: PERSON } });
    for (const hash of ['#/board', '#/persons', `#/persons/${found.items[0].id}`, '#/entry']) {
      await go(hash);
      await page.locator('main h1').first().waitFor();
      await page.waitForTimeout(300);
      expect([hash, await page.evaluate<number>('document.documentElement.scrollWidth')]).toEqual([hash, 390]);
    }
  });

  it('broke no rule of the page: no script or style from elsewhere, no error', () => {
    expect(errors).toEqual([]);
    expect([...new Set(addresses.map((a) => new URL(a).origin))]).toEqual([stage.hub.url]);
  });
});
