import { surname } from './surnames.js';

export interface NameNotes {
  /** The name without notes; a bracket that stands for one unreadable character stays, as `(…)`. */
  text: string;
  aliases: { text: string; nickname: boolean }[];
}

const BRACKET = /\s*[([{<〔【〖《「][^()[\]{}<>〔〕【】〖〗《》「」]*[)\]}>〕】〗》」]\s*/gu;
/** A note whose end the column's width cut off. */
const UNCLOSED = /[([{<〔【〖《「]([^)\]}>〕】〗》」]*)$/u;
const OPENING = /[([{<〔【〖《「]/gu;
const HAS_BRACKET = /[([{<〔【〖《「]/u;
const LABEL = /^(?:曾用名|原名|又名|别名|化名|曾用|旧名|现名|本名|艺名|学名|亦名|也叫|又叫|aka)[:：为是]?/iu;
const NICKNAME_LABEL = /^(?:小名|乳名|昵称|外号|绰号|微信名?)[:：为是]?/u;
/** The same labels without brackets: `张三曾用名李四`. */
const INLINE_LABEL = /^(.{2,}?)[\s,，、;；]*(?:曾用名|原名|又名|别名)[:：为是]?(.{2,})$/u;
const HAN_NAME = /^\p{Script=Han}{2,4}$/u;
const HAN_LONG = /^\p{Script=Han}[\p{Script=Han}·•‧・.]{1,29}$/u;
const COMPONENT_TEXT = /^\p{Script=Han}{1,3}$|^[a-zü\u00e0-\u01dc]{1,6}$|^[+⿰-⿻\p{Script=Han}]{2,6}$/iu;
/** Notes that distinguish namesakes or tell a state; they name nobody. */
const PLAIN_NOTE = /^(?:大|小|老|男|女|父|母|子|夫|妻|户主|已故|已亡|去世|死亡|亡|故|注销|迁出|外地|本人|新|旧|残疾?|聋哑?|双胞胎|同名|重名|[甲乙丙丁一二三四1-9])$/u;

/**
 * Takes bracket notes out of a name text (already folded, so brackets are half-width or CJK).
 * `张三(小)` → 张三; `张三(曾用名李四)` → 张三 + alias 李四; `王(龙天)` keeps its bracket: components of one character.
 */
export function splitBracketNotes(text: string): NameNotes {
  const aliases: NameNotes['aliases'] = [];
  if (!HAS_BRACKET.test(text)) {
    const inline = INLINE_LABEL.exec(text);
    if (inline === null) return { text, aliases };
    return { text: (inline[1] ?? '').trim(), aliases: [{ text: (inline[2] ?? '').trim(), nickname: false }] };
  }
  const closed = text.replace(UNCLOSED, (_all, note: string) => `(${note.replace(OPENING, '')})`);
  const bare = closed.replace(BRACKET, '');
  const kept = closed.replace(BRACKET, (all, offset: number) => {
    const note = all.trim().replace(/^./u, '').replace(/[)\]}>〕】〗》」]$/u, '').trim();
    const inside = /\p{Script=Han}/u.test(closed.slice(offset + all.length));
    if (standsForCharacter(bare, note, inside)) return `(${note})`;
    const alias = aliasOf(note, bare);
    if (alias !== undefined) aliases.push(alias);
    return '';
  });
  if (kept === text || !HAS_BRACKET.test(kept)) return { text: kept, aliases };
  // Nested notes come off layer by layer; each pass is shorter or the last.
  const inner = splitBracketNotes(kept);
  return { text: inner.text, aliases: [...aliases, ...inner.aliases] };
}

/** Only a surname (or the start of a longer text) before the bracket: the given name itself is inside. */
function standsForCharacter(bare: string, note: string, inside: boolean): boolean {
  if (!COMPONENT_TEXT.test(note) || PLAIN_NOTE.test(note)) return false;
  const onlySurname = Array.from(bare).length === 1 || (bare.length === 2 && surname(`${bare}一`) === bare);
  return onlySurname || (inside && HAN_NAME.test(bare));
}

function aliasOf(note: string, bare: string): { text: string; nickname: boolean } | undefined {
  const nick = note.replace(NICKNAME_LABEL, '');
  if (nick !== note) return nick === '' ? undefined : { text: nick, nickname: true };
  const labelled = note.replace(LABEL, '');
  if (labelled !== note) return HAN_LONG.test(labelled) ? { text: labelled, nickname: false } : undefined;
  if (PLAIN_NOTE.test(note) || !HAN_NAME.test(note)) return undefined;
  // An unlabelled note is a name only when it carries the same surname: (对门), (长子) and the like do not.
  return surname(note) === surname(bare) && note.length <= 4 ? { text: note, nickname: false } : undefined;
}
