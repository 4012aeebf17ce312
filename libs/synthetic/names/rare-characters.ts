/**
 * Characters in names that GBK cannot hold, with what an old system puts in their place. `pinyin` is typed by clerks; `stand` is a plain character that looks or sounds alike.
 * `gbk` is the two-byte code an old font gave the character: FE9F lies in GBK's private zone and reads back as U+E863 in older decoders, the others sit in the user-defined zone (AAA1…).
 */
export interface RareCharacter {
  character: string;
  pinyin: string;
  stand: string;
  /** Private-use code point that systems with their own font store. */
  privateUse: string;
}

const row = (character: string, pinyin: string, stand: string, privateUse: number): RareCharacter => ({
  character, pinyin, stand, privateUse: String.fromCharCode(privateUse),
});

export const RARE_CHARACTERS: readonly RareCharacter[] = [
  row('䶮', 'yan', '龑', 0xe863),
  row('㛃', 'jie', '洁', 0xe001),
  row('㵾', 'man', '满', 0xe002),
  row('䲟', 'yin', '印', 0xe003),
  row('𬱖', 'di', '頔', 0xe004),
  row('𬍛', 'wei', '玮', 0xe005),
  row('𬀩', 'wei', '晔', 0xe006),
  row('𬸪', 'yue', '岳', 0xe007),
  row('𫖯', 'fu', '俯', 0xe008),
  row('𫘝', 'jue', '决', 0xe009),
  row('𬬭', 'lun', '伦', 0xe00a),
  row('𪣻', 'lou', '楼', 0xe00b),
  row('𫓶', 'xuan', '宣', 0xe00c),
  row('𬭎', 'hong', '宏', 0xe00d),
];

export const RARE_BY_CHARACTER: ReadonlyMap<string, RareCharacter> = new Map(RARE_CHARACTERS.map((r) => [r.character, r]));
