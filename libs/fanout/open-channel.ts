import type { Clock } from '#libs/kernel/clock';
import { missingSecrets, type Connector } from '#libs/connector-sdk/connector';
import { RestSyncClient } from '#libs/connector-sdk/protocols/rest-sync';
import { TicketFileDrop } from '#libs/connector-sdk/protocols/ticket-file';
import type { Divisions } from '#libs/values/divisions';
import type { ItemAnswer, OutgoingItem, TargetChannel } from './target-channel.js';

/** One file a ticket, so that one unreadable ticket holds up no other. */
const TICKETS_A_CALL = 50;

export interface ChannelParts {
  /** A secret by the name its folder gives it. */
  secret(name: string): string | undefined;
  divisions: Divisions;
  clock: Clock;
}

/** The write side of a live connector; undefined when it has none or a secret of it is missing (then its deliveries wait). */
export function openChannel(connector: Connector, parts: ChannelParts): TargetChannel | undefined {
  const { delivery, mode, secrets } = connector.manifest;
  if (mode !== 'live' || delivery === undefined) return undefined;
  if (missingSecrets(connector, Object.fromEntries(secrets.map((name) => [name, parts.secret(name)]))).length > 0) return undefined;
  switch (delivery.protocol) {
    case 'rest-sync':
      return new RestSyncClient(connector, delivery, { url: parts.secret(delivery.urlSecret) ?? '', secret: parts.secret(delivery.secret) ?? '' }, parts.divisions, parts.clock);
    case 'ticket-file':
      return new TicketChannel(new TicketFileDrop(delivery, parts.secret(delivery.folderSecret) ?? ''));
    case 'none-yet':
      return undefined;
  }
}

class TicketChannel implements TargetChannel {
  readonly maxItems = TICKETS_A_CALL;

  constructor(private readonly drop: TicketFileDrop) {}

  async write(items: readonly OutgoingItem[]): Promise<ItemAnswer[]> {
    const answers: ItemAnswer[] = [];
    for (const item of items) answers.push({ outcome: 'accepted', file: await this.drop.write(item.ref, item.rows ?? [], item.plannedAt) });
    return answers;
  }

  takenAway(file: string): Promise<boolean> {
    return this.drop.takenAway(file);
  }
}
