import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

/** Debian's package, its name on other systems, or what the environment says. */
const PLACES = [process.env['YICI_TEST_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where a browser is; undefined when this machine has none: then the tests of the console say so and are skipped. */
export const CHROMIUM = PLACES.find((place) => place !== undefined && existsSync(place));

export interface Browser {
  /** A page of a visitor of its own: no cookie, no language chosen. */
  visitor(size?: { width: number; height: number }): Promise<Page>;
  close(): Promise<void>;
}

/** A real browser with an empty profile of its own. Nothing it does reaches the network. */
export async function startBrowser(): Promise<Browser> {
  const contexts: { context: BrowserContext; profile: string }[] = [];
  return {
    visitor: async (size = { width: 1440, height: 900 }) => {
      const profile = mkdtempSync(path.join(os.tmpdir(), 'yici-chromium-'));
      const context = await chromium.launchPersistentContext(profile, {
        executablePath: CHROMIUM!, headless: true, viewport: size, timezoneId: 'Europe/London', locale: 'zh-CN', serviceWorkers: 'block',
        // A menu that is still sliding in may be clicked beside its item.
        reducedMotion: 'reduce',
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
      });
      contexts.push({ context, profile });
      return context.pages()[0] ?? context.newPage();
    },
    close: async () => {
      for (const { context, profile } of contexts) {
        await context.close();
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
}
