import { codeTable } from '#libs/values/code-tables';
import type { CodeMap } from './code-map.js';
import type { CodeRule } from './mapping-in.js';
import type { Sink } from './sink.js';

/** In a code file: the source uses this code for two meanings, so it is kept raw and not used. */
const AMBIGUOUS = '?';

/** Canonical code of a source code. Undefined with a doubt in the sink when it is unknown; never a default. */
export type CodeReader = (text: string, field: string, sink: Sink) => string | undefined;

/** Tables named by the folder; unknown names are pushed to `faults`. */
export function codeReader(rule: CodeRule, maps: ReadonlyMap<string, CodeMap>, where: string, faults: string[]): CodeReader {
  const map = rule.map === undefined ? undefined : maps.get(rule.map)?.in;
  if (rule.map !== undefined && map === undefined) faults.push(`${where}: there is no codes/${rule.map}.csv`);
  if (rule.map === undefined && rule.table === undefined) faults.push(`${where}: a code needs a map, a national table or both`);
  const table = rule.table === undefined ? undefined : nationalTable(rule.table, where, faults);
  if (rule.labels && table === undefined) faults.push(`${where}: labels are looked up in a national table: name one`);
  return (text, field, sink) => {
    if (text === '') return undefined;
    let code = map?.get(text);
    if (code === undefined && table !== undefined) code = table.has(text) ? text : rule.labels ? table.codeOf(text) : undefined;
    if (code === undefined) {
      sink.doubt(field, 'YICI_VALUE_UNKNOWN_CODE', text);
      return undefined;
    }
    if (code === AMBIGUOUS) {
      sink.doubt(field, 'YICI_VALUE_AMBIGUOUS_CODE', text);
      return undefined;
    }
    if (code === '') return undefined;
    if (code !== text) sink.keep(field, text);
    return code;
  };
}

/** The national table of that name; a fault when there is none. */
export function nationalTable(name: string, where: string, faults: string[]): ReturnType<typeof codeTable> | undefined {
  try {
    return codeTable(name as Parameters<typeof codeTable>[0]);
  } catch {
    faults.push(`${where}: there is no national code table ${name}`);
    return undefined;
  }
}
