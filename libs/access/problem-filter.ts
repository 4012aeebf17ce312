import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { YiciError } from '#libs/kernel/errors';
import { RequestRefused, type FieldFault } from './request-refused.js';

/** RFC 9457 problem details, with Yici's code and fix. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  message: string;
  fix?: string;
  errors?: readonly FieldFault[];
}

/** What the filter tells the log about an answer of 500: never a value, only the code and the route. */
export type FailureReporter = (failure: { code: string; method: string; route: string; error: unknown }) => void;

/** Methods a path does take, for telling 405 from 404; empty when the path is unknown. */
export type AllowedMethods = (path: string) => readonly string[];

/** Answers every error as application/problem+json. What is not ours becomes a 500 that says nothing of its inside. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly report: FailureReporter,
    private readonly allowedMethods: AllowedMethods,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    let problem = problemOf(error);
    if (error instanceof HttpException && problem.status === 404) {
      const allowed = this.allowedMethods(request.path);
      if (allowed.length > 0) {
        response.setHeader('Allow', allowed.join(', '));
        problem = plain(405, 'YICI_METHOD_NOT_ALLOWED', `This address takes ${allowed.join(', ')}.`);
      }
    }
    if (error instanceof RequestRefused) for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
    if (problem.status >= 500) {
      this.report({ code: problem.code, method: request.method, route: routeOf(request), error });
    }
    if (response.headersSent) return;
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }
}

/** The problem an error is answered with. */
export function problemOf(error: unknown): Problem {
  if (error instanceof RequestRefused) {
    return { ...plain(error.status, error.code, error.message, error.fix), ...(error.faults && { errors: error.faults }) };
  }
  if (error instanceof YiciError) return plain(error.retriable ? 503 : 500, error.code, error.message, error.fix);
  if (error instanceof HttpException) return plain(error.getStatus(), 'YICI_HTTP_' + error.getStatus(), TITLES[error.getStatus()] ?? 'The request was refused.');
  return plain(500, 'YICI_SERVING_FAILED', '服务器出错，请稍后再试。The hub failed to answer.', 'Try again; if it stays, tell the administrator the time and the code.');
}

const TITLES: Record<number, string> = {
  400: 'The request could not be understood.',
  401: '请先登录。Please sign in.',
  403: '没有权限。Not allowed.',
  404: 'There is nothing at this address.',
  405: 'This address does not take this method.',
  413: 'The request is larger than the hub accepts.',
  415: 'The hub does not read this kind of content.',
};

function plain(status: number, code: string, message: string, fix?: string): Problem {
  return { type: 'about:blank', title: TITLES[status] ?? message, status, code, message, ...(fix !== undefined && { fix }) };
}

/** The route pattern, not the address: an address may hold an id. */
function routeOf(request: Request): string {
  const route: unknown = (request as { route?: { path?: unknown } }).route?.path;
  return typeof route === 'string' ? route : 'unknown';
}
