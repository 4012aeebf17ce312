import { cutBytes, encodeGb18030 } from '../formats/gb-encoding.js';
import { byteLines } from './city-files.js';
import type { DroppedChange, OfficeHabits, OfficeRow } from './file-office.js';
import { startSftpOffice } from './sftp-office.js';
import type { StartSimulator } from './simulator.js';

const COLUMNS = ['AAC001', 'AAC002', 'AAC003', 'AAC004', 'AAC005', 'AAC006', 'AAC009', 'AAC010', 'AAE005', 'AAB001', 'AAB004', 'AAC008', 'AAE041'];
const NAME_AT = 2;
const NAME_BYTES = 12;
const BAR = 0x7c;
const URL_NAME = 'YICI_SOCIAL_INSURANCE_URL';
const HOST_KEY_NAME = 'YICI_SOCIAL_INSURANCE_HOST_KEY';
const decoder = new TextDecoder('gb18030', { fatal: true });

/** What the hub may correct here. */
const WRITABLE: Readonly<Record<string, RegExp>> = { AAC002: /^\d{17}[\dX]$/, AAC003: /^.+$/, AAC008: /^[1249]$/ };

/** Social insurance: SFTP, dated bar-joined text with a manifest of the row count; changes from HUB_*.txt, a line a field with its old and new value. */
const HABITS: OfficeHabits = {
  system: 'social-insurance',
  cityFile: /^GRCB_\d{8}\.txt$/,
  drop: /^HUB_\d{17}_\d{3}\.txt$/,
  read: (bytes) => byteLines(bytes, '\n').map((line): OfficeRow => ({ bytes: line, cells: cellsOf(line) })),
  dateOf: (name) => name.slice(5, 13),
  write: (rows, date) => ({
    name: `GRCB_${date}.txt`, bytes: Buffer.concat(rows.map((row) => Buffer.concat([row.bytes ?? lineOf(row.cells!), Buffer.from('\n')]))),
    manifest: { name: `GRCB_${date}.END`, bytes: Buffer.from(`${rows.length}\n`) },
  }),
  keyOf: (cells) => cells['AAC001'] ?? '',
  readDrop,
  mint: (row, keys) => {
    if ((row['AAC003'] ?? '') === '') return '姓名不能为空';
    const highest = Math.max(0, ...[...keys].map(Number).filter(Number.isFinite));
    return { ...Object.fromEntries(COLUMNS.map((c) => [c, ''])), AAC008: '4', ...row, AAC001: String(highest + 1).padStart(10, '0') };
  },
  spellings: { AAC002: 'citizenId', AAC003: 'name' },
};

function lineOf(cells: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(COLUMNS.flatMap((c, i) => {
    const bytes = encodeGb18030(cells[c] ?? '');
    return [...(i === 0 ? [] : [Buffer.of(BAR)]), i === NAME_AT ? cutBytes(bytes, NAME_BYTES) : bytes];
  }));
}

/** By bytes: a bar inside a character is none, and a name that fills its width ends there, be it in the middle of a character. */
function cellsOf(line: Buffer): Record<string, string> | undefined {
  const fields: Buffer[] = [];
  let from = 0;
  for (let at = 0; at <= line.length;) {
    const inName = fields.length === NAME_AT;
    if (at === line.length || line[at] === BAR) {
      fields.push(line.subarray(from, at));
      at += 1;
      from = at;
    } else if (line[at]! < 0x80) at += 1;
    else if (inName && at - from === NAME_BYTES - 1 && line[from + NAME_BYTES] === BAR) at += 1;
    else at += line[at + 1]! >= 0x30 && line[at + 1]! <= 0x39 ? 4 : 2;
  }
  if (fields.length !== COLUMNS.length) return undefined;
  try {
    return Object.fromEntries(COLUMNS.map((c, i) => [c, i === NAME_AT ? wholeName(fields[i]!) : decoder.decode(fields[i])]));
  } catch {
    return undefined;
  }
}

function wholeName(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return decoder.decode(bytes.subarray(0, bytes.length - 1));
  }
}

function readDrop(bytes: Buffer): DroppedChange[] | string {
  const changes: DroppedChange[] = [];
  for (const line of byteLines(bytes, '\n')) {
    let fields: string[];
    try {
      fields = decoder.decode(line).split('|');
    } catch {
      return '编码有误';
    }
    if (fields.length !== 4) return '每行应为四段';
    const [key, column, , value] = fields as [string, string, string, string];
    const rule = WRITABLE[column];
    const wrong = rule === undefined ? '此项不可更正' : !rule.test(value) || (column === 'AAC003' && encodeGb18030(value).length > NAME_BYTES) ? '值不符合要求' : undefined;
    changes.push({ key, columns: { [column]: value }, ...(wrong !== undefined && { refused: wrong }) });
  }
  return changes;
}

export const startSocialInsurance: StartSimulator = (context) => startSftpOffice(HABITS, context, { url: URL_NAME, hostKey: HOST_KEY_NAME });
