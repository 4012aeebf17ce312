/** One exact search, as POST /persons/search takes it. */
export type SearchTerm = { citizenId: string } | { phone: string } | { name: string };

/**
 * What a clerk typed into the one field: a number of 15 to 18 characters or one that begins with letters and ends in digits
 * is an ID, any other number a phone, all else a name. The hub checks it; undefined while nothing is typed.
 */
export function searchTermOf(text: string): SearchTerm | undefined {
  const typed = text.normalize('NFKC').trim();
  if (typed === '') return undefined;
  const bare = typed.replace(/[\s-]/g, '');
  if (/^\d{14,}[\dXx]$/.test(bare) || /^[A-Za-z]{1,4}\d{5,}[A-Za-z0-9]*$/.test(bare)) return { citizenId: bare.toUpperCase() };
  if (/^\+?\d{5,}$/.test(bare)) return { phone: bare };
  return { name: typed };
}

export function kindOf(term: SearchTerm): 'citizenId' | 'phone' | 'name' {
  return 'citizenId' in term ? 'citizenId' : 'phone' in term ? 'phone' : 'name';
}
