import type { NextFunction, Request, Response } from 'express';

/**
 * Cuts a request whose body has not come in whole after so long: bytes that drip hold a connection and what was read of the body.
 * Node's own limit is looked at every half minute only, and holds for headers and body together.
 */
export function cutSlowBodies(milliseconds: number, concerns: (request: Request) => boolean) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (!concerns(request)) return next();
    const timer = setTimeout(() => {
      if (response.headersSent) return void request.destroy();
      const message = 'The body of the request did not come in time; nothing of it was taken.';
      response.once('finish', () => request.destroy());
      response.setHeader('Connection', 'close');
      response.status(408).type('application/problem+json').send(JSON.stringify({
        type: 'about:blank', title: message, status: 408, code: 'YICI_PUSH_TOO_SLOW', message, fix: 'Send the same again, in smaller parts where the line is slow.',
      }));
    }, milliseconds);
    const done = (): void => clearTimeout(timer);
    request.once('end', done);
    request.once('close', done);
    next();
  };
}
