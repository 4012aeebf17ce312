import type { EntityManager } from 'typeorm';
import type { Clock } from '#libs/kernel/clock';
import { SnapshotFileEntity } from './entities.js';

/** Rows of one file by what became of them; they balance: read = accepted + superseded + void + dead. */
export interface RowCounts {
  read: number;
  accepted: number;
  superseded: number;
  void: number;
  dead: number;
}

export interface OfferedFile {
  /** SHA-256 of its bytes, hex: the same name with new content is a new file. */
  digest: string;
  system: string;
  name: string;
  bytes: number;
}

/** Every snapshot file offered, by the digest of its bytes. */
export class SnapshotFileStore {
  constructor(private readonly clock: Clock) {}

  find(manager: EntityManager, digest: string): Promise<SnapshotFileEntity | null> {
    return manager.findOneBy(SnapshotFileEntity, { digest });
  }

  list(manager: EntityManager, system?: string): Promise<SnapshotFileEntity[]> {
    return manager.find(SnapshotFileEntity, { where: system ? { system } : {}, order: { startedAt: 'ASC', digest: 'ASC' } });
  }

  /** Marks the file as being read; its counts begin again. A file read before may be read again: effects are kept single elsewhere. */
  async begin(manager: EntityManager, file: OfferedFile): Promise<void> {
    await this.save(manager, file, 'reading', { read: 0, accepted: 0, superseded: 0, void: 0, dead: 0 }, null);
  }

  /** `reason`: it was read, and why what it misses was not withdrawn. */
  async finish(manager: EntityManager, file: OfferedFile, counts: RowCounts, reason: string | null = null): Promise<void> {
    await this.save(manager, file, 'read', counts, reason);
  }

  /** Not read as a whole: schema drift, a missing or wrong manifest. */
  async refuse(manager: EntityManager, file: OfferedFile, reason: string): Promise<void> {
    await this.save(manager, file, 'refused', { read: 0, accepted: 0, superseded: 0, void: 0, dead: 0 }, reason);
  }

  private async save(manager: EntityManager, file: OfferedFile, state: SnapshotFileEntity['state'], c: RowCounts, reason: string | null): Promise<void> {
    const now = new Date(this.clock.now());
    const row = {
      ...file, bytes: String(file.bytes), state, reason, endedAt: state === 'reading' ? null : now,
      rowsRead: String(c.read), rowsAccepted: String(c.accepted), rowsSuperseded: String(c.superseded), rowsVoid: String(c.void), rowsDead: String(c.dead),
    };
    const changed = await manager.update(SnapshotFileEntity, { digest: file.digest }, state === 'reading' ? { ...row, startedAt: now } : row);
    if (changed.affected === 0) await manager.upsert(SnapshotFileEntity, { ...row, startedAt: now }, ['digest']);
  }
}
