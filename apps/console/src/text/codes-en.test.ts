import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { englishCode } from './codes-en.js';

const FILES = {
  sex: 'sex', ethnicGroup: 'ethnic-group', maritalStatus: 'marital-status', education: 'education', politicalStatus: 'political-status', relation: 'kinship', disabilityCategory: 'disability-category',
  hukouNature: 'hukou-nature', residencePlace: 'residence-place', permitReason: 'residence-reason-a', flowReason: 'residence-reason-b',
};
const require = createRequire(import.meta.url);

describe('codes in English', () => {
  it('have a word each, in every table the page shows', () => {
    const wordless = Object.entries(FILES).flatMap(([table, file]) => {
      const { codes } = require(`#schemas/codes/${file}.json`) as { codes: Record<string, string> };
      return Object.keys(codes).filter((code) => englishCode(table, code) === undefined).map((code) => `${table} ${code}`);
    });
    expect(wordless).toEqual([]);
  });

  it('are those of the code, and none for no code', () => {
    const words = [['ethnicGroup', '01'], ['ethnicGroup', '56'], ['ethnicGroup', '10'], ['education', '71'], ['relation', '12'], ['education', '75'], ['sex', '7']].map(([table, code]) => englishCode(table!, code!));
    expect(words).toEqual(['Han', 'Jino', 'Chosen', 'Junior secondary, graduated', 'Wife', undefined, undefined]);
  });
});
