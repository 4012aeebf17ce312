import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { CHROMIUM, startBrowser, type Browser } from '#test/support/browser';
import { startConsoleStage, type ConsoleStage } from '#test/support/console-stage';

// A busy machine takes its time to start a browser.
jest.setTimeout(180_000);
const PERSON = '罗海月';
const ADDRESS = '枫丹苑5幢1单元301室';

const [title, inBrowser] = CHROMIUM === undefined ? ['work in the console (skipped: no chromium here)', describe.skip] as const : ['work in the console', describe] as const;

inBrowser(title, () => {
  let stage: ConsoleStage;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    stage = await startConsoleStage();
    await stage.account('worker', 'worker');
    await stage.account('colleague', 'worker');
    browser = await startBrowser();
    page = await browser.visitor();
    await page.goto(stage.hub.signInLink('worker'));
    await page.locator('[data-system]').first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  /** Begins an entry about the person: found by Enter, picked, address typed. */
  const beginEntry = async (): Promise<void> => {
    await page.evaluate(`location.hash = '#/board'`);
    await page.locator('[data-system]').first().waitFor();
    await page.evaluate(`location.hash = '#/entry'`);
    await page.getByLabel('新住址').fill(ADDRESS);
    await page.getByLabel('查找内容').fill(PERSON);
    await page.keyboard.press('Enter');
    await page.locator('.found-person').first().click();
    await page.locator('.chosen', { hasText: PERSON }).waitFor();
  };
  const typed = (): Promise<string> => page.getByLabel('新住址').inputValue();
  /** As when its hours are over. */
  const endSession = (): Promise<void> => stage.db.asOwner(async (client) => {
    await client.query(`update session set expires_at = now() - interval '1 minute' where created_at = (select max(created_at) from session)`);
  });

  it('goes on in the form when somebody is looked for with Enter', async () => {
    await beginEntry();
    expect(await typed()).toBe(ADDRESS);
    expect(page.url()).toMatch(/\/#\/entry$/);
  });

  it('says whom to choose first, and sends nothing', async () => {
    await page.getByRole('button', { name: '换人' }).click();
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByText('请先选定这件事关于谁。').waitFor();
    expect(await page.evaluate<string>('document.activeElement.getAttribute("aria-label")')).toBe('查找内容');
  });

  it('keeps what was typed when the session ends, behind a page that shows nothing, and sends it once after the password', async () => {
    await beginEntry();
    await endSession();
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByRole('dialog', { name: '登录已过期' }).waitFor();
    expect(await page.getByText(PERSON).first().isVisible()).toBe(false);
    expect(await page.locator('[inert]').count()).toBe(1);
    await page.getByLabel('密码').fill('not the password');
    await page.keyboard.press('Enter');
    await page.getByText('用户名或密码不正确。', { exact: true }).waitFor();
    await page.getByLabel('密码').fill(stage.password);
    await page.getByRole('button', { name: '继续' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect([await typed(), await page.locator('.chosen').innerText()]).toEqual([ADDRESS, expect.stringContaining(PERSON)]);
    await page.getByRole('button', { name: '提交' }).click();
    await page.locator('[data-target]').first().waitFor();
    const { rows } = await stage.db.pool.query<{ n: string }>('select count(*) as n from entry');
    expect(Number(rows[0]!.n)).toBe(1);
  });

  it('goes on after a new link of the terminal, too', async () => {
    await beginEntry();
    await endSession();
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByRole('dialog', { name: '登录已过期' }).waitFor();
    await page.evaluate(`location.hash = ${JSON.stringify(new URL(stage.hub.signInLink('worker')).hash)}`);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect([await typed(), new URL(page.url()).hash]).toEqual([ADDRESS, '#/entry']);
  });

  it('is nobody else\'s: another account finds an empty page', async () => {
    await beginEntry();
    await endSession();
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByRole('button', { name: '换一个账号' }).click();
    await page.getByLabel('用户名').fill('colleague');
    await page.getByLabel('密码').fill(stage.password);
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByLabel('新住址').waitFor();
    expect([await typed(), await page.locator('.chosen').count()]).toEqual(['', 0]);
  });

  it('sees that the hub is away, keeps what was typed, and goes on by itself when it is back', async () => {
    await beginEntry();
    await page.context().setOffline(true);
    await page.getByRole('button', { name: '提交' }).click();
    await page.locator('.away', { hasText: '连不上平台' }).waitFor();
    await page.context().setOffline(false);
    await page.locator('.away').waitFor({ state: 'detached' });
    expect([await typed(), await page.locator('.entry-end .ant-alert').count()]).toEqual([ADDRESS, 0]);
    await page.getByRole('button', { name: '提交' }).click();
    await page.locator('[data-target]').first().waitFor();
    await page.locator('.live-mark.live').waitFor();
  });

  it('asks again by itself for what it could not get', async () => {
    await page.evaluate(`location.hash = '#/persons'`);
    await page.getByLabel('查找内容').waitFor();
    await page.context().setOffline(true);
    await page.getByLabel('查找内容').fill(PERSON);
    await page.keyboard.press('Enter');
    await page.locator('.away').waitFor();
    await page.context().setOffline(false);
    await page.getByRole('button', { name: `打开 ${PERSON}` }).waitFor();
  });
});
