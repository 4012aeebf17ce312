import { useSyncExternalStore } from 'react';
import { hashOf, readRoute, type Route } from './route.js';

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
}

/** The route of the address as it stands. */
export function useRoute(): Route {
  return readRoute(useSyncExternalStore(subscribe, () => window.location.hash));
}

/** Goes to a page; `replace` leaves no step to come back to. */
export function go(route: Route, replace = false): void {
  if (replace) window.location.replace(hashOf(route));
  else window.location.hash = hashOf(route);
}
