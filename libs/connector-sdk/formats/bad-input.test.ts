// One table of everything that can be wrong with a file, for every format: over 300 lines because the table is the point.
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { YiciError } from '#libs/kernel/errors';
import { workbookBytes, zipBytes } from '#test/support/zip-bytes';
import type { RawRow, SnapshotFile } from '../row.js';
import { encodeText } from './encode-text.js';
import type { DbfOptions, FormatOptions, ManifestOptions } from './format-options.js';
import { checkManifest, companionText } from './manifests.js';
import { memoryFile } from './memory-file.js';
import { readFormat } from './read-format.js';
import { writeDbf } from './write-dbf.js';

const csv: FormatOptions = { format: 'delimited', encoding: 'gb18030', delimiter: ',', quoting: 'rfc4180', header: true, columns: ['K', 'XM', 'DZ'] };
const utf8: FormatOptions = { ...csv, encoding: 'utf-8' };
const plain: FormatOptions = { ...csv, encoding: 'gbk', quoting: 'none', columns: ['K', 'XM', 'DZ', 'ZT'], free: 'DZ' };
const pipe: FormatOptions = { ...csv, quoting: 'none', delimiter: '|', header: false, columns: ['K', 'SFZH', 'XM', 'DZ'], cutColumn: 'XM', cutBytes: 12 };
const json: FormatOptions = { format: 'json-lines', columns: ['K', 'XM', 'DZ'], maxDepth: 4 };
const xml: FormatOptions = { format: 'xml-records', encoding: 'gbk', recordElement: 'result', rootElement: 'response', columns: ['K', 'XM', 'DZ'] };
const dbf: DbfOptions = { format: 'dbf', columns: [{ name: 'K', type: 'C', width: 4 }, { name: 'XM', type: 'C', width: 5 }, { name: 'CSRQ', type: 'D', width: 8 }, { name: 'ZNS', type: 'N', width: 2, decimals: 0 }] };
const xlsx: FormatOptions = { format: 'workbook', columns: ['K', 'XM', 'DZ'], totalLabel: '合计' };

const gb = (text: string): Buffer => encodeText(text, 'gb18030');
const u8 = (text: string): Buffer => Buffer.from(text, 'utf8');
const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((p) => (typeof p === 'string' ? gb(p) : Buffer.from(p))));
const utf16 = (text: string): Buffer => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);

const xmlFile = (...records: (string | number[])[]): Buffer =>
  bytes('<?xml version="1.0" encoding="GBK"?>\n<response><head><total>2</total></head><body><resultList>\n', ...records, '\n</resultList></body></response>\n');
const result = (key: string, inner = `<XM>张三</XM><DZ/>`): string => `<result><K>${key}</K>${inner}</result>`;

const dbfRows = (...keys: string[]): Buffer => writeDbf(dbf.columns, keys.map((K) => ({ K, XM: '张三', CSRQ: '19620315', ZNS: '1' })), '2026-03-31');
const dbfHeader = 32 * 5 + 1;
const dbfRow = 20;
const patched = (file: Buffer, at: number, ...values: number[]): Buffer => (Buffer.from(values).copy(file, at), file);

const cell = (ref: string, text: string): string => `<c r="${ref}" t="inlineStr"><is><t>${text}</t></is></c>`;
const xrow = (n: number, ...texts: string[]): string => `<row r="${n}">${texts.map((t, i) => cell('ABCDEF'[i]! + n, t)).join('')}</row>`;
const title = xrow(1, '花名册');
const header = xrow(2, 'K', 'XM', 'DZ');

interface Case {
  why: string;
  options: FormatOptions;
  file: Buffer;
  /** Keys (column K) of the rows that live. */
  live?: (string | number)[];
  /** Position and code of the dead rows. */
  dead?: [number, string][];
  voids?: number;
  /** Code of the fault of the whole file. */
  refused?: string;
}

const DRIFT = 'YICI_SNAPSHOT_SCHEMA_DRIFT';
const UNREADABLE = 'YICI_SNAPSHOT_UNREADABLE';

const CASES: Record<string, Case[]> = {
  'CSV with quotes': [
    { why: 'empty', options: csv, file: gb(''), refused: UNREADABLE },
    { why: 'header only', options: csv, file: gb('K,XM,DZ\r\n'), live: [] },
    { why: 'UTF-16', options: csv, file: utf16('K,XM,DZ\r\n1,张三,\r\n'), refused: UNREADABLE },
    { why: 'UTF-16 without mark', options: utf8, file: utf16('K,XM,DZ\r\n').subarray(2), refused: UNREADABLE },
    { why: 'a workbook under its name', options: csv, file: workbookBytes([header]), refused: UNREADABLE },
    { why: 'BOM where UTF-8 is agreed', options: utf8, file: u8('\ufeffK,XM,DZ\r\n1,张三,\r\n'), live: ['1'] },
    { why: 'BOM where GB18030 is agreed', options: csv, file: u8('\ufeffK,XM,DZ\r\n1,张三,\r\n'), refused: UNREADABLE },
    { why: 'broken bytes in the middle', options: csv, file: bytes('K,XM,DZ\r\n1,', [0xff, 0xff], ',\r\n2,李四,\r\n'), live: ['2'], dead: [[1, 'YICI_ROW_BROKEN_BYTES']] },
    { why: 'half a character before the line end', options: csv, file: bytes('K,XM,DZ\r\n1,a,', [0xb2], '\r\n2,李四,\r\n'), live: ['2'], dead: [[1, 'YICI_ROW_BROKEN_BYTES']] },
    { why: 'broken UTF-8', options: utf8, file: Buffer.concat([u8('K,XM,DZ\r\n1,'), Buffer.from([0xe5, 0xbc]), u8(',\r\n2,b,\r\n')]), live: ['2'], dead: [[1, 'YICI_ROW_BROKEN_BYTES']] },
    { why: 'NUL', options: csv, file: gb('K,XM,DZ\r\n1,a\0b,\r\n2,b,\r\n'), live: ['2'], dead: [[1, 'YICI_ROW_NUL_CHARACTER']] },
    { why: 'wrong column count', options: csv, file: gb('K,XM,DZ\r\n1,a\r\n2,b,c\r\n3,a,b,c\r\n'), live: ['2'], dead: [[1, 'YICI_ROW_WRONG_COLUMN_COUNT'], [3, 'YICI_ROW_WRONG_COLUMN_COUNT']] },
    { why: 'duplicate column', options: csv, file: gb('K,XM,XM,DZ\r\n1,a,b,c\r\n'), refused: DRIFT },
    { why: 'renamed column', options: csv, file: gb('K,XM,ZZ\r\n1,a,b\r\n'), refused: DRIFT },
    { why: 'missing column', options: csv, file: gb('K,XM\r\n1,a\r\n'), refused: DRIFT },
    { why: 'new column', options: csv, file: gb('K,XM,DZ,NEW\r\n1,a,b,c\r\n'), refused: DRIFT },
    { why: '__proto__ as a column', options: csv, file: gb('K,XM,DZ,__proto__\r\n1,a,b,c\r\n'), refused: DRIFT },
    { why: 'no header', options: csv, file: gb('1,a,b\r\n2,a,b\r\n'), refused: DRIFT },
    { why: 'reordered columns', options: csv, file: gb('DZ,K,XM\r\nx,1,a\r\n'), live: ['1'] },
    { why: 'unclosed quote', options: csv, file: gb('K,XM,DZ\r\n1,"a,b\r\n2,b,c\r\n3,b,c\r\n'), live: ['2', '3'], dead: [[1, 'YICI_ROW_UNCLOSED_QUOTE']] },
    { why: 'text behind a closing quote', options: csv, file: gb('K,XM,DZ\r\n1,"a"x,b\r\n2,b,c\r\n'), live: ['2'], dead: [[1, 'YICI_ROW_MALFORMED_QUOTES']] },
    { why: 'line end, comma and quote inside quotes', options: csv, file: gb('K,XM,DZ\r\n1,"a\r\n""b"",c",\r\n"2",b,""\r\n3,a"b,c'), live: ['1', '2', '3'] },
  ],
  'CSV without quotes': [
    { why: 'empty', options: plain, file: gb(''), refused: UNREADABLE },
    { why: 'header only', options: plain, file: gb('K,XM,DZ,ZT\r\n'), live: [] },
    { why: 'UTF-16', options: plain, file: utf16('K,XM,DZ,ZT\r\n'), refused: UNREADABLE },
    { why: 'commas in the free column, a quote as text', options: plain, file: gb('K,XM,DZ,ZT\r\n1,"a,路,1号,,2\r\n'), live: ['1'] },
    { why: 'wrong column count', options: plain, file: gb('K,XM,DZ,ZT\r\n1,a,b\r\n2,a,b,1\r\n'), live: ['2'], dead: [[1, 'YICI_ROW_WRONG_COLUMN_COUNT']] },
    { why: 'broken bytes', options: plain, file: bytes('K,XM,DZ,ZT\r\n1,', [0xff], ',b,1\r\n2,a,b,1\r\n'), live: ['2'], dead: [[1, 'YICI_ROW_BROKEN_BYTES']] },
    { why: 'renamed column', options: plain, file: gb('K,XM,ADDR,ZT\r\n1,a,b,1\r\n'), refused: DRIFT },
    { why: 'new column, which the free column must not swallow', options: plain, file: gb('K,XM,DZ,DH,ZT\r\n1,a,b,c,1\r\n'), refused: DRIFT },
  ],
  'text with bars': [
    { why: 'empty', options: pipe, file: gb(''), refused: UNREADABLE },
    { why: 'UTF-16', options: pipe, file: utf16('1|990101196203150315|张三|\n'), refused: UNREADABLE },
    { why: 'a trail byte that is a bar (瀨 is 0x9E 0x7C)', options: pipe, file: bytes('1||', [0x9e, 0x7c], '|x\n'), live: ['1'] },
    { why: 'a name cut inside a character, the bar swallowed', options: pipe, file: bytes('1||阿不都热热x', [0x9e], '|', [0x9e, 0x7c], '路\n2||a|b\n'), live: ['1', '2'] },
    { why: 'a name cut inside a four-byte character', options: pipe, file: bytes('1||阿不都热热', [0x95, 0x32], '|b\n'), live: ['1'] },
    { why: 'one field short without a cut name', options: pipe, file: gb('1||张三\n2||a|b\n'), live: ['2'], dead: [[1, 'YICI_ROW_WRONG_COLUMN_COUNT']] },
    { why: 'broken bytes', options: pipe, file: bytes('1||', [0xff, 0xff, 0xff], '|b\n2||a|b\n'), live: ['2'], dead: [[1, 'YICI_ROW_BROKEN_BYTES']] },
    { why: 'a new column in all rows', options: pipe, file: gb('1||a|b|c\n'.repeat(30)), refused: DRIFT },
    { why: 'a dropped column in all rows', options: pipe, file: gb('1||b\n'.repeat(30)), refused: DRIFT },
  ],
  'JSON lines': [
    { why: 'empty', options: json, file: u8(''), refused: UNREADABLE },
    { why: 'blank lines only', options: json, file: u8('\n\n'), live: [] },
    { why: 'UTF-16', options: json, file: utf16('{"K":1}\n'), refused: UNREADABLE },
    { why: 'BOM', options: json, file: u8('\ufeff{"K":1,"XM":"a","DZ":null}\n'), live: [1] },
    { why: 'broken bytes', options: json, file: Buffer.concat([u8('{"K":1,"XM":"'), Buffer.from([0xff]), u8('","DZ":null}\n{"K":2,"XM":"a","DZ":null}\n')]), live: [2], dead: [[1, 'YICI_ROW_BROKEN_BYTES']] },
    { why: 'a line that ends in the middle', options: json, file: u8('{"K":1,"XM":"a","D\n{"K":2,"XM":"a","DZ":null}'), live: [2], dead: [[1, 'YICI_ROW_MALFORMED_JSON']] },
    { why: 'no object', options: json, file: u8('[1]\n7\nnull\n{"K":2,"XM":"a","DZ":null}\n'), live: [2], dead: [[1, 'YICI_ROW_NOT_AN_OBJECT'], [2, 'YICI_ROW_NOT_AN_OBJECT'], [3, 'YICI_ROW_NOT_AN_OBJECT']] },
    { why: 'an unquoted 18-digit ID', options: json, file: u8('{"K":1,"XM":990101196203150315,"DZ":null}\n{"K":2,"XM":"990101196203150315","DZ":null}\n'), live: [2], dead: [[1, 'YICI_ROW_NUMBER_TOO_LONG']] },
    { why: 'duplicate keys', options: json, file: u8('{"K":1,"XM":"a","DZ":null,"XM":"b"}\n{"K":2,"XM":"\\"XM\\":","DZ":{"K":1}}\n'), live: [2], dead: [[1, 'YICI_ROW_DUPLICATE_KEY']] },
    { why: 'duplicate keys, one escaped', options: json, file: u8('{"K":1,"XM":"a","DZ":null,"\\u0058M":"b"}\n'), live: [], dead: [[1, 'YICI_ROW_DUPLICATE_KEY']] },
    { why: 'very deep JSON', options: json, file: u8(`{"K":1,"XM":${'['.repeat(100_000)}${']'.repeat(100_000)},"DZ":null}\n{"K":2,"XM":"[[[[[[","DZ":[[[1]]]}\n`), live: [2], dead: [[1, 'YICI_ROW_TOO_DEEP']] },
    { why: '__proto__ and constructor', options: json, file: u8('{"K":1,"XM":"a","DZ":null,"__proto__":{"polluted":1}}\n{"K":2,"XM":"a","DZ":null}\n{"K":3,"XM":"a","DZ":null,"constructor":1}\n'), live: [2], dead: [[1, 'YICI_ROW_UNKNOWN_COLUMN'], [3, 'YICI_ROW_UNKNOWN_COLUMN']] },
    { why: 'NUL and half a surrogate pair as escapes', options: json, file: u8('{"K":1,"XM":"a\\u0000","DZ":null}\n{"K":2,"XM":"\\ud842","DZ":null}\n{"K":3,"XM":"\\ud842\\udfb7\\u4e09","DZ":null}\n'), live: [3], dead: [[1, 'YICI_ROW_NUL_CHARACTER'], [2, 'YICI_ROW_NUL_CHARACTER']] },
    { why: 'renamed column', options: json, file: u8('{"K":1,"NAME":"a","DZ":null}\n{"K":2,"NAME":"a","DZ":null}\n'), refused: DRIFT },
    { why: 'missing column', options: json, file: u8('{"K":1,"XM":"a"}\n{"K":2,"XM":"a"}\n'), refused: DRIFT },
    { why: 'new column', options: json, file: u8('{"K":1,"XM":"a","DZ":null,"N":1}\n{"K":2,"XM":"a","DZ":null,"N":null}\n'), refused: DRIFT },
    { why: 'reordered columns', options: json, file: u8('{"DZ":null,"K":1,"XM":"a"}\n'), live: [1] },
    { why: 'a record that lacks a field', options: json, file: u8('{"K":1,"XM":"a"}\n{"K":2,"XM":"a","DZ":"b"}\n'), live: [1, 2] },
  ],
  XML: [
    { why: 'empty', options: xml, file: gb(''), refused: UNREADABLE },
    { why: 'no record', options: xml, file: xmlFile(), live: [] },
    { why: 'UTF-16', options: xml, file: utf16('<?xml version="1.0"?><response/>'), refused: UNREADABLE },
    { why: 'no XML', options: xml, file: gb('K,XM,DZ\r\n'), refused: UNREADABLE },
    { why: 'another encoding declared', options: xml, file: gb('<?xml version="1.0" encoding="UTF-8"?><response></response>'), refused: UNREADABLE },
    { why: 'another root', options: xml, file: gb('<ehrList></ehrList>'), refused: DRIFT },
    { why: 'broken bytes in the middle', options: xml, file: xmlFile(result('1'), '<result><K>2</K><XM>', [0xff, 0xff], '</XM><DZ/></result>', result('3')), live: ['1', '3'], dead: [[2, 'YICI_ROW_BROKEN_BYTES']] },
    { why: 'half a character before a tag', options: xml, file: xmlFile('<result><K>1</K><XM>', [0xb2], '</XM><DZ/></result>', result('2')), live: ['2'], dead: [[1, 'YICI_ROW_BROKEN_BYTES']] },
    { why: 'a malformed record', options: xml, file: xmlFile(result('1', '<XM>a<DZ/>'), result('2')), live: ['2'], dead: [[1, 'YICI_ROW_MALFORMED_XML']] },
    { why: 'an unclosed record', options: xml, file: xmlFile('<result><K>1</K><XM>a</XM>', result('2')), live: ['2'], dead: [[1, 'YICI_ROW_MALFORMED_XML']] },
    { why: 'a record of another shape', options: xml, file: xmlFile(result('1'), '<result><ERR>timeout</ERR></result>', '<result/>'), live: ['1'], dead: [[2, 'YICI_ROW_UNKNOWN_COLUMN']] },
    { why: 'an element twice', options: xml, file: xmlFile(result('1', '<XM>a</XM><XM>b</XM><DZ/>'), result('2')), live: ['2'], dead: [[1, 'YICI_ROW_DUPLICATE_KEY']] },
    { why: '__proto__', options: xml, file: xmlFile(result('1', '<XM>a</XM><DZ/><__proto__>x</__proto__>'), result('2')), live: ['2'], dead: [[1, 'YICI_ROW_UNKNOWN_COLUMN']] },
    { why: 'an unknown entity', options: xml, file: xmlFile(result('1', '<XM>&lol;</XM><DZ/>'), result('2', '<XM>&#24352;&amp;</XM><DZ/>')), live: ['2'], dead: [[1, 'YICI_ROW_MALFORMED_XML']] },
    { why: 'an entity bomb', options: xml, file: gb('<?xml version="1.0" encoding="GBK"?><!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><response><result><K>&b;</K></result></response>'), refused: UNREADABLE },
    { why: 'stray content between records', options: xml, file: xmlFile(result('1'), 'oops', result('2')), live: ['1', '2'], dead: [[2, 'YICI_ROW_STRAY_CONTENT']] },
    { why: 'cut off in a record', options: xml, file: xmlFile(result('1'), result('2')).subarray(0, -60), live: ['1'], dead: [[2, 'YICI_ROW_MALFORMED_XML']] },
    { why: 'cut off behind a record', options: xml, file: xmlFile(result('1')).subarray(0, -20), live: ['1'], dead: [[2, 'YICI_ROW_TRUNCATED']] },
    { why: 'renamed column', options: xml, file: xmlFile(result('1', '<NAME>a</NAME><DZ/>'), result('2', '<NAME>a</NAME><DZ/>')), refused: DRIFT },
    { why: 'missing column', options: xml, file: xmlFile(result('1', '<XM>a</XM>'), result('2', '<XM>a</XM>')), refused: DRIFT },
    { why: 'new column', options: xml, file: xmlFile(result('1', '<XM>a</XM><DZ/><N/>'), result('2', '<XM>a</XM><DZ/><N/>')), refused: DRIFT },
    { why: 'reordered columns', options: xml, file: xmlFile('<result><DZ/><XM>a</XM><K>1</K></result>'), live: ['1'] },
  ],
  DBF: [
    { why: 'empty', options: dbf, file: Buffer.alloc(0), refused: UNREADABLE },
    { why: 'header only', options: dbf, file: dbfRows(), live: [] },
    { why: 'UTF-16', options: dbf, file: utf16('K,XM,CSRQ,ZNS plus enough text to be a header'), refused: UNREADABLE },
    { why: 'another code page', options: dbf, file: patched(dbfRows('1'), 29, 0x03), refused: UNREADABLE },
    { why: 'cut off in its header', options: dbf, file: dbfRows('1').subarray(0, 100), refused: UNREADABLE },
    { why: 'broken bytes', options: dbf, file: patched(dbfRows('1', '2'), dbfHeader + 5, 0xff), live: ['2'], dead: [[1, 'YICI_ROW_BROKEN_BYTES']] },
    { why: 'a name cut inside a character', options: dbf, file: patched(dbfRows('1'), dbfHeader + 9, 0xb2), live: ['1'] },
    { why: 'half a character before padding', options: dbf, file: patched(dbfRows('1', '2'), dbfHeader + 8, 0x20), live: ['2'], dead: [[1, 'YICI_ROW_BROKEN_BYTES']] },
    { why: 'a deleted row', options: dbf, file: patched(dbfRows('1', '2'), dbfHeader, 0x2a), live: ['2'], voids: 1 },
    { why: 'an unknown row mark', options: dbf, file: patched(dbfRows('1', '2'), dbfHeader, 0x41), live: ['2'], dead: [[1, 'YICI_ROW_UNKNOWN_MARK']] },
    { why: 'cut off in a row', options: dbf, file: dbfRows('1', '2').subarray(0, dbfHeader + dbfRow + 7), live: ['1'], dead: [[2, 'YICI_ROW_TRUNCATED']] },
    { why: 'more rows than the header names', options: dbf, file: patched(dbfRows('1', '2'), 4, 1), live: ['1'], dead: [[2, 'YICI_ROW_BEYOND_COUNT']] },
    { why: 'renamed column', options: dbf, file: patched(dbfRows('1'), 64, 0x58, 0x58), refused: DRIFT },
    { why: 'another width', options: { ...dbf, columns: dbf.columns.map((c) => (c.name === 'XM' ? { ...c, width: 9 } : c)) }, file: dbfRows('1'), refused: DRIFT },
    { why: 'missing column', options: { ...dbf, columns: [...dbf.columns, { name: 'LXDH', type: 'C', width: 20 }] }, file: dbfRows('1'), refused: DRIFT },
    { why: 'new column', options: { ...dbf, columns: dbf.columns.slice(0, 3) }, file: dbfRows('1'), refused: DRIFT },
    { why: 'reordered columns', options: { ...dbf, columns: [...dbf.columns].reverse() }, file: dbfRows('1'), live: ['1'] },
  ],
  workbook: [
    { why: 'empty', options: xlsx, file: Buffer.alloc(0), refused: UNREADABLE },
    { why: 'header only', options: xlsx, file: workbookBytes([title + header, '']), live: [] },
    { why: 'legacy .xls', options: xlsx, file: Buffer.from('d0cf11e0a1b11ae10000', 'hex'), refused: UNREADABLE },
    { why: 'no zip', options: xlsx, file: utf16('K,XM,DZ'), refused: UNREADABLE },
    { why: 'a cut zip', options: xlsx, file: workbookBytes([title + header]).subarray(0, 300), refused: UNREADABLE },
    { why: 'another zip', options: xlsx, file: zipBytes({ 'a.txt': 'a' }), refused: UNREADABLE },
    { why: 'a zip bomb that says so', options: xlsx, file: workbookBytes([title + header + `<row r="3"><c r="A3" t="inlineStr"><is><t>${' '.repeat(20_000_000)}</t></is></c></row>`]), refused: UNREADABLE },
    { why: 'a zip bomb that lies', options: xlsx, file: zipBytes({ 'xl/workbook.xml': ' '.repeat(5_000_000), 'xl/_rels/workbook.xml.rels': '' }, { 'xl/workbook.xml': 100 }), refused: UNREADABLE },
    { why: 'an entity bomb', options: xlsx, file: workbookBytes([title], [], { 'xl/worksheets/sheet1.xml': '<!DOCTYPE w [<!ENTITY a "aaaa">]><worksheet><sheetData><row/></sheetData></worksheet>' }), refused: UNREADABLE },
    { why: 'an entity bomb in the shared texts', options: xlsx, file: workbookBytes([title], ['a'], { 'xl/sharedStrings.xml': '<!DOCTYPE w [<!ENTITY a "aaaa">]><sst><si><t>&a;</t></si></sst>' }), refused: UNREADABLE },
    { why: 'total rows, numbers, an empty row, two sheets in two orders', options: xlsx, file: workbookBytes([
      title + header + '<row r="3"><c r="A3"><v>990101196203150000</v></c><c r="B3" t="s"><v>0</v></c></row><row r="4"/>' + xrow(5, '合计', '1'),
      xrow(1, 'DZ', 'XM', 'K') + xrow(2, 'x', 'y', '2'),
    ], ['张三']), live: [990101196203150000, '2'], voids: 1 },
    { why: 'an unknown shared text', options: xlsx, file: workbookBytes([title + header + '<row r="3"><c r="A3" t="s"><v>9</v></c></row>' + xrow(4, '2')]), live: ['2'], dead: [[1, 'YICI_ROW_MALFORMED_XML']] },
    { why: 'a damaged row', options: xlsx, file: workbookBytes([title + header + '<row r="3"><c r="A3"><v>1</row>' + xrow(4, '2')]), live: ['2'], dead: [[1, 'YICI_ROW_MALFORMED_XML']] },
    { why: 'a value beside the columns', options: xlsx, file: workbookBytes([title + header + xrow(3, '1', 'a', 'b', 'c') + xrow(4, '2')]), live: ['2'], dead: [[1, 'YICI_ROW_WRONG_COLUMN_COUNT']] },
    { why: 'duplicate column', options: xlsx, file: workbookBytes([title + xrow(2, 'K', 'XM', 'XM', 'DZ')]), refused: DRIFT },
    { why: 'renamed column', options: xlsx, file: workbookBytes([title + xrow(2, 'K', 'XM', 'ADDR')]), refused: DRIFT },
    { why: 'missing column', options: xlsx, file: workbookBytes([title + xrow(2, 'K', 'XM')]), refused: DRIFT },
    { why: 'new column', options: xlsx, file: workbookBytes([title + xrow(2, 'K', 'XM', 'DZ', '__proto__')]), refused: DRIFT },
    { why: 'no header', options: xlsx, file: workbookBytes([title + xrow(2, '1', 'a', 'b')]), refused: DRIFT },
  ],
};

async function read(file: SnapshotFile, options: FormatOptions): Promise<RawRow[]> {
  const rows: RawRow[] = [];
  for await (const batch of readFormat(file, options)) rows.push(...batch);
  return rows;
}

for (const [format, cases] of Object.entries(CASES)) {
  describe(format, () => {
    it.each(cases)('$why', async ({ options, file, live, dead = [], voids = 0, refused }) => {
      const reading = read(memoryFile('file', file), options);
      if (refused) {
        const error = await reading.then(() => undefined, (e: unknown) => e);
        expect(error).toBeInstanceOf(YiciError);
        expect(error).toMatchObject({ code: refused, fix: expect.stringContaining(' ') });
        return;
      }
      const rows = await reading;
      expect(rows.flatMap((r) => (r.kind === 'row' ? [r.values['K']] : []))).toEqual(live);
      expect(rows.flatMap((r) => (r.kind === 'dead' ? [[r.position, r.code]] : []))).toEqual(dead);
      expect(rows.filter((r) => r.kind === 'void')).toHaveLength(voids);
      expect(({} as { polluted?: number }).polluted).toBeUndefined();
      // A dead row keeps its own bytes: they stand in the file as they are (a workbook's rows are inside the zip).
      if (options.format !== 'workbook') for (const r of rows) expect(file.includes(Buffer.from(r.bytes))).toBe(true);
    });
  });
}

describe('cut columns', () => {
  it('marks what was cut and keeps the whole characters', async () => {
    const [first] = await read(memoryFile('f', bytes('1||阿不都热热x', [0x9e], '|', [0x9e, 0x7c], '路\n')), pipe);
    expect(first).toMatchObject({ kind: 'row', values: { XM: '阿不都热热x', DZ: '瀨路' }, cut: ['XM'] });
    const [row] = await read(memoryFile('f', patched(dbfRows('1'), dbfHeader + 9, 0xb2)), dbf);
    expect(row).toMatchObject({ kind: 'row', values: { XM: '张三', CSRQ: '19620315', ZNS: '1' }, cut: ['XM'] });
  });
});

describe('a 50 MB quote', () => {
  const endless = (beginning: string, piece: string, ending: string): SnapshotFile => ({
    name: 'big.csv',
    bytes: 50_000_000,
    beside: () => undefined,
    open: () => Readable.from((function* () {
      yield Buffer.from(beginning);
      for (let i = 0; i < 800; i++) yield Buffer.alloc(65_536, piece);
      yield Buffer.from(ending);
    })(), { objectMode: false }),
  });

  it.each([
    ['without a line end: its beginning is kept', csv, 'K,XM,DZ\r\n1,"', 'x', '\r\n2,b,c\r\n', 'YICI_ROW_TOO_LONG', 1, 1024 * 1024],
    ['over short lines: each has its own fate', csv, 'K,XM,DZ\r\n1,"a\r\n', `7,b,${'c'.repeat(1018)}\r\n`, '\r\n', 'YICI_ROW_UNCLOSED_QUOTE', 51_200, 4],
    ['in JSON', json, '{"K":1,"XM":"', 'x', '"}\n{"K":2,"XM":"a","DZ":null}\n', 'YICI_ROW_TOO_LONG', 1, 1024 * 1024],
    ['in XML', xml, '<response>\n<result><K>1</K><XM>', 'x', '</XM><DZ/></result>\n' + result('2', '<XM/><DZ/>') + '</response>', 'YICI_ROW_TOO_LONG', 1, 1024 * 1024],
  ] as [string, FormatOptions, string, string, string, string, number, number][])('%s', async (_, options, beginning, piece, ending, code, live, kept) => {
    let largest = 0;
    let peak = 0;
    let alive = 0;
    const dead: RawRow[] = [];
    const before = process.memoryUsage().arrayBuffers;
    for await (const batch of readFormat(endless(beginning, piece, ending), options)) {
      largest = Math.max(largest, batch.reduce((sum, r) => sum + r.bytes.length, 0));
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
      for (const r of batch) {
        if (r.kind === 'dead' && dead.length < 10) dead.push(r);
        else if (r.kind === 'row') alive += 1;
      }
    }
    expect(dead[0]).toMatchObject({ position: 1, code });
    expect(dead[0]!.bytes.length).toBe(kept);
    expect(alive).toBe(live);
    expect(largest).toBeLessThan(6 * 1024 * 1024);
    expect(peak).toBeLessThan(96 * 1024 * 1024);
  });
});

describe('manifests', () => {
  const ok: ManifestOptions = { kind: 'companion', extension: '.OK', lines: ['count', 'sm3'] };
  const end: ManifestOptions = { kind: 'companion', extension: '.END', lines: ['count'] };
  const total: ManifestOptions = { kind: 'total', element: 'total' };
  const data = gb('K,XM,DZ,ZT\r\n1,a,b,1\r\nmalformed\r\n');
  const records = xmlFile(result('1'), result('2'));

  it.each([
    ['fits', ok, [memoryFile('C.csv', data, { 'C.OK': u8(companionText(2, data)) })], plain],
    ['has no line end and upper-case hex', ok, [memoryFile('C.csv', data, { 'C.OK': u8(companionText(2, data).toUpperCase().trim()) })], plain],
    ['counts alone', end, [memoryFile('G.txt', gb('1||a|b\n2||a|b'), { 'G.END': u8('2\n') })], pipe],
    ['is a total over all files', total, [memoryFile('L1.xml', xmlFile(result('1'))), memoryFile('L2.xml', xmlFile('<result><ERR/></result>'))], xml],
  ] as [string, ManifestOptions, SnapshotFile[], FormatOptions][])('%s', async (_, manifest, files, options) => {
    await expect(checkManifest(files, manifest, options)).resolves.toBeUndefined();
  });

  it.each([
    ['is missing', ok, [memoryFile('C.csv', data)], plain],
    ['is empty', ok, [memoryFile('C.csv', data, { 'C.OK': u8('') })], plain],
    ['counts otherwise', ok, [memoryFile('C.csv', data, { 'C.OK': u8(companionText(1, data)) })], plain],
    ['has another digest', ok, [memoryFile('C.csv', data, { 'C.OK': u8(companionText(2, gb('other'))) })], plain],
    ['has no digest', ok, [memoryFile('C.csv', data, { 'C.OK': u8('2\n') })], plain],
    ['is far too large', end, [memoryFile('G.txt', gb('1||a|b\n'), { 'G.END': Buffer.alloc(10_000, '1') })], pipe],
    ['counts rows that were cut off', end, [memoryFile('G.txt', gb('1||a|b\n'), { 'G.END': u8('2') })], pipe],
    ['total of two exports', total, [memoryFile('L1.xml', records), memoryFile('L2.xml', Buffer.from(records.toString('latin1').replace('<total>2', '<total>3'), 'latin1'))], xml],
    ['total beyond the files', total, [memoryFile('L1.xml', xmlFile(result('1')))], xml],
    ['no total', total, [memoryFile('L1.xml', gb('<response></response>'))], xml],
  ] as [string, ManifestOptions, SnapshotFile[], FormatOptions][])('is not ready when it %s', async (_, manifest, files, options) => {
    await expect(checkManifest(files, manifest, options)).rejects.toMatchObject({ code: 'YICI_SNAPSHOT_NOT_READY', retriable: true });
  });
});
