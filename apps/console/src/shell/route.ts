import type { Role } from '#libs/access/account';

/** Where the visitor is. Only ids of entities and entries are in it: they name nobody. */
export type Route =
  | { page: 'board' }
  | { page: 'persons' }
  | { page: 'person'; id: string }
  | { page: 'entry'; person?: string }
  | { page: 'receipt'; id: string };

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const PERSON = new RegExp(`^#/persons/(p-${UUID})$`);
const ENTRY = new RegExp(`^#/entry/(p-${UUID})$`);
const RECEIPT = new RegExp(`^#/entries/(${UUID})$`);

/** Reads the fragment of the address; what it does not know is the board. */
export function readRoute(hash: string): Route {
  const person = PERSON.exec(hash)?.[1];
  if (person !== undefined) return { page: 'person', id: person };
  const about = ENTRY.exec(hash)?.[1];
  if (about !== undefined) return { page: 'entry', person: about };
  const receipt = RECEIPT.exec(hash)?.[1];
  if (receipt !== undefined) return { page: 'receipt', id: receipt };
  if (hash === '#/persons') return { page: 'persons' };
  if (hash === '#/entry') return { page: 'entry' };
  return { page: 'board' };
}

export function hashOf(route: Route): string {
  switch (route.page) {
    case 'board': return '#/board';
    case 'persons': return '#/persons';
    case 'person': return `#/persons/${route.id}`;
    case 'entry': return route.person === undefined ? '#/entry' : `#/entry/${route.person}`;
    case 'receipt': return `#/entries/${route.id}`;
  }
}

/** The one-time code of a sign-in link; undefined when the address holds none. */
export function codeOf(hash: string): string | undefined {
  return /^#code=([\w-]{43})$/.exec(hash)?.[1];
}

const RESIDENTS: readonly Role[] = ['steward', 'worker'];

/** Which pages a role has; the API refuses the others by itself. */
export function mayEnter(route: Route, role: Role): boolean {
  if (route.page === 'board') return true;
  if (route.page === 'person') return RESIDENTS.includes(role) || role === 'statistician';
  return RESIDENTS.includes(role);
}
