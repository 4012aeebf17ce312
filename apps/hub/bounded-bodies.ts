import type { NextFunction, Request, Response } from 'express';

export interface BodyBounds {
  bytes: number;
  /** For the whole body. */
  milliseconds: number;
}

/**
 * How long a refused sender may read the answer before its connection is cut, and how much of what is still on its way is read and
 * thrown away: a connection closed over unread bytes is reset, and a reset may overtake the answer.
 */
const LAST_WORD_MS = 1000;
const LAST_BYTES = 4 * 2 ** 20;

/**
 * Refuses a body that is too large or too slow while it comes, and cuts its connection. The body parser alone would read a body without a
 * length to its end before it says 413; Node's own time limit is looked at every half minute only.
 */
export function boundBodies({ bytes, milliseconds }: BodyBounds, concerns: (request: Request) => boolean) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (!concerns(request)) return next();
    const refuse = (status: 408 | 413): void => {
      clearTimeout(timer);
      for (const event of ['data', 'end']) request.removeAllListeners(event);
      throwAway(request);
      if (!response.headersSent) answer(response, status);
      setTimeout(() => request.destroy(), LAST_WORD_MS).unref();
    };
    const timer = setTimeout(() => refuse(408), milliseconds);
    for (const event of ['end', 'close']) request.once(event, () => clearTimeout(timer));
    if (Number(request.headers['content-length'] ?? 0) > bytes) return refuse(413);
    let received = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > bytes) refuse(413);
    });
    next();
  };
}

function throwAway(request: Request): void {
  let thrown = 0;
  request.on('data', (chunk: Buffer) => {
    thrown += chunk.length;
    if (thrown > LAST_BYTES) request.pause();
  });
  request.resume();
}

const PROBLEMS = {
  408: { code: 'YICI_PUSH_TOO_SLOW', message: 'The body of the request did not come in time; nothing of it was taken.', fix: 'Send the same again, in smaller parts where the line is slow.' },
  413: { code: 'YICI_PUSH_TOO_LARGE', message: 'The request is larger than the hub accepts; nothing of it was taken.', fix: 'Send it in smaller parts.' },
};

/** Says it whole, but does not end: Node closes such a connection at the end of the answer, whatever is still unread. */
function answer(response: Response, status: 408 | 413): void {
  const problem = PROBLEMS[status];
  const body = Buffer.from(JSON.stringify({ type: 'about:blank', title: problem.message, status, ...problem }));
  response.setHeader('Connection', 'close');
  response.status(status).type('application/problem+json').setHeader('Content-Length', body.length);
  response.write(body);
}
