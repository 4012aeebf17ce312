/** How a light burns: `done` it has reached the system, `open` it is on its way, `closed` it does not concern it, `failed` it was refused. */
export type Light = 'done' | 'open' | 'closed' | 'failed';

const LIGHTS: Readonly<Record<string, Light>> = {
  written: 'done', pickedUp: 'done', confirmed: 'done', waiting: 'open', notShared: 'closed', noRecord: 'closed', rejected: 'failed',
};

/** The light of a receipt state; one that this page does not know yet is still on its way. */
export function lightOf(state: string): Light {
  return LIGHTS[state] ?? 'open';
}

export function sumOf(states: readonly string[]): Record<Light, number> {
  const sum: Record<Light, number> = { done: 0, open: 0, closed: 0, failed: 0 };
  for (const state of states) sum[lightOf(state)] += 1;
  return sum;
}
