import type { Clock } from '#libs/kernel/clock';
import type { Divisions } from '#libs/values/divisions';
import { missingSecrets, type Connector } from './connector.js';
import { FileDrop } from './protocols/file-drop.js';
import { dropRows } from './protocols/file-drop-rows.js';
import { openRemoteFolder } from './protocols/file-open.js';
import { RestCallTarget } from './protocols/rest-call.js';
import { RestSyncClient } from './protocols/rest-sync.js';
import { SoapTarget } from './protocols/soap-target.js';
import { SqlTableTarget } from './protocols/sql-table.js';
import { WebhookSender } from './protocols/webhook.js';
import { WorkbookDownload } from './protocols/workbook-download.js';
import type { TargetChannel } from './target-channel.js';

/** What both sides of a connection are opened with. */
export interface ConnectionParts {
  /** A secret by the name its folder gives it; undefined when the environment lacks it. */
  secret(name: string): string | undefined;
  divisions: Divisions;
  clock: Clock;
  /**
   * Positions of the rows of a stream that the hub's current records were read from: for sources that compare. Undefined while the store
   * does not tell yet what was handed out before. Absent: none.
   */
  heldRows?(stream: string): Promise<ReadonlySet<number> | undefined>;
}

/** The write side of a live connector; undefined when it has none or a secret of it is missing (then its deliveries wait). */
export function openTarget(connector: Connector, parts: ConnectionParts): TargetChannel | undefined {
  const { delivery, mode, secrets } = connector.manifest;
  if (mode !== 'live' || delivery === undefined) return undefined;
  if (missingSecrets(connector, Object.fromEntries(secrets.map((name) => [name, parts.secret(name)]))).length > 0) return undefined;
  switch (delivery.protocol) {
    case 'rest-sync':
      return new RestSyncClient(connector, delivery, parts);
    case 'rest-call':
      return new RestCallTarget(connector, delivery, parts);
    case 'sql-table':
      return new SqlTableTarget(connector, delivery, parts);
    case 'webhook':
      return new WebhookSender(connector, delivery, parts);
    case 'file-drop':
      return new FileDrop(delivery, dropRows(connector, delivery), openRemoteFolder(connector, delivery, (name) => parts.secret(name), 'target'));
    case 'workbook-download':
      return new WorkbookDownload();
    case 'soap':
      return new SoapTarget(connector, delivery, parts);
  }
}
