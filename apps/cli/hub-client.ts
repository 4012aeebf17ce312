import { YiciError } from '#libs/kernel/errors';

/** The HTTP API of a running hub, as one account. */
export class HubClient {
  private constructor(private readonly url: string, private readonly token: string) {}

  /** Signs in. Throws YICI_LOGIN_REFUSED. */
  static async signIn(url: string, username: string, password: string): Promise<HubClient> {
    const { token } = await ask<{ token: string }>(url, 'POST', '/login', { username, password, bearer: true });
    return new HubClient(url, token);
  }

  get<T>(path: string): Promise<T> {
    return ask<T>(this.url, 'GET', path, undefined, this.token);
  }

  post<T>(path: string, body: object = {}): Promise<T> {
    return ask<T>(this.url, 'POST', path, body, this.token);
  }
}

async function ask<T>(url: string, method: string, path: string, body?: object, token?: string): Promise<T> {
  const answer = await fetch(url + path, {
    method, headers: { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) }, ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  const problem = readProblem(text);
  throw new YiciError({
    code: problem.code ?? 'YICI_HUB_REFUSED', stage: 'serving', message: problem.message ?? `The hub answers ${answer.status} to ${method} ${path}.`,
    ...(problem.fix !== undefined && { fix: problem.fix }),
  });
}

function readProblem(text: string): { code?: string; message?: string; fix?: string } {
  try {
    return JSON.parse(text) as { code?: string; message?: string; fix?: string };
  } catch {
    return {};
  }
}
