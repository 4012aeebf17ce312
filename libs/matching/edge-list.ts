import type { Verdict } from './pair-scorer.js';

/** Verdicts that make an edge, strongest first. */
export const EDGE = { identity: 0, link: 1, review: 2 } as const;
export type EdgeVerdict = Exclude<Verdict, 'none'>;

/** Scored pairs worth keeping, as growing parallel arrays: a million objects of four fields kept the garbage collector busy for seconds. */
export class EdgeList {
  a = new Int32Array(1024);
  b = new Int32Array(1024);
  weight = new Float64Array(1024);
  verdict = new Uint8Array(1024);
  size = 0;

  add(a: number, b: number, weight: number, verdict: EdgeVerdict): void {
    if (this.size === this.a.length) this.grow();
    this.a[this.size] = a;
    this.b[this.size] = b;
    this.weight[this.size] = weight;
    this.verdict[this.size] = EDGE[verdict];
    this.size += 1;
  }

  private grow(): void {
    const n = this.size * 2;
    const { a, b, weight, verdict } = this;
    (this.a = new Int32Array(n)).set(a);
    (this.b = new Int32Array(n)).set(b);
    (this.weight = new Float64Array(n)).set(weight);
    (this.verdict = new Uint8Array(n)).set(verdict);
  }
}
