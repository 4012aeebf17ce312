import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Account } from '#libs/access/account';
import { ask, Refused, whenSignedOut } from './api/hub-api.js';
import { noteReturn, whenReturned } from './api/reach.js';
import { codeOf } from './shell/route.js';
import { keptHash } from './shell/use-route.js';

/** `ended`: the session is over while somebody works; the page and what was typed into it stay until they sign in anew. */
type State = { state: 'asking' } | { state: 'out'; why?: Refused } | { state: 'in'; account: Account; ended?: boolean };
type Session = State & {
  /** Throws Refused. */
  signIn(username: string, password: string): Promise<void>;
  signOut(): Promise<void>;
  /** Looks whether the session is there again: another tab may have signed in. */
  look(): Promise<void>;
};

const SessionContext = createContext<Session | undefined>(undefined);

/** Who is signed in. A sign-in link's code is used at once and taken out of the address, so that no history keeps it. */
export function SessionProvider({ children }: { children: ReactNode }): ReactNode {
  const [state, setState] = useState<State>({ state: 'asking' });
  useEffect(() => {
    whenSignedOut(() => setState((s) => (s.state === 'in' ? { ...s, ended: true } : s)));
    void begin().then(setState);
    // A hub that was away at first, and the same account again after its session ended.
    const stop = whenReturned(() => setState((s) => { if (s.state === 'out' && s.why?.problem.status === 0) void begin().then(setState); return s; }));
    // A link pasted into a page that is open already changes the fragment alone.
    const pasted = (): void => { if (codeOf(window.location.hash) !== undefined) void begin().then((next) => { setState(next); if (next.state === 'in') noteReturn(); }); };
    window.addEventListener('hashchange', pasted);
    return () => { stop(); window.removeEventListener('hashchange', pasted); };
  }, []);
  const signIn = useCallback(async (username: string, password: string) => {
    const { account } = await ask<{ account: Account }>('POST', '/login', { username, password });
    setState({ state: 'in', account });
    noteReturn();
  }, []);
  const signOut = useCallback(async () => {
    await ask('POST', '/logout').catch(() => undefined);
    setState({ state: 'out' });
  }, []);
  const look = useCallback(async () => {
    const known = await signedIn();
    if (known.state !== 'in') return;
    setState(known);
    noteReturn();
  }, []);
  return <SessionContext value={useMemo(() => ({ ...state, signIn, signOut, look }), [state, signIn, signOut, look])}>{children}</SessionContext>;
}

export function useSession(): Session {
  return use(SessionContext)!;
}

let running: Promise<State> | undefined;

/** One at a time: React shows effects twice while developing, and a code works once. */
function begin(): Promise<State> {
  running ??= decide().finally(() => { running = undefined; });
  return running;
}

async function decide(): Promise<State> {
  const code = codeOf(window.location.hash);
  if (code !== undefined) {
    window.history.replaceState(null, '', window.location.pathname + keptHash());
    try {
      return { state: 'in', account: (await ask<{ account: Account }>('POST', '/login/one-time', { code })).account };
    } catch (error) {
      // Whoever is signed in already stays so, with whatever link.
      const known = await signedIn();
      return known.state === 'in' ? known : { state: 'out', why: error as Refused };
    }
  }
  return signedIn();
}

async function signedIn(): Promise<State> {
  try {
    return { state: 'in', account: await ask<Account>('GET', '/session') };
  } catch (error) {
    return error instanceof Refused && error.problem.status !== 401 ? { state: 'out', why: error } : { state: 'out' };
  }
}
