import { useEffect, useState } from 'react';
import { ask, Refused } from './hub-api.js';
import { useReach } from './reach.js';

export interface Answer<T> {
  data?: T;
  refused?: Refused;
  loading: boolean;
  again(): void;
}

/**
 * GETs a path when the component appears, and again after the hub or the session came back; `undefined` waits. A late answer to an
 * earlier path is dropped. What is shown stays while the hub is away or the session has ended: other parts of the page say so.
 */
export function useAnswer<T>(path: string | undefined): Answer<T> {
  const [turn, setTurn] = useState(0);
  const { returns } = useReach();
  const [state, setState] = useState<{ path?: string; data?: T; refused?: Refused }>({});
  useEffect(() => {
    if (path === undefined) return undefined;
    const stop = new AbortController();
    ask<T>('GET', path, undefined, { signal: stop.signal })
      .then((data) => setState({ path, data }))
      .catch((error: unknown) => {
        if (!(error instanceof Refused) || error.problem.status === 401) return;
        setState((shown) => (error.problem.status === 0 && shown.path === path && shown.data !== undefined ? shown : { path, refused: error }));
      });
    return () => stop.abort();
  }, [path, turn, returns]);
  const current = state.path === path ? state : {};
  return { ...current, loading: path !== undefined && current.data === undefined && current.refused === undefined, again: () => { setState({}); setTurn((n) => n + 1); } };
}
