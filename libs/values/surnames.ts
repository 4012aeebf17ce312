/** Compound surnames (复姓) in use, simplified. Source: 教育部、国家语委 lists and public name statistics; Manchu clan names left out. */
export const COMPOUND_SURNAMES: ReadonlySet<string> = new Set(
  ('欧阳 上官 司马 司徒 司空 司寇 诸葛 夏侯 东方 东郭 东门 南宫 南门 西门 皇甫 尉迟 公孙 公羊 公冶 公西 公良 轩辕 令狐 钟离 宇文 长孙 慕容 鲜于 闾丘 ' +
    '亓官 仲孙 太叔 申屠 淳于 澹台 濮阳 独孤 呼延 端木 端沐 百里 赫连 万俟 闻人 颛孙 宗政 单于 壤驷 乐正 漆雕 拓跋 夹谷 宰父 谷梁 段干 微生 羊舌 梁丘 左丘 ' +
    '第五 纳兰 完颜 耶律 叶赫 达奚 贺兰 贺若 拓拔 屈突 豆卢 贯丘 哥舒').split(' '),
);

/**
 * The surname of a Han name: a compound one when at least one character follows it, else the first character. Undefined for
 * a name with a dot, of more than four characters, or not Han: there the first part is a given name, or it cannot be told.
 * Takes the display value or the key.
 */
export function surname(name: string): string | undefined {
  const length = name.length;
  if (length === 0 || length > 4 || !HAN_START.test(name)) return undefined;
  if (length > 2 && COMPOUND_SURNAMES.has(name.slice(0, 2))) return name.slice(0, 2);
  return String.fromCodePoint(name.codePointAt(0) ?? 0);
}

const HAN_START = /^\p{Script=Han}[^·]*$/u;
