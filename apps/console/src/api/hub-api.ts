import type { FieldFault } from '#libs/access/request-refused';
import { noteUnreached } from './reach.js';

/** What the hub says when it refuses: RFC 9457 with its own code, sentence and fix. */
export interface Problem {
  status: number;
  code: string;
  message: string;
  fix?: string;
  errors?: FieldFault[];
}

/** A request the hub refused or that never reached it (`code` YICI_CONSOLE_UNREACHED). */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}

type SignedOut = () => void;
let onSignedOut: SignedOut = () => undefined;

/** Calls when any request finds that the session has ended. */
export function whenSignedOut(work: SignedOut): void {
  onSignedOut = work;
}

/** Asks the hub on this page's own origin; the session cookie goes along by itself. Throws Refused. */
export async function ask<T>(method: 'GET' | 'POST', path: string, body?: unknown, options: { headers?: Record<string, string>; signal?: AbortSignal } = {}): Promise<T> {
  const answer = await fetch(path, {
    method, credentials: 'same-origin', signal: options.signal ?? null,
    headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }), ...options.headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw unreached();
  });
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  const problem = await problemOf(answer);
  // What a proxy says when there is no hub behind it.
  if (GATEWAY.has(answer.status) && problem.message === '') throw unreached();
  if (problem.status === 401 && !path.startsWith('/login') && path !== '/session') onSignedOut();
  throw new Refused(problem);
}

const GATEWAY = new Set([502, 503, 504]);

function unreached(): Refused {
  noteUnreached();
  return new Refused({ status: 0, code: 'YICI_CONSOLE_UNREACHED', message: '' });
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const problem = (await answer.json()) as Problem;
    if (typeof problem.code === 'string') return { ...problem, status: answer.status };
  } catch {
    // A proxy in between may answer with a page of its own.
  }
  return { status: answer.status, code: `YICI_HTTP_${answer.status}`, message: '' };
}
