import { sha256Hex } from '#libs/kernel/hashing';

/**
 * Names rows that have no place of their own (of an answer, of a list) so that the same row has the same name whenever it comes again: by the
 * digest of its bytes, and by which of equal rows it is, for two equal bad rows are two.
 */
export class RowIds {
  private readonly kept = new Map<string, number>();
  /** Rows since the last {@link keep}. */
  private recent = new Map<string, number>();

  of(bytes: Uint8Array): string {
    const digest = sha256Hex(bytes);
    const nth = (this.recent.get(digest) ?? this.kept.get(digest) ?? 0) + 1;
    this.recent.set(digest, nth);
    return nth === 1 ? digest : sha256Hex(`${digest} ${nth}`);
  }

  /** What was named so far will not come again. */
  keep(): void {
    for (const [digest, nth] of this.recent) this.kept.set(digest, nth);
    this.recent.clear();
  }

  /** What was named since the last `keep` comes again, and gets the same names. */
  back(): this {
    this.recent.clear();
    return this;
  }
}

/** 48 bits of an id: the position of a row that has no other. */
export function positionOfId(id: string): number {
  return parseInt(id.slice(0, 12), 16);
}
