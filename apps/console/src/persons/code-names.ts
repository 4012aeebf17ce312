import education from '#schemas/codes/education.json';
import ethnicGroup from '#schemas/codes/ethnic-group.json';
import relation from '#schemas/codes/kinship.json';
import maritalStatus from '#schemas/codes/marital-status.json';
import politicalStatus from '#schemas/codes/political-status.json';
import sex from '#schemas/codes/sex.json';
import type { CodeTable } from './value-text.js';

/** The national code tables, code → Chinese name; the standards have no English. */
const TABLES: Record<CodeTable, Readonly<Record<string, string>>> = {
  education: education.codes, ethnicGroup: ethnicGroup.codes, relation: relation.codes, maritalStatus: maritalStatus.codes, politicalStatus: politicalStatus.codes, sex: sex.codes,
};

export function codeName(table: CodeTable, code: string): string | undefined {
  return TABLES[table][code];
}

/** Choices of a form, in the order of the standard. */
export function codeOptions(table: CodeTable): { value: string; label: string }[] {
  return Object.entries(TABLES[table]).sort(([a], [b]) => (a < b ? -1 : 1)).map(([value, label]) => ({ value, label }));
}
