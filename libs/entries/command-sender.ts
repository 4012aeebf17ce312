import type { Command } from '#libs/model/events';
import type { RecordKey } from '#libs/kernel/record-key';
import { recordRef } from '#libs/store/source-record-codec';
import type { Sealing } from '#libs/platform/sealing';

/** Publishes on yici.command.v1; resolves when the log has acknowledged. `key` decides the partition. */
export type PublishCommand = (key: string, command: Command) => Promise<void>;

/** Sends commands, keyed by the blind index of the first record they name, so that what concerns one record keeps its order. */
export class CommandSender {
  constructor(
    private readonly publish: PublishCommand,
    private readonly sealing: Sealing,
  ) {}

  async send(command: Command): Promise<void> {
    await this.publish(this.keyOf(command), command);
  }

  private keyOf(command: Command): string {
    switch (command.kind) {
      case 'entry':
        return this.refOf(command.linkTo ?? `${command.record.system}:${command.record.recordType}:${command.record.naturalKey}`);
      case 'link':
      case 'noLink':
        return this.refOf(command.records[0]!);
      case 'revoke':
        return command.revokes;
      case 'replay':
        return command.deadLetterId;
    }
  }

  private refOf(key: RecordKey): string {
    return recordRef(this.sealing, key).toString('hex');
  }
}
