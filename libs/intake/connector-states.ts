import type { EntityManager } from 'typeorm';
import type { Clock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import type { HealthCheck } from '#libs/platform/health';
import type { Logger } from '#libs/platform/logger';
import type { Metrics } from '#libs/platform/metrics';
import { ConnectorStateStore } from '#libs/store/connector-state-store';

/** The ways a system is read; each may be in trouble on its own. A live system may be read in several ways: pushed, and asked for the rest. */
export type Side = 'snapshot' | 'live' | `live.${string}`;

export interface Trouble {
  /** `stopped`: what it sends is not what was agreed; `disabled`: it cannot be reached or was not configured; `running`: only to be known (a file is not whole yet). */
  state: 'stopped' | 'disabled' | 'running';
  code: string;
  reason: string;
  /** Chosen by who runs the hub (a secret left out): shown, but no alarm. */
  chosen?: boolean;
}

/** Faults of a whole file or table that stop its connector until something sound arrives. */
const STOPS = new Set(['YICI_SNAPSHOT_SCHEMA_DRIFT', 'YICI_SNAPSHOT_UNREADABLE']);
const LIVE_DRIFT = 'YICI_LIVE_SCHEMA_DRIFT';
const RUNNING = 'running';
/** Troubles of the live sides, of files that are fetched or uploaded, and of whole tables: their readers know them by themselves after a restart. */
const KNOWN_ANEW = /^YICI_(LIVE|FILE)_|^YICI_SOURCE_SHRUNK$/;

/** Whether a refused file stops its connector; an incomplete one is only waited for. */
export function stopsConnector(code: string): boolean {
  return STOPS.has(code);
}

/** The trouble that an error of reading a live system is. */
export function liveTrouble(error: YiciError): Trouble {
  if (stopsConnector(error.code)) return { state: 'stopped', code: LIVE_DRIFT, reason: error.message };
  return { state: 'disabled', code: error.code, reason: error.message };
}

/**
 * Which connectors run. A change of state is written down, logged as an alarm and shown by the metric and by health; one
 * connector's trouble is no other's.
 */
export class ConnectorStates {
  private readonly troubles = new Map<string, Partial<Record<Side, Trouble>>>();
  private readonly shown = new Map<string, string>();
  private readonly store: ConnectorStateStore;
  private readonly up;
  /** Changes of state are written one after the other. */
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly manager: EntityManager, clock: Clock, private readonly logger: Logger, metrics: Metrics) {
    this.store = new ConnectorStateStore(clock);
    this.up = metrics.gauge('yici_intake_connector_up', 'Whether the connector runs: 1, or 0 when it is stopped or disabled.', ['system']);
  }

  /** What stopped before this process began stays stopped until a sound file arrives; a live side shows itself anew. */
  async recall(): Promise<void> {
    for (const { system, state, code, reason } of await this.store.list(this.manager)) {
      this.shown.set(system, `${state} ${code ?? ''} ${reason ?? ''}`);
      this.up.set({ system }, state === RUNNING ? 1 : 0);
      if (state === 'stopped' && !KNOWN_ANEW.test(code ?? '')) this.troubles.set(system, { snapshot: { state, code: code ?? '', reason: reason ?? '' } });
    }
  }

  /** One side of a connector works, or has this trouble. */
  report(system: string, side: Side, trouble?: Trouble): Promise<void> {
    const sides = { ...this.troubles.get(system) };
    if (trouble === undefined) delete sides[side];
    else sides[side] = trouble;
    this.troubles.set(system, sides);
    const done = this.last.then(() => this.show(system));
    this.last = done.catch(() => undefined);
    return done;
  }

  /** Degraded while a connector is in trouble that nobody chose; the others go on. */
  health(): Promise<HealthCheck> {
    const systems = [...this.troubles].filter(([, sides]) => Object.values(sides).some((t) => t !== undefined && t.chosen !== true && t.state !== RUNNING)).map(([system]) => system);
    return Promise.resolve(systems.length === 0 ? { state: 'up' } : { state: 'degraded', reason: `not reading ${systems.sort().join(', ')}` });
  }

  private async show(system: string): Promise<void> {
    const { snapshot, ...sides } = this.troubles.get(system) ?? {};
    const live = Object.values(sides).filter((t) => t !== undefined);
    const worst = [snapshot, ...live].find((t) => t?.state === 'stopped') ?? [...live, snapshot].find((t) => t?.state === 'disabled') ?? live[0] ?? snapshot;
    const state = worst?.state ?? RUNNING;
    const text = `${state} ${worst?.code ?? ''} ${worst?.reason ?? ''}`;
    if (this.shown.get(system) === text) return;
    await this.store.set(this.manager, system, state, worst && { code: worst.code, reason: worst.reason });
    const before = this.shown.get(system);
    this.shown.set(system, text);
    this.up.set({ system }, state === RUNNING ? 1 : 0);
    if (worst === undefined) {
      if (before !== undefined) this.logger.info('intake.connectorRuns', { system });
    } else if (worst.state === RUNNING) this.logger.info('intake.connectorWaits', { system, code: worst.code, reason: worst.reason });
    else if (worst.chosen === true) this.logger.warn('intake.connectorDisabled', { system, code: worst.code, reason: worst.reason });
    else this.logger.error(worst.state === 'stopped' ? 'intake.connectorStopped' : 'intake.connectorDisabled', { system, code: worst.code, reason: worst.reason });
  }
}
