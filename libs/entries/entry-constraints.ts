import { registerDecorator, type ValidationOptions } from 'class-validator';
import { said } from '#libs/access/request-validation';
import type { CitizenIdStatus } from '#libs/model/values';
import { isRealDate } from '#libs/values/calendar';
import { readCitizenId } from '#libs/values/citizen-id';
import { codeTable, type CodeTableName } from '#libs/values/code-tables';
import { isTestName, readName } from '#libs/values/person-name';
import { readPhones } from '#libs/values/phone';

/** What is wrong with a text a worker typed, in both languages; undefined when it is right. */
type Fault = (value: unknown) => string | undefined;

/** A constraint whose message says what exactly is wrong, without the value. */
function constraint(name: string, fault: Fault, options?: ValidationOptions): PropertyDecorator {
  return (target, propertyName) => {
    registerDecorator({
      name, target: target.constructor, propertyName: String(propertyName), options: options ?? {},
      validator: {
        validate: (value: unknown) => fault(value) === undefined,
        defaultMessage: (args) => fault(args?.value) ?? '',
      },
    });
  };
}

const ID_FAULTS: Partial<Record<CitizenIdStatus, string>> = {
  checksum: said('身份证号校验码不对，请核对每一位。', 'The check digit of the citizen ID is wrong; compare each digit.'),
  masked: said('身份证号含有 *，请填写完整号码。', 'The citizen ID is masked; enter it in full.'),
  truncated: said('身份证号末尾已丢失（表格软件所致），请填写完整号码。', 'The end of the citizen ID was lost in a spreadsheet; enter it in full.'),
  partial: said('身份证号应为 18 位。', 'A citizen ID has 18 characters.'),
  temporary: said('这是临时编号，不是身份证号；没有证件请留空。', 'This is a temporary number, no citizen ID; leave it empty if there is none.'),
  pseudo: said('这是系统自编号，不是身份证号；没有证件请留空。', 'This is a made-up number, no citizen ID; leave it empty if there is none.'),
  placeholder: said('请填写真实号码；没有证件请留空。', 'Enter the real number, or leave it empty if there is none.'),
};

export function citizenIdFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return said('请填写身份证号。', 'Enter the citizen ID.');
  const reading = readCitizenId(value);
  return reading ? ID_FAULTS[reading.status] : said('请填写身份证号。', 'Enter the citizen ID.');
}

/** A valid citizen ID, or the number of a residence permit of 港澳台 or of a passport. */
export const IsCitizenId = (): PropertyDecorator => constraint('isCitizenId', citizenIdFault);

export function personNameFault(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 100) return said('请填写姓名。', 'Enter the name.');
  const { name } = readName(value);
  if (!name || !/\p{L}/u.test(name.value)) return said('请填写姓名。', 'Enter the name.');
  if (name.wildcard) return said('姓名中有无法识别的字，请用完整汉字。', 'The name holds a placeholder for a character; enter the character.');
  if (isTestName(value)) return said('测试姓名不能录入。', 'Test names cannot be entered.');
  return undefined;
}

export const IsPersonName = (): PropertyDecorator => constraint('isPersonName', personNameFault);

export function phoneFault(value: unknown): string | undefined {
  const phones = typeof value === 'string' && value.length <= 60 ? readPhones(value) : [];
  if (phones.length === 0) return said('电话号码有误：手机 11 位，座机带区号。', 'Not a phone number: 11 digits, or a landline with its area code.');
  return phones.length > 1 ? said('一次只填一个电话。', 'One phone number at a time.') : undefined;
}

export const IsPhone = (): PropertyDecorator => constraint('isPhone', phoneFault);

export function dayFault(value: unknown): string | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(typeof value === 'string' ? value : '') ?? [];
  const real = year !== undefined && Number(year) >= 1850 && isRealDate(Number(year), Number(month), Number(day));
  return real ? undefined : said('日期格式为 2026-03-31，且必须存在。', 'A real date, written 2026-03-31.');
}

/** `yyyy-mm-dd`, a real day. Whether it lies in the future is asked where the clock is. */
export const IsDay = (): PropertyDecorator => constraint('isDay', dayFault);

/** A code of a national table. */
export const IsCodeOf = (table: CodeTableName): PropertyDecorator => constraint('isCodeOf', (value) =>
  typeof value === 'string' && codeTable(table).has(value) ? undefined : said('没有这个代码，请从列表中选择。', `Not a code of the table ${table}; choose from the list.`));
