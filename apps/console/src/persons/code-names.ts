import disabilityCategory from '#schemas/codes/disability-category.json' with { type: 'json' };
import education from '#schemas/codes/education.json' with { type: 'json' };
import ethnicGroup from '#schemas/codes/ethnic-group.json' with { type: 'json' };
import hukouNature from '#schemas/codes/hukou-nature.json' with { type: 'json' };
import relation from '#schemas/codes/kinship.json' with { type: 'json' };
import maritalStatus from '#schemas/codes/marital-status.json' with { type: 'json' };
import politicalStatus from '#schemas/codes/political-status.json' with { type: 'json' };
import residencePlace from '#schemas/codes/residence-place.json' with { type: 'json' };
import permitReason from '#schemas/codes/residence-reason-a.json' with { type: 'json' };
import flowReason from '#schemas/codes/residence-reason-b.json' with { type: 'json' };
import sex from '#schemas/codes/sex.json' with { type: 'json' };
import { englishCode } from '../text/codes-en.js';
import type { Language } from '../text/fill.js';
import type { CodeTable } from './value-text.js';

/** The national code tables, code → Chinese name. */
const TABLES: Record<CodeTable, Readonly<Record<string, string>>> = {
  education: education.codes, ethnicGroup: ethnicGroup.codes, relation: relation.codes, maritalStatus: maritalStatus.codes, politicalStatus: politicalStatus.codes, sex: sex.codes,
  disabilityCategory: disabilityCategory.codes, hukouNature: hukouNature.codes, residencePlace: residencePlace.codes, permitReason: permitReason.codes, flowReason: flowReason.codes,
};

/** The name of a code; undefined where the table lacks it. */
export function codeName(table: CodeTable, code: string, language: Language): string | undefined {
  return (language === 'en' ? englishCode(table, code) : undefined) ?? TABLES[table][code];
}

/** Choices of a form, in the order of the standard. */
export function codeOptions(table: CodeTable, language: Language): { value: string; label: string }[] {
  return Object.keys(TABLES[table]).sort((a, b) => (a < b ? -1 : 1)).map((value) => ({ value, label: codeName(table, value, language)! }));
}
