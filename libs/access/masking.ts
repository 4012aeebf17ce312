/** Fields whose text is a code of a place or a table, long but nobody's. */
const PLACE_CODES = new Set(['division', 'dwellingCode', 'place', 'residenceType', 'branch']);
/** Fields under which every text identifies somebody, whatever it looks like. */
const IDENTIFYING = new Set(['citizenId', 'headCitizenId', 'otherIdentifiers', 'phones']);
/** Words that describe an identifier and are no part of it. */
const DESCRIBING = new Set(['status', 'kind', 'holder', 'from', 'to', 'verified', 'upgraded']);

/**
 * A copy in which citizen IDs, other identifiers and phones keep only their first digits: the region of an ID, the network of
 * a phone. The last digits go first, because region, birth date and last digits together are the whole ID. Any run of seven or
 * more digits elsewhere (free text, raw values, keys) is masked as well, except codes of places.
 */
export function masked<T>(value: T): T {
  return maskedUnder(value, undefined, false) as T;
}

function maskedUnder(value: unknown, field: string | undefined, identifying: boolean): unknown {
  if (typeof value === 'string') {
    if (field !== undefined && (PLACE_CODES.has(field) || (identifying && DESCRIBING.has(field)))) return value;
    return identifying ? maskText(value) : value.replace(/\d{7,}[\dXx*]*/g, maskText);
  }
  if (Array.isArray(value)) return value.map((item) => maskedUnder(item, field, identifying));
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) copy[key] = maskedUnder(inner, key, identifying || IDENTIFYING.has(key));
  return copy;
}

function maskText(text: string): string {
  const shown = /^\d{15,}/.test(text) ? 6 : 3;
  return text.length <= shown ? '*'.repeat(text.length) : text.slice(0, shown) + '*'.repeat(text.length - shown);
}
