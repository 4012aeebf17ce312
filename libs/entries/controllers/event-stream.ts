import type { Response } from 'express';

/** Shorter than the time-outs of usual proxies. */
const HEARTBEAT_MS = 15_000;
/** After this the browser asks anew, and the guard looks at its session again. */
const LONGEST_MS = 120_000;

/**
 * One answer as server-sent events (text/event-stream, WHATWG HTML §9.2). The browser connects again by itself; every event
 * is a whole state, so nothing is lost in between.
 */
export class EventStream {
  private readonly ends: (() => void)[] = [];
  private open = true;
  private readonly heartbeat: NodeJS.Timeout;
  private readonly longest: NodeJS.Timeout;

  constructor(private readonly response: Response) {
    // Asked of proxies that buffer: an event is of no use later.
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
    response.write('retry: 1000\n\n');
    this.heartbeat = setInterval(() => response.write(':\n\n'), HEARTBEAT_MS);
    this.longest = setTimeout(() => this.close(), LONGEST_MS);
    response.on('close', () => this.ended());
  }

  get isOpen(): boolean {
    return this.open;
  }

  /** Sends one state. `data` goes as JSON, which holds no line breaks. */
  send(event: string, data: unknown): void {
    if (this.open) this.response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Calls when the stream has ended, whoever ended it. */
  onEnd(work: () => void): void {
    if (this.open) this.ends.push(work);
    else work();
  }

  close(): void {
    this.ended();
    this.response.end();
  }

  private ended(): void {
    if (!this.open) return;
    this.open = false;
    clearInterval(this.heartbeat);
    clearTimeout(this.longest);
    for (const end of this.ends) end();
  }
}
