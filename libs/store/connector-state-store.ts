import type { EntityManager } from 'typeorm';
import type { Clock } from '#libs/kernel/clock';
import { ConnectorStateEntity } from './entities.js';

/** Whether each connector runs, and why not. */
export class ConnectorStateStore {
  constructor(private readonly clock: Clock) {}

  /** `reason` and `code` say why a connector is stopped (schema drift) or disabled (missing secret, dead host). */
  async set(manager: EntityManager, system: string, state: ConnectorStateEntity['state'], why?: { code: string; reason: string }): Promise<void> {
    const changedAt = new Date(this.clock.now());
    await manager.upsert(ConnectorStateEntity, { system, state, code: why?.code ?? null, reason: why?.reason ?? null, changedAt }, ['system']);
  }

  list(manager: EntityManager): Promise<ConnectorStateEntity[]> {
    return manager.find(ConnectorStateEntity, { order: { system: 'ASC' } });
  }
}
