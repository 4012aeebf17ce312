import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Account } from '#libs/access/account';
import { ask, Refused, whenSignedOut } from './api/hub-api.js';
import { codeOf } from './shell/route.js';

type State = { state: 'asking' } | { state: 'out'; why?: Refused | 'ended' } | { state: 'in'; account: Account };
type Session = State & {
  /** Throws Refused. */
  signIn(username: string, password: string): Promise<void>;
  signOut(): Promise<void>;
};

const SessionContext = createContext<Session | undefined>(undefined);

/** Who is signed in. A sign-in link's code is used at once and taken out of the address, so that no history keeps it. */
export function SessionProvider({ children }: { children: ReactNode }): ReactNode {
  const [state, setState] = useState<State>({ state: 'asking' });
  useEffect(() => {
    whenSignedOut(() => setState((s) => (s.state === 'in' ? { state: 'out', why: 'ended' } : s)));
    void begin().then(setState);
    // A link pasted into a page that is open already changes the fragment alone.
    const pasted = (): void => { if (codeOf(window.location.hash) !== undefined) void begin().then(setState); };
    window.addEventListener('hashchange', pasted);
    return () => window.removeEventListener('hashchange', pasted);
  }, []);
  const signIn = useCallback(async (username: string, password: string) => {
    const { account } = await ask<{ account: Account }>('POST', '/login', { username, password });
    setState({ state: 'in', account });
  }, []);
  const signOut = useCallback(async () => {
    await ask('POST', '/logout').catch(() => undefined);
    setState({ state: 'out' });
  }, []);
  return <SessionContext value={useMemo(() => ({ ...state, signIn, signOut }), [state, signIn, signOut])}>{children}</SessionContext>;
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
    window.history.replaceState(null, '', window.location.pathname);
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
