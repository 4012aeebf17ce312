import { cpSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LoadResult } from '#libs/bulk/load-result';
import { systemClock } from '#libs/kernel/clock';
import { readConfig } from '#libs/platform/config';
import { silentLogger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { DeadLetterStore, type DeadLetter } from '#libs/store/dead-letter-store';
import { openStore } from '#libs/store/open-store';
import { append, asUtf16, brokenBytes, empty, header, headerOnly, line, replaced, withBom } from '#test/support/broken-files';
import { newDataDir, removeDataDir, yici, yiciJson } from '#test/support/child-process';
import { zipBytes } from '#test/support/zip-bytes';

const DRIFT = 'YICI_SNAPSHOT_SCHEMA_DRIFT';
const UNREADABLE = 'YICI_SNAPSHOT_UNREADABLE';
const NOT_READY = 'YICI_SNAPSHOT_NOT_READY';
const MOST_MIB = 600;

interface Fault {
  what: string;
  system: string;
  file: string;
  /** New bytes of the file; undefined removes it. */
  change: ((bytes: Buffer) => Buffer) | undefined;
  /** The file refused as a whole, by name; of its table when another file beside it is at fault. */
  refused?: { file?: string; code: string };
  /** Codes of the dead letters beyond those of the sound file, sorted. */
  dead?: string[];
  /** Rows read of the system, when neither is the point. */
  read?: number;
}

const deep = `{"id":"1","name":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`;
const longQuote = `\r\nR1,"${'x'.repeat(50 * 1024 * 1024)}`;

/** Each round breaks some systems at once: a fault must harm its own file alone. */
const ROUNDS: Record<string, Fault[]> = {
  'files that are no longer what was agreed': [
    { what: 'renamed column', system: 'hukou', file: 'HJXX_CZRKJBXXB.csv', change: header((h) => h.replace('GMSFHM', 'SFZH')), refused: { code: DRIFT } },
    { what: 'UTF-16', system: 'residence-permit', file: 'LDRK_0001.xml', change: asUtf16('gbk'), refused: { code: UNREADABLE } },
    { what: 'empty DBF', system: 'family-planning', file: 'QYRK.DBF', change: empty, refused: { code: UNREADABLE } },
    { what: 'new field in every record', system: 'grid', file: 'persons.jsonl', change: replaced('{"id":', '{"extra":1,"id":'), refused: { code: DRIFT } },
    { what: 'missing column', system: 'corrections', file: 'T_JZRY.csv', change: header((h) => h.replace(',JZLB', '')), refused: { code: DRIFT } },
    { what: 'duplicate column', system: 'social-assistance', file: 'BASEINFO_PEOPLE.csv', change: header((h) => h.replace(',NATION,', ',SEX,')), refused: { code: DRIFT } },
    { what: 'wrong manifest', system: 'disability', file: 'CJR_20260331.OK', change: (b) => Buffer.from(b.toString().replace('9', '8')), refused: { file: 'CJR_20260331.csv', code: NOT_READY } },
    { what: 'missing manifest', system: 'social-insurance', file: 'GRCB_20260331.END', change: undefined, refused: { file: 'GRCB_20260331.txt', code: NOT_READY } },
    { what: 'entity bomb', system: 'public-health', file: 'EHR_0001.xml', change: replaced('<ehrList>', '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><ehrList>'), refused: { code: UNREADABLE } },
    { what: 'zip bomb', system: 'party-volunteer', file: '党员志愿者花名册_202603.xlsx', change: () => zipBytes({ 'xl/workbook.xml': Buffer.alloc(60_000_000, 0x20) }), refused: { code: UNREADABLE } },
  ],
  'rows that cannot be read': [
    { what: 'broken bytes in the middle', system: 'hukou', file: 'HJXX_CZRKJBXXB.csv', change: brokenBytes(8), dead: ['YICI_ROW_BROKEN_BYTES'] },
    { what: 'cut off in a record, so that its total is wrong', system: 'residence-permit', file: 'LDRK_0001.xml', change: (b) => b.subarray(0, b.lastIndexOf('</XZZ>')), refused: { code: NOT_READY } },
    { what: 'deep JSON, an unquoted 18-digit ID, a key twice, __proto__', system: 'grid', file: 'persons.jsonl',
      change: append(`${deep}{"id":"2","ident":990101196408220428}\n{"id":"3","id":"4"}\n{"__proto__":{"id":"5"}}\n`),
      dead: ['YICI_ROW_DUPLICATE_KEY', 'YICI_ROW_NUMBER_TOO_LONG', 'YICI_ROW_TOO_DEEP', 'YICI_ROW_UNKNOWN_COLUMN'] },
    { what: 'wrong column count', system: 'corrections', file: 'T_JZRY.csv', change: append('only,three,columns\r\n'), dead: ['YICI_ROW_WRONG_COLUMN_COUNT'] },
    { what: 'a quote of 50 MB that is never closed', system: 'social-assistance', file: 'BASEINFO_FAMILY.csv', change: append(longQuote), dead: ['YICI_ROW_TOO_LONG'] },
    { what: 'broken bytes in XML', system: 'public-health', file: 'EHR_0001.xml', change: brokenBytes(5), dead: ['YICI_ROW_BROKEN_BYTES'] },
    { what: 'half an object', system: 'smart-community', file: 'users.jsonl', change: append('{"userId":"x"'), dead: ['YICI_ROW_MALFORMED_JSON'] },
    { what: 'a line too short', system: 'housing', file: 'V_FWCQ.csv', change: line(3, (l) => l.subarray(0, l.indexOf(0x2c))), dead: ['YICI_ROW_WRONG_COLUMN_COUNT'] },
  ],
  'files that are odd and yet whole': [
    { what: 'header only', system: 'hukou', file: 'HJXX_HXXB.csv', change: headerOnly, read: 268 },
    { what: 'a file of no byte', system: 'smart-community', file: 'users.jsonl', change: empty, refused: { code: UNREADABLE } },
    { what: 'a byte order mark', system: 'grid', file: 'persons.jsonl', change: withBom, dead: [] },
    { what: 'reordered columns', system: 'corrections', file: 'T_JZRY.csv', change: swapFirstColumns, dead: [] },
    { what: 'UTF-16 in a city that goes on', system: 'housing', file: 'V_FWCQ.csv', change: asUtf16('utf8'), refused: { code: UNREADABLE } },
    { what: 'a file of no byte beside a sound one', system: 'social-assistance', file: 'BASEINFO_PEOPLE.csv', change: empty, refused: { code: UNREADABLE }, read: 11 },
  ],
};

/** The first two columns change places, in the header and in every whole row. */
function swapFirstColumns(bytes: Buffer): Buffer {
  const bom = bytes.subarray(0, 3);
  const rows = bytes.subarray(3).toString('latin1').split('\r\n');
  return Buffer.concat([bom, Buffer.from(rows.map((r) => r.replace(/^([^,"]*),([^,"]*),/, '$2,$1,')).join('\r\n'), 'latin1')]);
}

const sample = path.join(projectRoot(), 'test/fixtures/sample-city');
let sound: LoadResult;
const soundCodes = new Map<string, string[]>();
let city: string;
let dataDir: string;

beforeAll(async () => {
  const dir = newDataDir();
  sound = await yiciJson<LoadResult>('load', sample, '--data-dir', dir);
  for (const l of await lettersIn(dir)) soundCodes.set(l.system, [...(soundCodes.get(l.system) ?? []), l.code]);
  await removeDataDir(dir);
}, 300_000);
beforeEach(() => {
  dataDir = newDataDir();
  city = mkdtempSync(path.join(os.tmpdir(), 'yici-city-'));
  cpSync(sample, city, { recursive: true });
});
afterEach(async () => {
  await removeDataDir(dataDir);
  rmSync(city, { recursive: true, force: true });
}, 60_000);

describe('a load of', () => {
  it.each(Object.entries(ROUNDS))('%s', async (_round, faults) => {
    for (const { system, file, change } of faults) {
      const at = path.join(city, system, file);
      if (change === undefined) unlinkSync(at);
      else writeFileSync(at, change(readFileSync(at)));
    }
    const result = await yiciJson<LoadResult>('load', city, '--data-dir', dataDir);
    const letters = await lettersIn(dataDir);
    const broken = new Set(faults.map((f) => f.system));

    for (const f of faults) {
      const refused = result.refused.filter((r) => r.system === f.system);
      expect({ what: f.what, refused: refused.map(({ file, code }) => ({ file, code })) })
        .toEqual({ what: f.what, refused: f.refused ? [{ file: f.refused.file ?? f.file, code: f.refused.code }] : [] });
      for (const r of refused) expect(r.reason).toMatch(/^[^\d].{20,}\.$/);
      if (f.dead) expect({ what: f.what, dead: beyondSound(letters, f.system) }).toEqual({ what: f.what, dead: f.dead });
      if (f.read !== undefined) expect({ what: f.what, read: result.rows[f.system]!.read }).toEqual({ what: f.what, read: f.read });
    }
    for (const [system, counts] of Object.entries(sound.rows)) if (!broken.has(system)) expect([system, result.rows[system]]).toEqual([system, counts]);
    for (const r of Object.values(result.rows)) expect(r.read).toBe(r.accepted + r.superseded + r.void + r.dead);
    expect(result.peakRssMiB).toBeLessThan(MOST_MIB);
    for (const l of letters) expect(l.reason).not.toMatch(/\d{11}/);
  }, 300_000);

  it('a directory that is no city says what is missing', async () => {
    unlinkSync(path.join(city, 'divisions.csv'));
    const { code, stdout } = await yici('load', city, '--data-dir', dataDir, '--json').ended;
    expect([code, JSON.parse(stdout)]).toEqual([1, { error: expect.objectContaining({ code: 'YICI_CITY_UNREADABLE', message: expect.stringContaining('divisions.csv') }) }]);
  }, 120_000);
});

describe('dead letters', () => {
  it('keep the original bytes, sealed', async () => {
    const row = '{"id":"7","ident":990101196408220428,"name":"张三"}';
    const at = path.join(city, 'grid/persons.jsonl');
    writeFileSync(at, append(`${row}\n`)(readFileSync(at)));
    await yiciJson('load', city, '--data-dir', dataDir);
    const letters = await lettersIn(dataDir);
    expect(letters.filter((l) => Buffer.from(l.bytes).toString() === row)).toHaveLength(1);
    expect(await storedInTheClear(dataDir, ['990101196408220428', '张三'])).toBe(0);
  }, 300_000);
});

/** Codes of a system's dead letters beyond those of the sound city. */
function beyondSound(letters: readonly DeadLetter[], system: string): string[] {
  const codes = letters.filter((l) => l.system === system).map((l) => l.code);
  for (const code of soundCodes.get(system) ?? []) {
    const i = codes.indexOf(code);
    if (i >= 0) codes.splice(i, 1);
  }
  return codes.sort();
}

async function lettersIn(dir: string): Promise<DeadLetter[]> {
  const store = await openStore(readConfig({}, { YICI_DATA_DIR: dir }), silentLogger);
  try {
    return await store.unitOfWork.run((tx) => new DeadLetterStore(store.sealing, systemClock).list(tx, { limit: 10_000 }));
  } finally {
    await store.close();
  }
}

/** How many stored dead letters show one of these texts to someone who has the database and no key. */
async function storedInTheClear(dir: string, texts: readonly string[]): Promise<number> {
  const store = await openStore(readConfig({}, { YICI_DATA_DIR: dir }), silentLogger);
  try {
    const { rows } = await store.pool.query<{ d: Buffer; t: string }>('select sealed_bytes as d, dead_letter::text as t from dead_letter');
    return rows.filter((r) => texts.some((text) => r.d.includes(Buffer.from(text)) || r.t.includes(text))).length;
  } finally {
    await store.close();
  }
}
