import type { Clock } from '#libs/kernel/clock';
import { uuidv7 } from '#libs/kernel/ids';
import type { Command } from '#libs/model/events';
import type { RecordKey } from '#libs/kernel/record-key';
import { recordRef } from '#libs/store/source-record-codec';
import type { Sealing } from '#libs/platform/sealing';

/** A command on its way: `key` decides the partition, `id` is the same whenever the same command is sent again. */
export interface CommandMessage {
  key: string;
  id: string;
  command: Command;
}

/** Publishes on yici.command.v1; resolves when the log has acknowledged. */
export type PublishCommand = (message: CommandMessage) => Promise<void>;

/** Sends commands, keyed by the blind index of the first record they name, so that what concerns one record keeps its order. */
export class CommandSender {
  constructor(
    private readonly publish: PublishCommand,
    private readonly sealing: Sealing,
    private readonly clock: Clock,
  ) {}

  async send(command: Command): Promise<void> {
    await this.publish({ key: this.keyOf(command), id: this.idOf(command), command });
  }

  private keyOf(command: Command): string {
    switch (command.kind) {
      case 'entry':
        return this.refOf(command.linkTo ?? `${command.record.system}:${command.record.recordType}:${command.record.naturalKey}`);
      case 'settlement':
        return this.refOf(command.linkTo);
      case 'link':
      case 'noLink':
        return this.refOf(command.records[0]!);
      case 'revoke':
        return command.revokes;
      case 'replay':
        return command.deadLetterId;
    }
  }

  private idOf(command: Command): string {
    switch (command.kind) {
      case 'entry':
        return command.entryId;
      case 'settlement':
        return command.disputeId;
      case 'replay':
        // Asked for again, it is to be done again: the first replay may have failed.
        return `replay-${uuidv7(this.clock.now())}`;
      default:
        return command.decisionId;
    }
  }

  private refOf(key: RecordKey): string {
    return recordRef(this.sealing, key).toString('hex');
  }
}
