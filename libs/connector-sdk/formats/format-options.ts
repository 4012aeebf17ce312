/**
 * How a snapshot file is read: the part of `connector.yaml` that a format reader needs. Every option is data;
 * `columns` always names every column the system has agreed to send (schema drift is measured against it).
 */
export type FormatOptions = DelimitedOptions | JsonLinesOptions | XmlRecordsOptions | DbfOptions | WorkbookOptions;

/** `gbk` and `gb18030` are both read with a GB18030 decoder; they differ when text is written. */
export type TextEncoding = 'gb18030' | 'gbk' | 'utf-8';

interface RecordLimit {
  /** Bytes one record may have; a longer one is dead (it ends at its own line). Default 1 MiB. */
  maxRecordBytes?: number;
}

/** Values are texts; an empty field is `''`. */
export interface DelimitedOptions extends RecordLimit {
  format: 'delimited';
  encoding: TextEncoding;
  delimiter: ',' | '|';
  /** `rfc4180`: fields may be quoted; `none`: a quote is a character like any other. */
  quoting: 'rfc4180' | 'none';
  /** With a header columns may come in any order; without one, `columns` is the order. */
  header: boolean;
  columns: readonly string[];
  /** Unquoted only: the one column whose text may hold the delimiter; the others are counted from both ends. */
  free?: string;
  /** Unquoted only: a column cut at `cutBytes` bytes, whose half character may have swallowed the delimiter after it. */
  cutColumn?: string;
  cutBytes?: number;
}

/** Values keep their JSON type. A record whose number has 16 or more digits is dead: the digits are already lost to any reader. */
export interface JsonLinesOptions extends RecordLimit {
  format: 'json-lines';
  columns: readonly string[];
  /** Nesting a record may have. Default 16. */
  maxDepth?: number;
}

/**
 * Values are texts. Column names: `LSH` the text of the child `LSH`; `@archiveNo` an attribute of the record element;
 * `gender@code` an attribute of a child; `a/b` the text of a grandchild.
 */
export interface XmlRecordsOptions extends RecordLimit {
  format: 'xml-records';
  encoding: TextEncoding;
  recordElement: string;
  /** Outermost element; another one means another kind of file. */
  rootElement?: string;
  columns: readonly string[];
}

/** Values are texts without their padding. Column types as in the file: C text, D yyyyMMdd, N number, L logical. */
export interface DbfOptions {
  format: 'dbf';
  columns: readonly DbfColumn[];
}

export interface DbfColumn {
  name: string;
  type: 'C' | 'D' | 'N' | 'L';
  /** Bytes. */
  width: number;
  decimals?: number;
}

/** Every sheet is read. Text cells are texts, number cells (date serials too) are numbers, an empty cell is `''`. */
export interface WorkbookOptions extends RecordLimit {
  format: 'workbook';
  columns: readonly string[];
  /** A row whose first filled cell holds this label is a total, no record. */
  totalLabel?: string;
  /** How many rows from the top the header may stand in (title rows above it are skipped). Default 5. */
  headerWithin?: number;
}

/** A file beside each data file that says it is complete, or a total inside the files. Checked before anything is read. */
export type ManifestOptions = CompanionManifest | TotalManifest;

export interface CompanionManifest {
  kind: 'companion';
  /** Replaces the data file's extension: `.OK`, `.END`. */
  extension: string;
  /** What each line of it holds. `count`: data rows, malformed ones included, header not. `sm3`: hex SM3 of the data file. */
  lines: readonly ('count' | 'sm3')[];
}

export interface TotalManifest {
  kind: 'total';
  /** Element of each file that holds the number of records in all files of the snapshot together. */
  element: string;
}
