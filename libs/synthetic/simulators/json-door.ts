import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Fault, Faults } from './faults.js';
import { HttpDoor, readBody } from './http-door.js';
import { meetFault } from './http-faults.js';

/** One request to a system that answers in JSON. */
export interface JsonCall {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The fault it meets; those that any HTTP system throws are behind it. */
  fault: Fault | undefined;
  answer(status: number, value: unknown, headers?: OutgoingHttpHeaders): void;
  /** Ends without an answer. */
  cut(): void;
}

export interface JsonDoorOptions {
  port?: number | undefined;
  /** Bytes; a longer body is answered 413. */
  largestBody: number;
  faults: Faults;
  serve(call: JsonCall): void | Promise<void>;
}

/** Opens the door of a system that answers in JSON and fails as HTTP systems do. */
export function openJsonDoor({ port, largestBody, faults, serve }: JsonDoorOptions): Promise<HttpDoor> {
  return HttpDoor.open(port, async (request, response) => {
    const body = await readBody(request, largestBody);
    if (body === undefined) return answer(response, 413, { message: 'body too large' });
    const fault = faults.next();
    if (await meetFault(fault, response)) return;
    await serve({
      method: request.method ?? 'GET', url: new URL(request.url ?? '/', 'http://system'), headers: request.headers, body, fault,
      answer: (status, value, headers) => answer(response, status, value, headers), cut: () => void response.destroy(),
    });
  });
}

/** The value that a body spells; undefined when it is no JSON. */
export function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function answer(response: ServerResponse, status: number, value: unknown, headers: OutgoingHttpHeaders = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers }).end(JSON.stringify(value));
}
