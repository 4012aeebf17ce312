import { invalidRequest } from '#libs/access/request-validation';
import type { PersonBody } from '#libs/model/bodies';
import { readAddress } from '#libs/values/address';
import { readCitizenId } from '#libs/values/citizen-id';
import { codeTable, type CodeTableName } from '#libs/values/code-tables';
import type { Divisions } from '#libs/values/divisions';
import { readName } from '#libs/values/person-name';
import { readPhones } from '#libs/values/phone';
import { citizenIdFault, dayFault, personNameFault, phoneFault } from './entry-constraints.js';

const CODES: Partial<Record<keyof PersonBody, CodeTableName>> = {
  sex: 'sex', ethnicGroup: 'ethnic-group', maritalStatus: 'marital-status', education: 'education', politicalStatus: 'political-status',
};
const WORDS: Partial<Record<keyof PersonBody, readonly string[]>> = { vitalStatus: ['alive', 'dead'], residency: ['present', 'left', 'away'] };

type Read = (text: string, divisions: Divisions) => unknown;
type Fault = (text: unknown) => string | undefined;

const address: Read = (text, divisions) => readAddress(text, divisions) ?? { raw: text };
const READ: Partial<Record<keyof PersonBody, { read: Read; fault: Fault }>> = {
  name: { read: (text) => readName(text).name, fault: personNameFault },
  citizenId: { read: (text) => readCitizenId(text), fault: citizenIdFault },
  birthDate: { read: (date) => ({ date, precision: 'day', calendar: 'gregorian' }), fault: dayFault },
  deathDate: { read: (date) => ({ date, precision: 'day', calendar: 'gregorian' }), fault: dayFault },
  phones: { read: (text) => readPhones(text), fault: phoneFault },
  registeredAddress: { read: address, fault: () => undefined },
  currentAddress: { read: address, fault: () => undefined },
  occupation: { read: (text) => text, fault: () => undefined },
};

/**
 * The canonical value behind what was typed for a field of a person; undefined for a field that cannot be typed (a facet, a
 * household): that one is corrected in the department's own system. Throws RequestRefused 400 when the text is no value of it.
 */
export function readDisputedValue(field: string, text: string, divisions: Divisions): unknown {
  const key = field as keyof PersonBody;
  const table = CODES[key];
  const words = WORDS[key];
  if (table !== undefined) {
    if (!codeTable(table).has(text)) throw fault('请从代码表中选择。', `Not a code of the table ${table}.`);
    return text;
  }
  if (words !== undefined) {
    if (!words.includes(text)) throw fault(`请填写 ${words.join('、')} 之一。`, `One of ${words.join(', ')}.`);
    return text;
  }
  const reader = READ[key];
  if (reader === undefined) return undefined;
  const [zh, en] = reader.fault(text)?.split(' | ') ?? [];
  if (zh !== undefined) throw fault(zh, en ?? zh);
  return reader.read(text, divisions);
}

function fault(zh: string, en: string) {
  return invalidRequest([{ field: 'value', zh, en }]);
}
