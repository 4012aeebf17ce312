/**
 * Remembers what a pure function gave for recent texts. Neighbouring rows repeat each other (a family's address, a row's
 * time in its order and its own), and reading an address costs ten times a look-up. Emptied when full, so memory is bounded.
 */
export class BoundedMemo<V> {
  private readonly known = new Map<string, V>();

  constructor(private readonly limit: number) {}

  get(key: string, make: () => V): V {
    const before = this.known.get(key);
    if (before !== undefined) return before;
    const value = make();
    if (this.known.size >= this.limit) this.known.clear();
    this.known.set(key, value);
    return value;
  }
}
