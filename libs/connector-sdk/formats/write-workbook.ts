import writeXlsxFile, { type Row, type Sheet } from 'write-excel-file/node';

/** One sheet of corrections. */
export interface CorrectionSheet {
  name: string;
  title: string;
  columns: readonly string[];
  rows: readonly { cells: Readonly<Record<string, string>>; /** Columns whose cells are marked. */ corrected: ReadonlySet<string> }[];
}

const MARK = '#FFF2A8';
const WIDTH = 18;
/** Of a sheet's name in a workbook. */
const LONGEST_NAME = 31;

/**
 * An .xlsx laid out as the offices' own rosters: a merged title in row 1, the header in row 2, then people; corrected cells on yellow. Every cell
 * is a text, so that a number keeps its digits and a value that begins with `=` is no formula.
 */
export function writeWorkbook(sheets: readonly CorrectionSheet[]): Promise<Buffer> {
  const names = new Set<string>();
  return writeXlsxFile(sheets.map((sheet): Sheet<never> => ({
    sheet: sheetName(sheet.name, names), columns: sheet.columns.map(() => ({ width: WIDTH })), stickyRowsCount: 2,
    data: [
      [{ value: sheet.title, type: String, columnSpan: sheet.columns.length, fontWeight: 'bold', align: 'center' }, ...sheet.columns.slice(1).map(() => null)],
      sheet.columns.map((column) => ({ value: column, type: String, fontWeight: 'bold' as const })),
      ...sheet.rows.map(({ cells, corrected }): Row => sheet.columns.map((column) => {
        const value = cells[column];
        if (value === undefined || value === '') return null;
        return { value, type: String, ...(corrected.has(column) && { backgroundColor: MARK, fontWeight: 'bold' as const }) };
      })),
    ],
  }))).toBuffer();
}

/** Names may not be empty, twice, longer than 31, or hold `[ ] : * ? / \`. */
function sheetName(wanted: string, taken: Set<string>): string {
  const base = wanted.replace(/[[\]:*?/\\]/g, ' ').trim().slice(0, LONGEST_NAME) || '更正';
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base.slice(0, LONGEST_NAME - 4)} ${n}`;
  taken.add(name);
  return name;
}
