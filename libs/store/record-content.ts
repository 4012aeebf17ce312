import type { AnySourceRecord } from '#libs/model/source-record';

/** What of a source record is content: no time, no order, no origin. */
export type RecordContent = Pick<AnySourceRecord, 'state' | 'test' | 'body' | 'raw' | 'issues' | 'legacy' | 'hubOrigin' | 'ownValues' | 'settles'>;

/** JSON with sorted keys and without undefined: equal content gives equal text, whatever made it. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += text ? `,${canonicalJson(item)}` : canonicalJson(item);
    return `[${text}]`;
  }
  const object = value as Record<string, unknown>;
  const keys = Object.keys(object);
  if (keys.length > 1) keys.sort();
  for (const key of keys) {
    const item = object[key];
    if (item !== undefined) text += `${text ? ',' : ''}${JSON.stringify(key)}:${canonicalJson(item)}`;
  }
  return `{${text}}`;
}

/** The text two versions of one record are compared by when their source gives both the same order at the same time. */
export function contentText(record: AnySourceRecord): string {
  const { state, test, body, raw, issues, legacy, hubOrigin, ownValues, settles } = record;
  return canonicalJson({ state, test: test ?? false, body, raw, issues, legacy, hubOrigin, ownValues, settles } satisfies RecordContent);
}

/**
 * Which of two versions of one record stands: by the source's own order (code units); then, since clocks of one second give two
 * changes the same order, the one that was seen later; then, of one reading, by content, so that every arrival order ends the
 * same. Positive when `a` stands.
 */
export function compareVersions(a: AnySourceRecord, b: AnySourceRecord): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  const seen = Date.parse(a.observedAt) - Date.parse(b.observedAt);
  if (seen !== 0) return seen;
  const x = contentText(a);
  const y = contentText(b);
  return x === y ? 0 : x < y ? -1 : 1;
}
