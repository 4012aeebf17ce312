import { createRequire } from 'node:module';

const ethnic = createRequire(import.meta.url)('#schemas/codes/ethnic-group.json') as { codes: Readonly<Record<string, string>> };

/** 汉族 for 01 (GB/T 3304). */
export function ethnicLabel(code: string): string {
  return ethnic.codes[code] ?? '其他';
}

const SCHOOL_WORDS: Readonly<Record<string, string>> = { '14': '研究生', '21': '大学本科', '31': '大专', '41': '中专', '61': '高中', '71': '初中', '80': '小学', '81': '小学' };

/** Everyday word for a code of GB/T 4658-2006, as spreadsheets have it. */
export function schoolWord(code: string): string {
  return SCHOOL_WORDS[code] ?? '其他';
}
