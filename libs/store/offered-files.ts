import type { EntityManager } from 'typeorm';
import type { WatermarkStore } from './watermark-store.js';

/** The ways in which a file comes by itself: fetched from the system's folder, or uploaded by its office. */
export type OfferChannel = 'file-fetch' | 'file-upload';

/** Why a file, or what it says of the whole, was not taken: a code, and a sentence without personal values. */
export interface OfferFault {
  code: string;
  reason: string;
}

/** What is remembered of a file by its name, so that it is not taken again. */
export interface OfferMark {
  /** Size and time of the file and of its manifest, as the system showed them. */
  fingerprint: string;
  /** SHA-256 of its bytes; '' of a file that was refused before it was fetched. */
  digest: string;
  /** What the store knows its reading by. */
  identity?: string;
  /** `yyyymmdd` that orders its rows. */
  date: string;
  /** Which content of this name and date it is: an export that is made again replaces the one before it. */
  edition: number;
  /** Milliseconds since 1970; absent in marks of earlier versions of the hub. */
  takenAt?: number;
  /** Nothing of it was read. */
  refused?: OfferFault;
  /** It was read, and misses more records than may vanish at once: none was withdrawn. */
  shrunk?: OfferFault;
  /** A file of a later date was read before: it says nothing of what is there now. */
  outdated?: true;
}

/** By file name. */
export async function offerMarks(watermarks: WatermarkStore, manager: EntityManager, system: string, channel: OfferChannel): Promise<Map<string, OfferMark>> {
  const all = await watermarks.list<OfferMark>(manager, system);
  return new Map([...all].filter(([key]) => key.startsWith(`${channel}:`)).map(([key, mark]) => [key.slice(channel.length + 1), mark]));
}

/** What orders the rows of this file: its date, and behind it which edition of it this is. */
export function offeredDate({ date, edition }: Pick<OfferMark, 'date' | 'edition'>): string {
  return edition === 1 ? date : `${date}~${String(edition).padStart(4, '0')}`;
}
