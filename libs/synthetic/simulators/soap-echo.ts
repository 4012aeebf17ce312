import { cutBytes, encodeGbk } from '../formats/gb-encoding.js';

/** What a column holds, as far as its system has a way of its own to spell it. */
export type EchoKind = 'name' | 'citizenId' | 'phone' | 'address';

/** Bytes in GBK at which a system that cuts, cuts a name. */
const NAME_BYTES = 12;

/** What was written, spelt and cut the system's own way: what a hub gets back that takes every text for a change. */
export function respelt(columns: Readonly<Record<string, string>>, kinds: Readonly<Record<string, EchoKind>>): Record<string, string> {
  return Object.fromEntries(Object.entries(columns).map(([column, text]) => {
    const kind = kinds[column];
    return [column, kind === undefined || text === '' ? text : SPELLINGS[kind](text)];
  }));
}

const SPELLINGS: Readonly<Record<EchoKind, (text: string) => string>> = {
  // Two characters are set apart to the width of three; longer ones are cut where the column ends.
  name: (text) => ([...text].length === 2 ? [...text].join('\u3000') : cut(text, NAME_BYTES)),
  citizenId: (text) => text.replace('X', 'x'),
  phone: (text) => (/^1\d{10}$/.test(text) ? `+86 ${text.slice(0, 3)} ${text.slice(3, 7)} ${text.slice(7)}` : text),
  address: (text) => text.replace(/(\d+)(?:幢|栋|号楼)/, '$1#').replace(/室$/, '').replaceAll(/\d/g, (d) => String.fromCharCode(d.charCodeAt(0) + 0xfee0)),
};

function cut(text: string, width: number): string {
  let kept = '';
  for (const character of text) {
    if (cutBytes(encodeGbk(kept + character), width).length < encodeGbk(kept + character).length) break;
    kept += character;
  }
  return kept;
}
