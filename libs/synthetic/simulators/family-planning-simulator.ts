import type { DbfField } from '../formats/dbf-writer.js';
import { readTable, rowCells, tableBytes } from './dbf-table.js';
import { FileOffice, officeSimulator, serverAccount, type DroppedChange, type OfficeHabits, type OfficeRow } from './file-office.js';
import { FtpServer } from './ftp-server.js';
import type { StartSimulator } from './simulator.js';

const FIELDS: readonly DbfField[] = ([
  ['HBM', 'C', 18], ['RBM', 'C', 20], ['XM', 'C', 20], ['XB', 'C', 1], ['SFZH', 'C', 18], ['CSRQ', 'D', 8], ['HKXZ', 'C', 1], ['YHZGX', 'C', 2], ['MZ', 'C', 2], ['HYZK', 'C', 2],
  ['POXM', 'C', 20], ['POSFZ', 'C', 18], ['ZNS', 'N', 2], ['LXDH', 'C', 20], ['DZ', 'C', 80],
] as const).map(([name, type, length]) => ({ name, type, length }));

/** Only these may a file of the hub change; the key and what identifies the row go along. */
const MARITAL = /^(10|2[0-3]|30|40|90)?$/;
const URL_NAME = 'YICI_FAMILY_PLANNING_URL';

/** The whole-population register: FTP, a full DBF a month, changes from HUB_*.DBF in which blank means unchanged. */
const HABITS: OfficeHabits = {
  system: 'family-planning',
  cityFile: /^QYRK\.DBF$/,
  drop: /^HUB_\d{17}_\d{3}\.DBF$/,
  read: (bytes) => {
    const table = readTable(bytes);
    if (typeof table === 'string') throw new Error(table);
    return table.rows.map((row): OfficeRow => ({ bytes: row, cells: rowCells(table.fields, row) }));
  },
  dateOf: (_name, bytes) => (readTable(bytes) as { date: string }).date,
  write: (rows, date) => ({ name: 'QYRK.DBF', bytes: tableBytes(FIELDS, rows.map((row) => row.bytes ?? row.cells!), date) }),
  keyOf: (cells) => cells['RBM'] ?? '',
  readDrop,
  mint: (row, keys) => {
    const household = /^\d{18}$/.test(row['HBM'] ?? '') ? row['HBM']! : nextHousehold(keys);
    if ((row['XM'] ?? '') === '') return '姓名不能为空';
    for (let n = 1; n < 100; n++) {
      const key = `${household}${String(n).padStart(2, '0')}`;
      if (!keys.has(key)) return { ...Object.fromEntries(FIELDS.map((f) => [f.name, ''])), ...row, HBM: household, RBM: key };
    }
    return '该户已满';
  },
  spellings: { POXM: 'name', SFZH: 'citizenId', POSFZ: 'citizenId', LXDH: 'phone', DZ: 'address' },
};

function readDrop(bytes: Buffer): DroppedChange[] | string {
  const table = readTable(bytes);
  if (typeof table === 'string') return table;
  if (JSON.stringify(table.fields) !== JSON.stringify(FIELDS)) return '结构与 QYRK 不同';
  return table.rows.map((row) => {
    const { RBM = '', HBM: _household, XM: _name, ...cells } = rowCells(FIELDS, row) ?? {};
    const columns = Object.fromEntries(Object.entries(cells).filter(([, value]) => value !== ''));
    return { key: RBM, columns, ...(!MARITAL.test(columns['HYZK'] ?? '') && { refused: '婚姻状况代码有误' }) };
  });
}

function nextHousehold(keys: ReadonlySet<string>): string {
  const highest = [...keys].map((k) => k.slice(0, 18)).filter((k) => /^\d{18}$/.test(k)).sort().at(-1) ?? '990101001001000000';
  return (BigInt(highest) + 1n).toString();
}

export const startFamilyPlanning: StartSimulator = async (context) => {
  const office = new FileOffice(HABITS, context);
  const account = serverAccount(context.secret(URL_NAME));
  const server = await FtpServer.start({ root: office.root, ...account, ...(context.port !== undefined && { port: context.port }), faults: office.faults });
  const url = `ftp://${encodeURIComponent(account.user)}:${encodeURIComponent(account.password)}@127.0.0.1:${server.port}`;
  return officeSimulator('family-planning', office, { [URL_NAME]: url }, server);
};
