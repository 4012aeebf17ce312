import type { Clock } from '#libs/kernel/clock';

export type HealthState = 'up' | 'degraded' | 'down';

export interface HealthCheck {
  state: HealthState;
  /** Why, in a sentence without personal values. */
  reason?: string;
}

export interface HealthReport {
  state: HealthState;
  checks: Record<string, HealthCheck>;
}

const LIMIT_MS = 3000;

/** Health of the process: each part registers a check; the worst state is the state of all. A check that hangs is down. */
export class Health {
  private readonly checks = new Map<string, () => Promise<HealthCheck>>();

  register(name: string, check: () => Promise<HealthCheck>): void {
    this.checks.set(name, check);
  }

  async report(): Promise<HealthReport> {
    const entries = await Promise.all([...this.checks].map(async ([name, check]) => [name, await limited(check)] as const));
    const states = entries.map(([, c]) => c.state);
    const state = states.includes('down') ? 'down' : states.includes('degraded') ? 'degraded' : 'up';
    return { state, checks: Object.fromEntries(entries) };
  }
}

/**
 * Liveness by progress, not by connection: a flow says `progressed` whenever it moves or has nothing to do; it is down when
 * it has said neither for `limitMs`.
 */
export class Progress {
  private last: number;

  constructor(private readonly clock: Clock, private readonly limitMs: number) {
    this.last = clock.now();
  }

  progressed(): void {
    this.last = this.clock.now();
  }

  check(): HealthCheck {
    const still = this.clock.now() - this.last;
    return still <= this.limitMs ? { state: 'up' } : { state: 'down', reason: `no progress for ${Math.round(still / 1000)} s` };
  }
}

async function limited(check: () => Promise<HealthCheck>): Promise<HealthCheck> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<HealthCheck>((resolve) => {
    timer = setTimeout(() => resolve({ state: 'down', reason: `no answer within ${LIMIT_MS / 1000} s` }), LIMIT_MS);
  });
  try {
    return await Promise.race([check(), late]);
  } catch {
    return { state: 'down', reason: 'the check failed' };
  } finally {
    clearTimeout(timer);
  }
}
