import { randomFillSync } from 'node:crypto';
import type { RecordType } from './record-key.js';

const PREFIX: Record<RecordType, string> = { person: 'p-', household: 'h-', dwelling: 'd-' };

/** Entity id: `p-`, `h-` or `d-` followed by a UUIDv7. */
export type EntityId = string;

let lastTime = 0;
let counter = 0;
const bytes = new Uint8Array(16);
/** Randomness for 512 ids at a time: asking for eight bytes costs as much as for four thousand. */
const pool = new Uint8Array(4096);
let poolAt = pool.length;

/** UUIDv7 (RFC 9562): 48-bit milliseconds, a 12-bit counter that keeps ids of one process in order, 62 random bits. */
export function uuidv7(now: number): string {
  if (now <= lastTime) {
    counter += 1;
    if (counter > 0xfff) {
      lastTime += 1;
      counter = 0;
    }
  } else {
    lastTime = now;
    counter = 0;
  }
  if (poolAt === pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  bytes.set(pool.subarray(poolAt, (poolAt += 8)), 8);
  const time = lastTime;
  bytes[0] = time / 2 ** 40;
  bytes[1] = time / 2 ** 32;
  bytes[2] = time / 2 ** 24;
  bytes[3] = time / 2 ** 16;
  bytes[4] = time / 2 ** 8;
  bytes[5] = time;
  bytes[6] = 0x70 | (counter >> 8);
  bytes[7] = counter;
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = Buffer.from(bytes.buffer, 0, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function entityId(type: RecordType, now: number): EntityId {
  return PREFIX[type] + uuidv7(now);
}

/** The kind of entity an id names; undefined when it is not an entity id. */
export function entityType(id: EntityId): RecordType | undefined {
  return (Object.keys(PREFIX) as RecordType[]).find((t) => id.startsWith(PREFIX[t]));
}
