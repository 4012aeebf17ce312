/** How a simulator may be made to fail. Each supports those that its protocol can throw and refuses the others by name. */
export type Fault =
  /** Answers after a delay; of a file system: transfers so slowly. */
  | { kind: 'slow'; ms: number }
  /** HTTP 500 for the request; a failed command of a file server; an error of the database. */
  | { kind: 'error' }
  /** The system says that it is busy in its own words (code 503 an item, resultCode 99, a locked table). */
  | { kind: 'busy' }
  /** The connection is cut before anything was done. */
  | { kind: 'disconnect' }
  /** The connection is cut without an answer, after the work was done. */
  | { kind: 'lost-answer' }
  /** A page of a proxy: HTML with HTTP 200. */
  | { kind: 'html' }
  /** A SOAP fault with HTTP 200. */
  | { kind: 'soap-fault' }
  /** A redirect to another host. */
  | { kind: 'redirect'; to: string }
  /** The next file is spoilt: its bytes do not fit its manifest. */
  | { kind: 'corrupt-file' }
  /** The next file is still being written: it grows while it is read, and its manifest comes later. */
  | { kind: 'growing-file' }
  /** Everything that was pushed lately is pushed again. */
  | { kind: 'replay' }
  /** Changes leave in another order than they happened. */
  | { kind: 'out-of-order' }
  /** What is written to it comes back as a change of its own, spelt and cut its own way. */
  | { kind: 'echo' };

export type FaultKind = Fault['kind'];

/** The faults that the next requests meet. */
export class Faults {
  private readonly queue: Fault[] = [];
  private lasting: Fault | undefined;

  /** `supported`: the kinds this system's protocol can throw; absent: all. */
  constructor(readonly supported?: readonly FaultKind[]) {}

  /** The next `requests` requests fail this way; without a number, all until `clear`. */
  fail(fault: Fault, requests?: number): void {
    if (this.supported !== undefined && !this.supported.includes(fault.kind)) throw new RangeError(`this system cannot fail by ${fault.kind}; it can by ${this.supported.join(', ')}`);
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

  /** The same for a part of the system that can only fail in these ways; other faults are left for the part that can. */
  nextOf(kinds: readonly FaultKind[]): Fault | undefined {
    const at = this.queue.findIndex((fault) => kinds.includes(fault.kind));
    if (at >= 0) return this.queue.splice(at, 1)[0];
    return this.lasting !== undefined && kinds.includes(this.lasting.kind) ? this.lasting : undefined;
  }

  /** What `next` would return; it stays to be met. */
  peek(): Fault | undefined {
    return this.queue[0] ?? this.lasting;
  }

  /** A lasting fault that shapes the system's behaviour rather than one request (echo, out-of-order). */
  get standing(): Fault | undefined {
    return this.lasting;
  }
}
