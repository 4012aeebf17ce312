import { describe, expect, it } from '@jest/globals';
import { codeName, codeOptions } from '../persons/code-names.js';

describe('codes', () => {
  it('have an English word each, in every table the page shows', () => {
    const tables = ['sex', 'ethnicGroup', 'maritalStatus', 'education', 'politicalStatus', 'relation', 'disabilityCategory', 'hukouNature', 'residencePlace', 'permitReason', 'flowReason'] as const;
    const chinese = tables.flatMap((table) => codeOptions(table, 'en').filter((o) => /\p{Script=Han}/u.test(o.label)).map((o) => `${table} ${o.label}`));
    expect(chinese).toEqual([]);
    expect([codeName('ethnicGroup', '01', 'en'), codeName('ethnicGroup', '56', 'en'), codeName('ethnicGroup', '10', 'en'), codeName('education', '71', 'en'), codeName('relation', '12', 'en')]).toEqual(['Han', 'Jino', 'Chosen', 'Junior secondary, graduated', 'Wife']);
  });

  it('keep the standard in Chinese, and are undefined when they are none', () => {
    expect([codeName('sex', '1', 'zh'), codeName('sex', '7', 'zh'), codeName('education', '75', 'en')]).toEqual(['男性', undefined, undefined]);
  });
});
