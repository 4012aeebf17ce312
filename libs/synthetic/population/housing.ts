import type { Rng } from '../random.js';
import { ageAt } from '../calendar.js';
import { type Dwelling, type Places } from '../places/dwellings.js';
import type { Home, Person, RegisteredHousehold } from './person.js';
import type { Population } from './population.js';

export interface OwnedDwelling {
  dwelling: Dwelling;
  entity: string;
  owners: Person[];
  /** Who owned it before, for rows rewritten after a sale. */
  formerOwners: Person[];
}

/** Gives every home a roof: families a dwelling of their own or rented, flat shares a dwelling together, dormitory homes a room; then owners, landlords and the addresses of the register. */
export function houseEverybody(population: Population): OwnedDwelling[] {
  const rng = population.rng.fork('housing');
  const { places } = population;
  const homes = rng.shuffle(population.homes.filter((h) => h.members.length > 0));
  const free = rng.shuffle(places.dwellings.filter((d) => d.use === '住宅'));
  const spare = Math.floor(free.length * 0.08);
  const owned = new Map<Dwelling, OwnedDwelling>();
  const take = (): Dwelling => (free.length > spare ? free.pop()! : rng.pick(places.dwellings));
  let shared: { dwelling: Dwelling; room: number } | undefined;
  for (const home of homes) {
    home.head ??= home.members[0];
    if (home.kind === 'dormitory') {
      home.place ??= rng.pick(places.institutions.filter((i) => i.kind === 'factory'));
      home.room = `${home.place.road}${home.place.number}号${home.place.name}宿舍${rng.between(1, 9)}号楼${rng.between(2, 6)}${String(rng.between(1, 20)).padStart(2, '0')}室`;
    } else if (home.kind === 'shared') {
      if (!shared || shared.room === 0) shared = { dwelling: take(), room: rng.between(2, 4) };
      shared.room -= 1;
      home.dwelling = shared.dwelling;
    } else {
      home.dwelling = take();
    }
    if (rng.chance(0.4)) home.formerDwelling = rng.pick(places.dwellings);
  }
  assignOwners(population, rng, homes, owned);
  registerAddresses(population, rng, places);
  for (const p of population.persons) {
    p.formerDwelling = p.home?.formerDwelling ?? p.father?.home?.dwelling ?? (rng.chance(0.5) ? rng.pick(places.dwellings) : undefined);
    if (p.formerDwelling === p.home?.dwelling) p.formerDwelling = undefined;
  }
  return places.dwellings.map((d) => owned.get(d) ?? noteOwners(population, owned, d, []));
}

function noteOwners(population: Population, owned: Map<Dwelling, OwnedDwelling>, dwelling: Dwelling, owners: Person[]): OwnedDwelling {
  const entry = owned.get(dwelling) ?? { dwelling, entity: population.householdKey('d'), owners: [], formerOwners: [] };
  if (entry.owners.length === 0) entry.owners = owners;
  owned.set(dwelling, entry);
  return entry;
}

function assignOwners(population: Population, rng: Rng, homes: Home[], owned: Map<Dwelling, OwnedDwelling>): void {
  const adults = population.persons.filter((p) => p.origin !== 'student' && ageAt(p.birth, population.today) >= 28 && p.origin !== 'migrant');
  // Landlords are few and own several dwellings each.
  const landlords = adults.length > 0 ? Array.from({ length: Math.max(3, Math.ceil(adults.length * 0.08)) }, () => rng.pick(adults)) : population.persons;
  for (const home of homes) {
    if (!home.dwelling) continue;
    const head = home.head!;
    const rents = home.kind === 'shared' || rng.chance(head.origin === 'migrant' ? 0.85 : 0.1);
    if (rents) {
      const owner = owned.get(home.dwelling)?.owners[0] ?? rng.pick(landlords);
      noteOwners(population, owned, home.dwelling, [owner]);
      home.landlord = owner;
      for (const m of home.members) m.landlord = owner;
    } else {
      const parent = head.father && head.father.death === 0 && rng.chance(0.1) ? head.father : undefined;
      const couple = head.spouse && rng.chance(0.42) ? [head, head.spouse] : [head];
      noteOwners(population, owned, home.dwelling, parent ? [parent] : couple);
    }
  }
  for (const dwelling of population.places.dwellings) {
    const owner = rng.pick(adults.length > 0 ? adults : population.persons);
    const entry = noteOwners(population, owned, dwelling, owner.spouse && rng.chance(0.35) ? [owner, owner.spouse] : [owner]);
    if (rng.chance(0.06)) entry.formerOwners = entry.owners.map(() => rng.pick(adults.length > 0 ? adults : population.persons));
  }
}

/** The register's address of a household: where its people live, where they lived, or a flat that was bought for the register only. */
function registerAddresses(population: Population, rng: Rng, places: Places): void {
  for (const household of population.households) {
    if (household.elsewhere || household.kind === 'collective' || household.members.length === 0) continue;
    pickHead(household);
    const home = (household.head ?? household.members[0])?.home;
    const parents = household.head?.father?.home?.dwelling ?? household.head?.mother?.home?.dwelling;
    household.dwelling = home?.dwelling && rng.chance(0.8) ? home.dwelling : parents && rng.chance(0.5) ? parents : home?.formerDwelling ?? rng.pick(places.dwellings);
    if (household.members.every((m) => m.home?.dwelling !== household.dwelling) && rng.chance(0.3)) household.kind = 'empty';
    household.region = household.dwelling.community.district.code;
  }
}

function pickHead(household: RegisteredHousehold): void {
  const here = household.members.filter((m) => m.death === 0 && m.left === 0);
  if (household.head && here.includes(household.head)) return;
  const byAge = [...(here.length > 0 ? here : household.members)].sort((a, b) => a.birth - b.birth);
  household.head = byAge.find((m) => m.sex === 1) ?? byAge[0];
}

