import { ageAt, yearOf } from '../calendar.js';
import type { Rng } from '../random.js';
import { aliveHere, type Person } from './person.js';
import type { Population } from './population.js';

/** Gives everybody phone, schooling, work, politics and nickname by age. Elderly often have no phone; children use a parent's. */
export function giveTraits(population: Population): void {
  const rng = population.rng.fork('traits');
  const owners: Person[] = [];
  for (const p of population.persons) {
    const age = ageAt(p.birth, population.today);
    school(rng, p, age);
    work(rng, p, age);
    if (age >= 18 && rng.chance(age > 30 ? 0.1 : 0.04)) p.politics = '01';
    else if (age >= 14 && age < 28 && rng.chance(0.35)) p.politics = '03';
    else if (age >= 30 && rng.chance(0.004)) p.politics = rng.pick(['04', '05', '06', '07', '08', '09', '10', '12']);
    p.nickname = nickname(rng, p, age);
    p.disabled = rng.chance(age > 60 ? 0.05 : 0.018);
    const chance = p.death !== 0 ? 0.3 : age < 12 ? 0 : age < 16 ? 0.35 : age < 66 ? 0.95 : age < 78 ? 0.72 : 0.35;
    if (rng.chance(chance)) {
      p.phone = population.phone();
      owners.push(p);
    }
    if (age > 25 && rng.chance(0.3)) p.oldPhone = population.phone();
  }
  for (const p of population.persons) if (p.phone === '') borrowPhone(rng, p);
  agents(population, rng, owners);
  // Numbers given up are sold again: what stale rows hold belongs to somebody else today.
  for (const p of population.persons) if (p.oldPhone && rng.chance(0.3) && owners.length > 0) p.oldPhone = rng.pick(owners).phone;
}

function borrowPhone(rng: Rng, p: Person): void {
  const lender = [p.mother, p.father, p.spouse, ...p.children].find((r) => r !== undefined && aliveHere(r) && r.phone !== '' && !r.phoneShared && rng.chance(0.8))
    ?? p.home?.members.find((m) => m !== p && m.phone !== '' && !m.phoneShared && rng.chance(0.5));
  if (!lender) return;
  p.phone = lender.phone;
  p.phoneShared = true;
}

/** Labour agents and landlords register their people under their own number. */
function agents(population: Population, rng: Rng, owners: Person[]): void {
  const migrants = population.persons.filter((p) => p.origin === 'migrant' && !p.phoneShared && p.phone);
  for (let i = 0; i < migrants.length * 0.03; ) {
    const agent = rng.pick(owners);
    const group = rng.between(2, 12);
    for (let k = 0; k < group; k++, i++) {
      const p = rng.pick(migrants);
      p.agentPhone = agent.phone;
    }
  }
}

function school(rng: Rng, p: Person, age: number): void {
  const born = yearOf(p.birth);
  if (age < 7) p.education = '90';
  else if (age < 13) p.education = '80';
  else if (age < 16) p.education = '81';
  else if (age < 19) p.education = '71';
  else {
    const x = rng.next() + (born - 1960) * 0.008;
    p.education = x < 0.05 ? '90' : x < 0.25 ? '81' : x < 0.62 ? '71' : x < 0.85 ? '61' : x < 0.92 ? '41' : x < 1.08 ? '31' : x < 1.36 ? '21' : '14';
  }
}

function work(rng: Rng, p: Person, age: number): void {
  if (p.activity === 'student') return;
  if (age < 6) p.activity = 'infant';
  else if (age < 16) p.activity = 'pupil';
  else if (age < 23) p.activity = rng.chance(0.6) ? 'student' : 'employed';
  else if (age < (p.sex === 1 ? 60 : 53)) p.activity = rng.chance(0.86) ? 'employed' : 'unemployed';
  else p.activity = rng.chance(0.82) ? 'retired' : 'unemployed';
}

const FREE_NICKNAMES = ['阳光总在风雨后', '静待花开', '海阔天空', '一笑而过', '幸福一家人', '云淡风轻', '爱吃鱼的猫', '小区业主', '宝妈', '业主', '平平淡淡', '知足常乐', '往事随风', '老王头', '岁月静好', '花开富贵', '快乐每一天'];

function nickname(rng: Rng, p: Person, age: number): string {
  const last = [...p.given].at(-1) ?? '';
  const x = rng.next();
  if (x < 0.25 && p.surname) return `${age > 45 ? '老' : '小'}${p.surname}`;
  if (x < 0.4) return `小${last}`;
  if (x < 0.5) return last + last;
  return rng.pick(FREE_NICKNAMES);
}
