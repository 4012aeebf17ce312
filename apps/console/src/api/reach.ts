import { useSyncExternalStore } from 'react';

/** `away` while the hub does not answer. `returns` counts how often it came back, or somebody signed in anew: what failed meanwhile is asked again. */
interface Reach { away: boolean; returns: number }

const TRY_AGAIN_MS = 2000;

let reach: Reach = { away: false, returns: 0 };
const listeners = new Set<() => void>();
let asking: Promise<boolean> | undefined;

function become(next: Reach): void {
  reach = next;
  for (const listener of listeners) listener();
}

/** A request did not reach the hub: from now on it is asked by itself whether it is back. */
export function noteUnreached(): void {
  if (reach.away) return;
  become({ ...reach, away: true });
  window.setTimeout(() => void waitForHub(), TRY_AGAIN_MS);
}

/** The hub is back, or the session is: everything that shows its state asks again. */
export function noteReturn(): void {
  become({ away: false, returns: reach.returns + 1 });
}

/** Whether the hub answers now; a hub that does not is noted. One question at a time. */
export function isReached(): Promise<boolean> {
  asking ??= fetch('/session', { credentials: 'same-origin' }).then((answer) => answer.status < 500, () => false).finally(() => { asking = undefined; });
  return asking.then((reached) => {
    if (!reached) noteUnreached();
    return reached;
  });
}

async function waitForHub(): Promise<void> {
  if (await isReached()) noteReturn();
  else window.setTimeout(() => void waitForHub(), TRY_AGAIN_MS);
}

export function useReach(): Reach {
  return useSyncExternalStore(subscribe, () => reach);
}

/** Calls after each return. */
export function whenReturned(work: () => void): () => void {
  let seen = reach.returns;
  return subscribe(() => {
    if (reach.returns === seen) return;
    seen = reach.returns;
    work();
  });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
