import { sm3 } from 'sm-crypto-v2';
import { encodeGbk } from '../formats/gb-encoding.js';
import { byteLines } from './city-files.js';
import type { DroppedChange, OfficeHabits, OfficeRow } from './file-office.js';
import { startSftpOffice } from './sftp-office.js';
import type { StartSimulator } from './simulator.js';

const COLUMNS = ['CJZH', 'XM', 'SFZH', 'XB', 'CJLB', 'CJDJ', 'JHRXM', 'JHRDH', 'HKDZ', 'ZT'];
const ADDRESS_AT = COLUMNS.indexOf('HKDZ');
const HEADER = `${COLUMNS.join(',')}\r\n`;
const URL_NAME = 'YICI_DISABILITY_URL';
const HOST_KEY_NAME = 'YICI_DISABILITY_HOST_KEY';
const decoder = new TextDecoder('gb18030', { fatal: true });

/** Disability certificates: SFTP, dated CSV without quoting and a manifest of row count and SM3; changes from HUB_*.csv of the same shape. */
const HABITS: OfficeHabits = {
  system: 'disability',
  cityFile: /^CJR_\d{8}\.csv$/,
  drop: /^HUB_\d{17}_\d{3}\.csv$/,
  dropManifest: '.OK',
  read: (bytes) => byteLines(bytes, '\r\n').slice(1).map((line): OfficeRow => ({ bytes: line, cells: cellsOf(line) })),
  dateOf: (name) => name.slice(4, 12),
  write: (rows, date) => {
    const bytes = Buffer.concat([Buffer.from(HEADER), ...rows.map((row) => Buffer.concat([row.bytes ?? encodeGbk(COLUMNS.map((c) => row.cells![c] ?? '').join(',')), Buffer.from('\r\n')]))]);
    return { name: `CJR_${date}.csv`, bytes, manifest: { name: `CJR_${date}.OK`, bytes: Buffer.from(manifest(rows.length, bytes)) } };
  },
  keyOf: (cells) => (cells['CJZH'] ?? '').slice(0, 18),
  readDrop,
  mint: (row, keys) => {
    const { SFZH = '', CJLB = '', CJDJ = '' } = row;
    if (!/^\d{17}[\dX]$/.test(SFZH) || !/^[1-7]$/.test(CJLB) || !/^[1-4]$/.test(CJDJ)) return '身份证号、残疾类别或等级有误';
    return keys.has(SFZH) ? '此人已持证' : { ...Object.fromEntries(COLUMNS.map((c) => [c, ''])), ZT: '1', ...row, CJZH: `${SFZH}${CJLB}${CJDJ}` };
  },
  spellings: { SFZH: 'citizenId', JHRDH: 'phone', HKDZ: 'address' },
};

/** Fields from both ends: what is left in the middle is the address, commas and all. */
function cellsOf(line: Buffer): Record<string, string> | undefined {
  let fields: string[];
  try {
    fields = decoder.decode(line).split(',');
  } catch {
    return undefined;
  }
  const extra = fields.length - COLUMNS.length;
  if (extra < 0) return undefined;
  fields.splice(ADDRESS_AT, extra + 1, fields.slice(ADDRESS_AT, ADDRESS_AT + extra + 1).join(','));
  return Object.fromEntries(COLUMNS.map((c, i) => [c, fields[i]!]));
}

function manifest(count: number, bytes: Buffer): string {
  return `${count}\n${sm3(new Uint8Array(bytes))}\n`;
}

function readDrop(bytes: Buffer, ok: Buffer | undefined): DroppedChange[] | string {
  const [header, ...rows] = byteLines(bytes, '\r\n');
  if (`${header?.toString('latin1')}\r\n` !== HEADER) return '表头不符';
  const [count, digest] = (ok?.toString('latin1') ?? '').split(/\r?\n/);
  if (Number(count) !== rows.length) return '行数与 .OK 不符';
  if (digest?.toLowerCase() !== sm3(new Uint8Array(bytes))) return '摘要与 .OK 不符';
  return rows.map((line) => {
    const { CJZH = '', XM: _name, ...cells } = cellsOf(line) ?? {};
    const columns = Object.fromEntries(Object.entries(cells).filter(([, value]) => value !== ''));
    const wrong = CJZH.length !== 20 ? '残疾证号不完整' : 'ZT' in columns && !/^[1-4]$/.test(columns['ZT']!) ? '状态代码有误' : undefined;
    return { key: CJZH.slice(0, 18), columns, ...(wrong !== undefined && { refused: wrong }) };
  });
}

export const startDisability: StartSimulator = (context) => startSftpOffice(HABITS, context, { url: URL_NAME, hostKey: HOST_KEY_NAME });
