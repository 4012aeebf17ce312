import { join } from 'node:path';
import { sm3 } from 'sm-crypto-v2';
import { encodeGbk } from '../formats/gb-encoding.js';
import { FileOffice, officeSimulator, serverAccount, type DroppedChange, type OfficeHabits, type OfficeRow } from './file-office.js';
import { SftpServer } from './sftp-server.js';
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
  read: (bytes) => lines(bytes).slice(1).map((line): OfficeRow => ({ bytes: line, cells: cellsOf(line) })),
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

function lines(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let from = 0; from < bytes.length;) {
    const at = bytes.indexOf('\r\n', from);
    found.push(bytes.subarray(from, at < 0 ? bytes.length : at));
    from = at < 0 ? bytes.length : at + 2;
  }
  return found;
}

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
  const [header, ...rows] = lines(bytes);
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

export const startDisability: StartSimulator = async (context) => {
  const office = new FileOffice(HABITS, context);
  const account = serverAccount(context.secret(URL_NAME));
  const server = await SftpServer.start({
    root: office.root, ...account, ...(context.port !== undefined && { port: context.port }), faults: office.faults, keyFile: join(context.dir, 'host-key.pem'),
  });
  const url = `sftp://${encodeURIComponent(account.user)}:${encodeURIComponent(account.password)}@127.0.0.1:${server.port}`;
  return officeSimulator('disability', office, { [URL_NAME]: url, [HOST_KEY_NAME]: server.fingerprint }, server);
};
