import type { Clock } from '#libs/kernel/clock';
import type { Divisions } from '#libs/values/divisions';
import { missingSecrets, type Connector } from './connector.js';
import { RestSyncClient } from './protocols/rest-sync.js';
import { TicketFileDrop } from './protocols/ticket-file.js';
import type { TargetChannel } from './target-channel.js';

/** What both sides of a connection are opened with. */
export interface ConnectionParts {
  /** A secret by the name its folder gives it; undefined when the environment lacks it. */
  secret(name: string): string | undefined;
  divisions: Divisions;
  clock: Clock;
}

/** The write side of a live connector; undefined when it has none or a secret of it is missing (then its deliveries wait). */
export function openTarget(connector: Connector, parts: ConnectionParts): TargetChannel | undefined {
  const { delivery, mode, secrets } = connector.manifest;
  if (mode !== 'live' || delivery === undefined) return undefined;
  if (missingSecrets(connector, Object.fromEntries(secrets.map((name) => [name, parts.secret(name)]))).length > 0) return undefined;
  const secret = (name: string): string => parts.secret(name) ?? '';
  switch (delivery.protocol) {
    case 'rest-sync':
      return new RestSyncClient(connector, delivery, { url: secret(delivery.urlSecret), secret: secret(delivery.secret) }, parts.divisions, parts.clock);
    case 'ticket-file':
      return new TicketFileDrop(delivery, secret(delivery.folderSecret));
    case 'none-yet':
      return undefined;
  }
}
