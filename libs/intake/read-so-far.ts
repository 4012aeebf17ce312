import type { Log } from '#libs/bus/log';
import { RESOLUTION_GROUP, TOPIC } from '#libs/model/events';

/** Whether resolution has read every record that stood on the log when this was first asked. */
export class ReadSoFar {
  /** Where each partition ended then. */
  private ends: ReadonlyMap<number, bigint> | undefined;

  constructor(private readonly log: Pick<Log, 'positions'>) {}

  async isReached(): Promise<boolean> {
    const positions = await this.log.positions(RESOLUTION_GROUP, [TOPIC.sourceRecordAccepted]);
    this.ends ??= new Map(positions.map((p) => [p.partition, BigInt(p.end)]));
    return positions.every((p) => BigInt(p.committed) >= (this.ends!.get(p.partition) ?? 0n));
  }
}
