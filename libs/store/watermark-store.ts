import type { EntityManager } from 'typeorm';
import type { Clock } from '#libs/kernel/clock';
import { WatermarkEntity } from './entities.js';

/** How far each channel of each source is read. Move it only after the log has acknowledged what was read. */
export class WatermarkStore {
  constructor(private readonly clock: Clock) {}

  /** The position last moved to; undefined when the channel was never read. */
  async find<P extends object>(manager: EntityManager, system: string, channel: string): Promise<P | undefined> {
    const row = await manager.findOneBy(WatermarkEntity, { system, channel });
    return row?.position as P | undefined;
  }

  /** The positions of all channels of a system, by channel. */
  async list<P extends object>(manager: EntityManager, system: string): Promise<Map<string, P>> {
    const rows = await manager.findBy(WatermarkEntity, { system });
    return new Map(rows.map((row) => [row.channel, row.position as P]));
  }

  async move(manager: EntityManager, system: string, channel: string, position: object): Promise<void> {
    await manager.upsert(WatermarkEntity, { system, channel, position, movedAt: new Date(this.clock.now()) }, ['system', 'channel']);
  }
}
