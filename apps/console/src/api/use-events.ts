import { useEffect, useState } from 'react';
import { ask, Refused } from './hub-api.js';
import { isReached, useReach } from './reach.js';

/** `live` states come in; `connecting` none came yet; `lost` the hub does not answer, it is tried again by itself. */
export type Liveness = 'connecting' | 'live' | 'lost';

const TRY_AGAIN_MS = 3000;

/**
 * The newest state of a stream of server-sent events, each a whole state. A hidden page watches nothing: a browser has six
 * connections a host, and ten forgotten tabs would hold them all.
 */
export function useEvents<T>(path: string, event: string): { state: T | undefined; liveness: Liveness; refused?: Refused } {
  const [state, setState] = useState<T>();
  const [liveness, setLiveness] = useState<Liveness>('connecting');
  const [refused, setRefused] = useState<Refused>();
  const { returns } = useReach();
  useEffect(() => {
    let source: EventSource | undefined;
    let timer: number | undefined;
    const close = (): void => {
      source?.close();
      source = undefined;
      window.clearTimeout(timer);
    };
    const open = (): void => {
      close();
      if (document.hidden) return;
      source = new EventSource(path);
      source.addEventListener(event, (message) => {
        setState(JSON.parse((message as MessageEvent<string>).data) as T);
        setLiveness('live');
        setRefused(undefined);
      });
      source.onopen = () => setLiveness('live');
      source.onerror = () => {
        // The browser connects again by itself after an ended stream, which each is after a while; after a refusal it does not.
        if (source?.readyState !== EventSource.CLOSED) return void isReached().then((reached) => { if (!reached) setLiveness('lost'); });
        void whyClosed(path.replace(/\/events$/, '')).then((why) => {
          if (why !== undefined) return setRefused(why);
          setLiveness('lost');
          timer = window.setTimeout(open, TRY_AGAIN_MS);
        });
      };
    };
    open();
    document.addEventListener('visibilitychange', open);
    return () => {
      document.removeEventListener('visibilitychange', open);
      close();
    };
  }, [path, event, returns]);
  return { state, liveness, ...(refused && { refused }) };
}

/** A refusal that trying again does not change; undefined for a hub that is away, and for a session that ended: it may be begun anew. */
async function whyClosed(path: string): Promise<Refused | undefined> {
  try {
    await ask('GET', path);
    return undefined;
  } catch (error) {
    return error instanceof Refused && error.problem.status >= 400 && error.problem.status < 500 && error.problem.status !== 401 ? error : undefined;
  }
}
