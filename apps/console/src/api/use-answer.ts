import { useEffect, useState } from 'react';
import { ask, Refused } from './hub-api.js';

export interface Answer<T> {
  data?: T;
  refused?: Refused;
  loading: boolean;
  again(): void;
}

/** GETs a path when the component appears; `undefined` waits. A late answer to an earlier path is dropped. */
export function useAnswer<T>(path: string | undefined): Answer<T> {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<{ path?: string; data?: T; refused?: Refused }>({});
  useEffect(() => {
    if (path === undefined) return undefined;
    const stop = new AbortController();
    ask<T>('GET', path, undefined, { signal: stop.signal })
      .then((data) => setState({ path, data }))
      .catch((error: unknown) => { if (error instanceof Refused) setState({ path, refused: error }); });
    return () => stop.abort();
  }, [path, turn]);
  const current = state.path === path ? state : {};
  return { ...current, loading: path !== undefined && current.data === undefined && current.refused === undefined, again: () => { setState({}); setTurn((n) => n + 1); } };
}
