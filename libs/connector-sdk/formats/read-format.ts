import type { RawRow, SnapshotFile } from '../row.js';
import { readDbf } from './dbf.js';
import { readDelimited } from './delimited.js';
import type { FormatOptions } from './format-options.js';
import { readJsonLines } from './json-lines.js';
import { readWorkbook } from './workbook.js';
import { readXmlRecords } from './xml-records.js';

/** Streams the data rows of one file in the agreed format. Throws what its reader throws. */
export function readFormat(file: SnapshotFile, options: FormatOptions): AsyncIterable<RawRow[]> {
  switch (options.format) {
    case 'delimited':
      return readDelimited(file, options);
    case 'json-lines':
      return readJsonLines(file, options);
    case 'xml-records':
      return readXmlRecords(file, options);
    case 'dbf':
      return readDbf(file, options);
    case 'workbook':
      return readWorkbook(file, options);
  }
}
