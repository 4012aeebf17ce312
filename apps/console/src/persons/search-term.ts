/** One search, as POST /persons/search takes it. */
export type SearchTerm = { citizenId: string } | { phone: string } | { name: string } | { address: string };

/** Words that no name ends in; and those that a short name may end in (李路, 王小苑). */
const PLACE = /(?:小区|新村|花园|花苑|家园|公寓|大厦|广场|社区|大道|大街|马路|公路|[\d一二三四五六七八九十](?:组|幢|栋|座|楼|单元|室|号|弄))$/u;
const PERHAPS_PLACE = /^.{2,}(?:路|街|巷|弄|胡同)$|^.{3,}(?:苑|村)$/u;

/**
 * What a clerk typed into the one field: a number of 15 to 18 characters or one that begins with letters and ends in digits
 * is an ID, any other number a phone, what ends like a place or has hanzi and digits an address, all else a name. `words` settles
 * what is neither number. The hub checks it; undefined while nothing is typed.
 */
export function searchTermOf(text: string, words?: 'name' | 'address'): SearchTerm | undefined {
  const typed = text.normalize('NFKC').trim();
  if (typed === '') return undefined;
  const bare = typed.replace(/[\s-]/g, '');
  if (/^\d{14,}[\dXx]$/.test(bare) || /^[A-Za-z]{1,4}\d{5,}[A-Za-z0-9]*$/.test(bare)) return { citizenId: bare.toUpperCase() };
  if (/^\+?\d{5,}$/.test(bare)) return { phone: bare };
  const place = words === undefined ? (/\d/.test(typed) && /\p{Script=Han}/u.test(typed)) || PLACE.test(typed) || PERHAPS_PLACE.test(typed) : words === 'address';
  return place ? { address: typed } : { name: typed };
}

export function kindOf(term: SearchTerm): 'citizenId' | 'phone' | 'name' | 'address' {
  return 'citizenId' in term ? 'citizenId' : 'phone' in term ? 'phone' : 'name' in term ? 'name' : 'address';
}
