/**
 * Folding shared by the readers of this room: full-width and circled forms (NFKC), invisible characters, and the
 * private-use code points that GBK decoders give for some rare characters.
 */

/**
 * The 80 two-byte GBK codes 0xFE50–0xFEA0 (without 0xFE7F) that decoders map to U+E815–U+E864 in this order, with the
 * Unicode character each stands for today (GB 18030-2022; collected in whatwg/encoding#27). 0xFE9F → U+4DAE is among them.
 */
const GBK_PRIVATE_USE_START = 0xe815;
const GBK_PRIVATE_USE = Array.from(
  '⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖䅟⺮䌷⺳⺶⺷𢦏䎱䎬⺻䏝䓖䙡䙌龹䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻',
);

const PLAIN = /^[\x20-\x7e\u4e00-\u9fff]*$/u;
const PRIVATE_USE = /[\ue000-\uf8ff]/u;
const PRIVATE_USE_ALL = /[\ue815-\ue864]/gu;
const INVISIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]|\p{Variation_Selector}/gu;

/** The Unicode character of each known GBK private-use code point; others stay. */
export function mapPrivateUse(text: string): string {
  if (!PRIVATE_USE.test(text)) return text;
  return text.replace(PRIVATE_USE_ALL, (c) => GBK_PRIVATE_USE[c.charCodeAt(0) - GBK_PRIVATE_USE_START] ?? c);
}

/** NFKC, private use mapped, control and invisible characters (BOM, zero width, variation selectors) gone, outer spaces trimmed. */
export function foldText(raw: string): string {
  if (PLAIN.test(raw)) return raw.trim();
  return mapPrivateUse(raw).normalize('NFKC').replace(INVISIBLE, '').trim();
}
