import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.js';

/** Kinds that {@link meetFault} knows: what any system that speaks HTTP can throw before it did anything. */
export const HTTP_FAULTS = ['slow', 'error', 'disconnect', 'html', 'redirect'] as const;

/** In what words a system fails. */
export interface FaultWords {
  error: { type: string; text: string };
  /** Of a proxy before it. */
  page: string;
}

const JSON_WORDS: FaultWords = {
  error: { type: 'application/json; charset=utf-8', text: '{"message":"internal error"}' },
  page: '<!DOCTYPE html><html><head><title>504</title></head><body><h1>Gateway Time-out</h1></body></html>',
};

/** Lets a request meet the fault it was given; true: it was answered or cut, and nothing else is to be done. */
export async function meetFault(fault: Fault | undefined, response: ServerResponse, words: FaultWords = JSON_WORDS): Promise<boolean> {
  switch (fault?.kind) {
    case 'slow':
      await sleep(fault.ms);
      return false;
    case 'error':
      response.writeHead(500, { 'Content-Type': words.error.type }).end(words.error.text);
      return true;
    case 'disconnect':
      response.destroy();
      return true;
    case 'html':
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(words.page);
      return true;
    case 'redirect':
      response.writeHead(302, { Location: fault.to }).end();
      return true;
    default:
      return false;
  }
}
