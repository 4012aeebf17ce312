import { COMPOUND_SURNAMES } from './surnames.js';

const TITLE_END =
  /(?:阿姨|大妈|大爷|大叔|大哥|大姐|大嫂|大伯|大婶|奶奶|爷爷|叔叔|伯伯|婆婆|公公|哥哥|姐姐|老师|师傅|师父|先生|女士|小姐|老板|老板娘|经理|医生|书记|主任|妈妈|爸爸|同志|同学|老头|家属|房东|业主|宝妈|宝爸|[大小]?姐夫|本人|物业|租客|客户|用户)$/u;
/** One character of address after a surname; 伯, 工, 总 and the like also end given names and do not count. */
const SHORT_TITLE = /^(?:\p{Script=Han}{1,2})(?:叔|姐|哥|嫂|妈|奶|姨|婶|爸|娘)$|^\p{Script=Han}{3,}[姐叔嫂]$/u;
const FAMILIAR = /^(?:老|小|阿|大)\p{Script=Han}$/u;
const FAMILIAR_LONG = /^老\p{Script=Han}(?:头|汉|爷|师|板|家)$/u;
/** 李秀英之女: a newborn without a name of its own. */
const CHILD_OF = /^\p{Script=Han}{2,4}(?:之|的)(?:子|女|婴|男|孩|儿子|女儿|大毛|小毛|长子|次子|长女|次女)$/u;
/** Characters of sentences that no given name holds. */
const SENTENCE = /[的了吗呢啊吧是我你他她们这那不吃爱]{1}.*[的了吗呢啊吧是我你他她们这那猫鱼]|的|[!~@#$%^&+=]/u;
const SINGLE = /^\p{Script=Han}$/u;

/**
 * True for forms of address, nicknames, newborns named after the mother, and single characters: no legal names. Unknown
 * four-character nicknames cannot be told from names here; systems that mix them say so in their mapping.
 */
export function looksLikeNickname(value: string): boolean {
  if (value.length <= 1 || SINGLE.test(value)) return true;
  if (value.length === 2) return FAMILIAR.test(value) || SHORT_TITLE.test(value);
  if (TITLE_END.test(value)) return !(value.length === 4 && COMPOUND_SURNAMES.has(value.slice(0, 2)) && !/(?:先生|女士|小姐|阿姨|老师|师傅)$/u.test(value));
  return (value.length > 3 && SHORT_TITLE.test(value)) || FAMILIAR_LONG.test(value) || CHILD_OF.test(value) || SENTENCE.test(value);
}
