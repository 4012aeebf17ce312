import { Worker } from 'node:worker_threads';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import type { Sealing } from '#libs/platform/sealing';
import { goldenOf, searchRows, type SearchRow } from '#libs/resolution/golden';
import { decodeRecord, type StoredSourceRecord } from '#libs/store/source-record-codec';
import type { AuthorityTable } from '#libs/survivorship/authority';

/** A row as it is read back: its key is known, so that it is not opened again. */
export type MemberRow = Pick<StoredSourceRecord, 'id' | 'version_order' | 'source_time' | 'observed_at' | 'origin_source' | 'origin_position' | 'sealed_body'>;

/** Entities of one type to be made, each by its records. */
export interface GoldenJob {
  recordType: RecordType;
  entities: { members: { key: RecordKey; row: MemberRow; attached: boolean }[] }[];
}

/** What the tables hold of one golden record. */
export interface GoldenRow {
  /** Unix milliseconds. */
  validFrom: number;
  sealed: Uint8Array;
  search: SearchRow[];
  /** What a reader needs to know of it, as `entity.open_to` says. */
  openTo: string[];
}

/** Makes golden records out of sealed record texts: half of what a load has left to do when it knows who is who. */
export interface GoldenMaker {
  make(job: GoldenJob): Promise<GoldenRow[]>;
  close(): Promise<void>;
}

export function goldenRows(sealing: Sealing, authority: AuthorityTable, job: GoldenJob): GoldenRow[] {
  return job.entities.map(({ members }) => {
    const records = members.map((m) => ({ record: decodeRecord(sealing, m.key, m.row), attached: m.attached }));
    const golden = goldenOf(job.recordType, records, authority);
    return { validFrom: Date.parse(golden.validFrom), sealed: sealing.sealJson(golden.stored), search: searchRows(sealing, golden), openTo: golden.openTo };
  });
}

/** On the thread of the caller. */
export function inlineGoldenMaker(sealing: Sealing, authority: AuthorityTable): GoldenMaker {
  return { make: (job) => Promise.resolve(goldenRows(sealing, authority, job)), close: () => Promise.resolve() };
}

/** What the thread is started with; it opens the store's key file itself, so that no key is copied between threads. */
export interface GoldenThreadData {
  keysFile: string;
  authority: AuthorityTable;
}

/** On a second thread: while it makes one chunk, the caller copies the one before. */
export function threadGoldenMaker(data: GoldenThreadData): GoldenMaker {
  const worker = new Worker(new URL('./golden-thread.js', import.meta.url), { workerData: data });
  const waiting: { resolve: (rows: GoldenRow[]) => void; reject: (error: unknown) => void }[] = [];
  const fail = (error: unknown): void => { for (const w of waiting.splice(0)) w.reject(error); };
  worker.on('message', (rows: GoldenRow[]) => waiting.shift()?.resolve(rows));
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the thread that makes golden records ended')));
  return {
    make: (job) => new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      worker.postMessage(job);
    }),
    close: async () => { await worker.terminate(); },
  };
}
