/** How a simulator may be made to fail. */
export type Fault =
  /** Answers after a delay. */
  | { kind: 'slow'; ms: number }
  /** HTTP 500 for the request. */
  | { kind: 'error' }
  /** HTTP 200, every item answered with code 503: try again. */
  | { kind: 'busy' }
  /** The connection is cut without an answer, after the work was done. */
  | { kind: 'lost-answer' };

/** The faults that the next requests meet. */
export class Faults {
  private readonly queue: Fault[] = [];
  private lasting: Fault | undefined;

  /** The next `requests` requests fail this way; without a number, all until `clear`. */
  fail(fault: Fault, requests?: number): void {
    if (requests === undefined) this.lasting = fault;
    else for (let i = 0; i < requests; i++) this.queue.push(fault);
  }

  clear(): void {
    this.queue.length = 0;
    this.lasting = undefined;
  }

  /** The fault of the request that has just come. */
  next(): Fault | undefined {
    return this.queue.shift() ?? this.lasting;
  }
}
