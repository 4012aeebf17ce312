import path from 'node:path';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { openTarget } from '#libs/connector-sdk/open-target';
import type { TargetChannel } from '#libs/connector-sdk/target-channel';
import { systemClock } from '#libs/kernel/clock';
import { projectRoot } from '#libs/platform/project-root';
import { GridSimulator } from '#libs/synthetic/simulators/grid-simulator';
import { Divisions } from '#libs/values/divisions';

export interface GridTarget {
  grid: GridSimulator;
  channel: TargetChannel;
  close(): Promise<void>;
}

/** The grid as the demo city runs it, over its own protocol and signature, and the channel that writes to it. Nobody takes its pushes. */
export async function gridTarget(address: (url: string) => Promise<string> | string = (url) => url): Promise<GridTarget> {
  const grid = await GridSimulator.start({ cityDir: path.join(projectRoot(), 'test/fixtures/sample-city'), hubUrl: 'http://127.0.0.1:9', pushSecret: 'push', syncSecret: 'sync' });
  const secrets: Record<string, string> = { YICI_GRID_PUSH_SECRET: 'push', YICI_GRID_SYNC_SECRET: 'sync', YICI_GRID_URL: await address(grid.url) };
  const channel = openTarget(loadConnector(path.join(projectRoot(), 'connectors/grid')), {
    secret: (name) => secrets[name], clock: systemClock, divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n'),
  })!;
  return { grid, channel, close: async () => { await channel.close?.(); await grid.stop(); } };
}
