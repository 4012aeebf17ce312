import type { Divisions } from '#libs/values/divisions';
import type { Connector } from '../connector.js';
import type { ConnectionParts } from '../open-target.js';
import type { Certificate, Check } from './certificate.js';
import { folderChecks } from './folder-checks.js';
import { liveChecks, type LivePeer } from './live-checks.js';
import { lossinessOf } from './lossiness.js';

export interface CertifyOptions {
  divisions: Divisions;
  /** The running system and how to reach it; absent: only what the folder proves by itself. */
  live?: { peer: LivePeer; parts: ConnectionParts };
  /** `yyyy-mm-dd`. */
  day: string;
  signal: AbortSignal;
}

/** Everything a connector must do, tried. */
export async function certify(connector: Connector, { divisions, live, day, signal }: CertifyOptions): Promise<Certificate> {
  const checks: Check[] = await folderChecks(connector, divisions);
  if (live === undefined) {
    checks.push({ id: 'live', zh: '与运行中的系统对接', en: 'against a running system', outcome: 'notRun', detail: 'no system was given to try it against' });
  } else checks.push(...await liveChecks(connector, live.parts, live.peer, signal));
  return { connector: connector.id, day, passed: checks.every((c) => c.outcome !== 'failed'), checks, lossiness: await lossinessOf(connector, divisions) };
}
