import { createHash } from 'node:crypto';

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export interface PartitionRow {
  system: string;
  recordType: string;
  naturalKey: string;
  /** Smallest member record key (`system:recordType:naturalKey`, by UTF-8 bytes) of the record's cluster. */
  smallestMember: string;
}

/**
 * SHA-256 (hex) over the lines `system,record_type,natural_key,smallest member record key`, UTF-8, sorted by bytes,
 * each ended by LF. Entity ids and versions are not in it, so two stores that agree on who is who agree on this hash.
 */
export function partitionHash(rows: Iterable<PartitionRow>): string {
  const lines: Buffer[] = [];
  for (const r of rows) lines.push(Buffer.from(`${r.system},${r.recordType},${r.naturalKey},${r.smallestMember}\n`, 'utf8'));
  lines.sort(Buffer.compare);
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line);
  return hash.digest('hex');
}

/** Compares two strings by their UTF-8 bytes, the order of the partition hash. Negative, zero or positive. */
export function compareUtf8(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // UTF-16 sorts surrogates (D800–DFFF) below E000–FFFF; UTF-8 sorts them above: move them up.
    if (x >= 0xd800 && x <= 0xdfff) x += 0x10000;
    if (y >= 0xd800 && y <= 0xdfff) y += 0x10000;
    return x - y;
  }
  return a.length - b.length;
}
