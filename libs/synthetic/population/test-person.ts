import type { Person } from './person.js';
import type { Population } from './population.js';

/** What people type who must type eighteen digits. */
const TEST_NUMBERS = ['1'.repeat(18), '1234567890'.repeat(2).slice(0, 18), '123456', '0'.repeat(18)];

/** Somebody who does not exist: a test name with a test number, typed in when the system was installed. An entity of its own. */
export function testPerson(population: Population, like: Person): Person {
  const { rng } = population;
  const name = rng.pick(['测试', '测试一', '测试人员', '张三', '李四', '测试数据', 'test']);
  return {
    ...like, entity: population.strangerKey(), name, surname: '', given: name, formerName: '', nickname: '测试',
      id: rng.pick(TEST_NUMBERS), formerId: '', secondId: '',
    father: undefined, mother: undefined, spouse: undefined, formerSpouse: undefined, children: [], marital: '10', death: 0, left: 0, formerDwelling: undefined,
    phone: rng.pick(['13800000000', '13900000000', '12345678901', '']),
    phoneShared: false, agentPhone: '', oldPhone: '', ethnic: '01',
  };
}
