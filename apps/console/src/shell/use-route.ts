import { useSyncExternalStore } from 'react';
import { codeOf, hashOf, readRoute, type Route } from './route.js';

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
}

let kept = '';

/** The fragment without regard to a sign-in link that was pasted over it: whoever signs in anew goes on where they were. */
export function keptHash(): string {
  if (codeOf(window.location.hash) === undefined) kept = window.location.hash;
  return kept;
}

/** The route of the address as it stands. */
export function useRoute(): Route {
  return readRoute(useSyncExternalStore(subscribe, keptHash));
}

/** Goes to a page; `replace` leaves no step to come back to. */
export function go(route: Route, replace = false): void {
  if (replace) window.location.replace(hashOf(route));
  else window.location.hash = hashOf(route);
}
