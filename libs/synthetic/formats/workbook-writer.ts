import { ZipWriter } from './zip-writer.js';

/** A text, a number, or a day serial shown as a date. */
export type Cell = string | number | { serial: number } | undefined;

export interface Sheet {
  name: string;
  /** Row 1, merged over all columns. */
  title: string;
  header: readonly string[];
  rows: readonly (readonly Cell[])[];
}

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const REL = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** An .xlsx workbook with inline strings, as the office's software writes it. Cell styles: 0 plain, 1 title, 2 header, 3 date. */
export function workbook(sheets: readonly Sheet[]): Buffer {
  const zip = new ZipWriter();
  const numbers = sheets.map((_, i) => i + 1);
  zip.add('[Content_Types].xml', `${HEAD}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>`
    + `<Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/>`
    + `${numbers.map((n) => `<Override PartName="/xl/worksheets/sheet${n}.xml" ContentType="${TYPE}.worksheet+xml"/>`).join('')}</Types>`);
  zip.add('_rels/.rels', `${HEAD}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>`);
  zip.add('xl/workbook.xml', `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${REL}"><sheets>${sheets.map((s, i) => `<sheet name="${escape(s.name)}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`).join('')}</sheets></workbook>`);
  zip.add('xl/_rels/workbook.xml.rels', `${HEAD}<Relationships xmlns="${PACKAGE}/relationships">${numbers.map((n) => `<Relationship Id="rId${n}" Type="${REL}/worksheet" Target="worksheets/sheet${n}.xml"/>`).join('')}`
    + `<Relationship Id="rId${sheets.length + 1}" Type="${REL}/styles" Target="styles.xml"/></Relationships>`);
  zip.add('xl/styles.xml', STYLES);
  sheets.forEach((sheet, i) => zip.add(`xl/worksheets/sheet${i + 1}.xml`, worksheet(sheet)));
  return zip.finish();
}

const STYLES = `${HEAD}<styleSheet xmlns="${MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy-mm-dd"/></numFmts><fonts count="3"><font><sz val="11"/></font><font><b/><sz val="16"/></font><font><b/><sz val="11"/></font></fonts>`
  + '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
  + '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
  + '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1" applyAlignment="1"><alignment horizontal="center"/></xf><xf numFmtId="0" fontId="2" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
  + '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>';

function worksheet(sheet: Sheet): string {
  const last = column(sheet.header.length - 1);
  const titleRow = `<row r="1">${sheet.header.map((_, i) => (i === 0 ? text('A1', sheet.title, 1) : `<c r="${column(i)}1" s="1"/>`)).join('')}</row>`;
  const headerRow = `<row r="2">${sheet.header.map((h, i) => text(`${column(i)}2`, h, 2)).join('')}</row>`;
  const rows = sheet.rows.map((cells, r) => `<row r="${r + 3}">${cells.map((c, i) => cell(`${column(i)}${r + 3}`, c)).join('')}</row>`);
  return `${HEAD}<worksheet xmlns="${MAIN}" xmlns:r="${REL}"><dimension ref="A1:${last}${sheet.rows.length + 2}"/><sheetData>${titleRow}${headerRow}${rows.join('')}</sheetData><mergeCells count="1"><mergeCell ref="A1:${last}1"/></mergeCells></worksheet>`;
}

function cell(at: string, value: Cell): string {
  if (value === undefined || value === '') return '';
  if (typeof value === 'string') return text(at, value, 0);
  return typeof value === 'number' ? `<c r="${at}"><v>${value}</v></c>` : `<c r="${at}" s="3"><v>${value.serial}</v></c>`;
}

function text(at: string, value: string, style: number): string {
  const space = /^\s|\s$/.test(value) ? ' xml:space="preserve"' : '';
  return `<c r="${at}"${style ? ` s="${style}"` : ''} t="inlineStr"><is><t${space}>${escape(value)}</t></is></c>`;
}

function column(i: number): string {
  return String.fromCharCode(65 + i);
}

function escape(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
