import type { Person } from './person.js';

/** GB/T 4761-2008 two-digit code of `member` as seen from `head` (户主 02). Children are told apart by order of birth. */
export function relationCode(member: Person, head: Person): string {
  if (member === head) return '02';
  if (member === head.spouse || member === head.formerSpouse && member.formerSpouse === head) return member.sex === 1 ? '11' : '12';
  if (isParent(head, member)) return childCode(member, head);
  if (isParent(member, head)) return member.sex === 1 ? '51' : '52';
  const spouse = head.spouse;
  if (spouse && isParent(member, spouse)) return head.sex === 2 ? (member.sex === 1 ? '53' : '54') : member.sex === 1 ? '55' : '56';
  if (spouse && isParent(spouse, member)) return member.sex === 1 ? '27' : '37';
  if (member.spouse && isParent(head, member.spouse)) return member.sex === 1 ? '28' : '38';
  const viaSon = [member.father, member.mother].find((p) => p && isParent(head, p));
  if (viaSon) return viaSon.sex === 1 ? (member.sex === 1 ? '41' : '42') : member.sex === 1 ? '43' : '44';
  const parent = [head.father, head.mother].find((p) => p && isParent(member, p));
  if (parent) return parent.sex === 1 ? (member.sex === 1 ? '61' : '62') : member.sex === 1 ? '63' : '64';
  if (areSiblings(member, head)) return member.birth < head.birth ? (member.sex === 1 ? '71' : '75') : member.sex === 1 ? '73' : '77';
  const sibling = member.spouse && areSiblings(member.spouse, head) ? member.spouse : undefined;
  if (sibling) return sibling.birth < head.birth ? (member.sex === 1 ? '76' : '72') : member.sex === 1 ? '78' : '74';
  const aunt = [member.father, member.mother].find((p) => p && areSiblings(p, head));
  if (aunt) return aunt.sex === 1 ? (member.sex === 1 ? '93' : '94') : member.sex === 1 ? '95' : '96';
  return sharesAncestor(member, head) ? '97' : '99';
}

function isParent(parent: Person, child: Person): boolean {
  return child.father === parent || child.mother === parent;
}

function areSiblings(a: Person, b: Person): boolean {
  return a !== b && (a.father !== undefined && a.father === b.father || a.mother !== undefined && a.mother === b.mother);
}

function childCode(child: Person, parent: Person): string {
  const same = parent.children.filter((c) => c.sex === child.sex).sort((a, b) => a.birth - b.birth);
  const base = child.sex === 1 ? 20 : 30;
  if (parent.children.length === 1) return String(base + 1);
  return String(base + Math.min(6, 2 + Math.max(0, same.indexOf(child))));
}

function sharesAncestor(a: Person, b: Person): boolean {
  const ancestors = (p: Person): (Person | undefined)[] => [p.father, p.mother, p.father?.father, p.mother?.father];
  return ancestors(a).some((x) => x !== undefined && ancestors(b).includes(x));
}
