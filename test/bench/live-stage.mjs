// A whole city as it runs: the simulated systems, the hub with all roles, everything read, agreements approved. For benches.
import path from 'node:path';
import { approveAgreements } from '#apps/cli/demo/demo-connections';
import { demoAccounts } from '#apps/cli/demo/demo-accounts';
import { writeDemoCity } from '#apps/cli/demo/demo-city';
import { DemoFolder } from '#apps/cli/demo/demo-folder';
import { startDemoLegacy } from '#apps/cli/demo/demo-legacy';
import { DemoProgress } from '#apps/cli/demo/demo-progress';
import { OFFICE_ACCOUNT, officeAccount } from '#apps/cli/demo/office-account';
import { freePort } from '#apps/cli/free-port';
import { HubClient } from '#apps/cli/hub-client';
import { startHub } from '#apps/hub/start-hub';
import { silentLogger } from '#libs/platform/logger';
import { Shutdown } from '#libs/platform/shutdown';

/** `marker`: persons and seed. Nothing old is delivered: only what changes from now on. */
export async function startLiveStage(dir, marker, logger = silentLogger) {
  const shutdown = new Shutdown(logger, 20_000);
  try {
    const folder = await DemoFolder.open(path.join(dir, 'demo'), marker, false);
    await writeDemoCity(folder, marker, () => undefined);
    const port = await freePort(0);
    const { legacy, environment, tell } = await startDemoLegacy(folder, `http://127.0.0.1:${port}`, logger, shutdown);
    const hub = await startHub({ port, dataDir: folder.dir, cityDir: folder.divisions, logger, environment: { YICI_POLL_AT_MOST_SECONDS: '2', ...process.env, ...environment } });
    shutdown.add('hub', () => hub.close());
    const accounts = await demoAccounts(hub);
    const as = (role) => { const a = accounts.find((x) => x.role === role); return HubClient.signIn(hub.url, a.username, a.password); };
    const [admin, worker] = [await as('admin'), await as('worker')];
    tell(OFFICE_ACCOUNT, await officeAccount(admin));
    await Promise.all(legacy.simulators.map((s) => s.publish()));
    const progress = new DemoProgress(hub.parts);
    await progress.allRead(legacy.simulators.map((s) => s.system));
    await approveAgreements(admin);
    const targets = hub.parts.connectors.filter((c) => c.manifest.mode === 'live');
    for (const { id } of targets) {
      await admin.post(`/connections/${id}/rehearse`);
      await admin.post(`/connections/${id}/approve`, { deliver: false });
    }
    return { hub, legacy, admin, worker, targets, progress, pool: hub.parts.store.pool, stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

/** Protocols that drop what they write where the system collects it. */
const FILES = new Set(['file-drop', 'ticket-file', 'workbook-download']);

export function isFileTarget(connector) {
  return FILES.has(connector.manifest.delivery?.protocol);
}

/** `share` in (0, 1] of sorted numbers. */
export function quantile(sorted, share) {
  return sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1))];
}
