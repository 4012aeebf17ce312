import type { RecordKey } from '#libs/kernel/record-key';
import { contextKeys } from '#libs/matching/blocking';
import { clusterDwellings } from '#libs/matching/cluster-dwellings';
import { clusterHouseholds } from '#libs/matching/cluster-households';
import { clusterPersons, type PersonClusters } from '#libs/matching/cluster-persons';
import type { DwellingFeatures } from '#libs/matching/dwelling-features';
import { householdContext } from '#libs/matching/household-context';
import type { MatchModel } from '#libs/matching/match-model';
import type { PersonContext } from '#libs/matching/pair-scorer';
import type { DecisionReader } from './decision-reader.js';
import type { Pass } from './labels.js';
import { householdsNamed } from './record-features.js';
import type { Region } from './region.js';

/** What changed in the record set. Every id is that of a record whose content is new, or whose keys crossed a level. */
export interface Dirty {
  persons: ReadonlySet<number>;
  households: ReadonlySet<number>;
  dwellings: ReadonlySet<number>;
  /** Households that changed persons named before. */
  formerHouseholds: ReadonlySet<RecordKey>;
}

export interface Resolved {
  /** Records whose place in the partition was worked out anew, each with all the records of its old and new cluster. */
  persons: number[];
  households: number[];
  dwellings: number[];
  /** Outcome of the third stage over `persons`, by position. */
  clusters: PersonClusters;
}

/**
 * The four stages over the components that a change touches, with the functions the bulk load uses. Each stage hands on
 * only what came out otherwise than before (docs/decisions/0002).
 */
export class IncrementalResolver {
  constructor(
    private readonly region: Region,
    private readonly model: MatchModel,
    private readonly decisions: DecisionReader,
  ) {}

  async resolve(dirty: Dirty): Promise<Resolved> {
    const { region } = this;
    await region.need([...dirty.persons, ...dirty.households, ...dirty.dwellings]);
    const first = await this.firstPersons(dirty.persons);
    const touchedHouseholds = new Set(dirty.formerHouseholds);
    for (const id of [...dirty.persons, ...first.changed]) for (const key of householdsNamed(region.record(id).features)) touchedHouseholds.add(key);
    const dirtyHouseholds = new Set(dirty.households);
    for (const id of await this.householdRecords(touchedHouseholds)) dirtyHouseholds.add(id);

    const second = await this.households(1, dirtyHouseholds);
    const dirtyContext = new Set([...dirty.persons, ...first.changed]);
    for (const id of await this.familiesOf(second.ids, new Set([...dirtyHouseholds, ...second.changed]), touchedHouseholds)) dirtyContext.add(id);
    const third = await this.personsInContext(dirtyContext);

    const again = new Set([...dirtyHouseholds, ...second.changed]);
    const named = [...third.changed].flatMap((id) => householdsNamed(region.record(id).features));
    for (const id of await this.householdRecords(new Set(named))) again.add(id);
    const fourth = await this.households(2, again);
    return { persons: third.ids, households: fourth.ids, dwellings: await this.dwellings(dirty.dwellings), clusters: third.clusters };
  }

  private async firstPersons(dirty: ReadonlySet<number>): Promise<{ changed: Set<number> }> {
    if (dirty.size === 0) return { changed: new Set() };
    const ids = await this.personComponents(1, dirty, dirty);
    const clusters = clusterPersons({ features: ids.map((id) => this.region.person(id)), level: this.region.level, decisions: this.decisions.decisions, model: this.model });
    return { changed: this.give(1, ids, clusters) };
  }

  /** All records of the components that these may join or leave, loaded with their blocks. */
  private async personComponents(pass: Pass, dirty: ReadonlySet<number>, candidates: Iterable<number>): Promise<number[]> {
    const { region } = this;
    await region.need(candidates);
    await region.needBlocks(dirty);
    const near = region.candidates(dirty);
    for (const id of candidates) near.add(id);
    for (const id of await this.decidedWith(near)) near.add(id);
    return this.closed(pass, near);
  }

  private async personsInContext(dirty: ReadonlySet<number>): Promise<{ ids: number[]; changed: Set<number>; clusters: PersonClusters }> {
    const { region } = this;
    await region.need(dirty);
    const candidates = await this.contextCandidates(dirty);
    const touched = await this.personComponents(2, dirty, candidates);
    const ids = await this.closed(2, new Set([...touched, ...(await region.reviewedWith(touched))]));
    const context = await this.contextOf(ids);
    const clusters = clusterPersons({
      features: ids.map((id) => region.person(id)), level: region.level, decisions: this.decisions.decisions, model: this.model, context: ids.map((id) => context.get(id)),
    });
    return { ids, changed: this.give(2, ids, clusters), clusters };
  }

  /** Persons that share a relative's cluster and a name or birth date with one of these: what the third stage proposes anew. */
  private async contextCandidates(dirty: ReadonlySet<number>): Promise<Set<number>> {
    const { region } = this;
    const context = await this.contextOf([...dirty]);
    const wanted = new Set<string>();
    const kin = new Set<number>();
    for (const [id, c] of context) {
      for (const key of contextKeys(region.person(id), c.kin)) wanted.add(key.text);
      for (const label of c.kin) kin.add(Number(label));
    }
    const relatives = (await region.clusterMates(1, kin));
    await region.need(relatives);
    const others = await this.familyMembers(relatives);
    const out = new Set<number>(dirty);
    for (const [id, c] of await this.contextOf(others)) {
      if (contextKeys(region.person(id), c.kin).some((key) => wanted.has(key.text))) out.add(id);
    }
    return out;
  }

  /** Household evidence of persons; loads their families. Labels are first-pass labels as text. */
  private async contextOf(ids: readonly number[]): Promise<Map<number, PersonContext>> {
    const { region } = this;
    const { households, members } = await this.families(ids);
    const all = [...new Set([...ids, ...members])];
    const contexts = householdContext({
      persons: all.map((id) => region.person(id)),
      personLabel: (i) => String(region.cluster(1, all[i]!)),
      households: households.map((id) => region.household(id)),
      householdLabel: (key) => {
        const id = region.idOf(key);
        return id === undefined ? undefined : String(region.cluster(1, id));
      },
    });
    const wanted = new Set(ids);
    const out = new Map<number, PersonContext>();
    contexts.forEach((c, i) => {
      if (c !== undefined && wanted.has(all[i]!)) out.set(all[i]!, c);
    });
    return out;
  }

  private async familyMembers(ids: readonly number[]): Promise<number[]> {
    return [...new Set([...ids, ...(await this.families(ids)).members])];
  }

  /** The household clusters of persons with all their members; members of collectives are left out, they are no family. */
  private async families(ids: readonly number[]): Promise<{ households: number[]; members: number[] }> {
    const { region } = this;
    const keys = new Set(ids.flatMap((id) => householdsNamed(region.person(id))));
    const own = await this.householdRecords(keys);
    const households = await region.clusterMates(1, own);
    await region.need(households);
    const collective = new Set(households.filter((id) => region.household(id).collective).map((id) => region.cluster(1, id)));
    const family = new Set(keys);
    for (const id of households) {
      const key = region.household(id).key;
      if (collective.has(region.cluster(1, id))) family.delete(key);
      else family.add(key);
    }
    return { households, members: await this.membersOf(family) };
  }

  /** Members of the household clusters (old and new) that hold any of the changed households. */
  private async familiesOf(touched: readonly number[], changed: ReadonlySet<number>, keys: ReadonlySet<RecordKey>): Promise<number[]> {
    const { region } = this;
    const clusters = new Set<number>();
    for (const id of changed) {
      clusters.add(region.cluster(1, id));
      clusters.add(region.labelsBefore(id)?.cluster[0] ?? id);
    }
    const inside = touched.filter((id) => clusters.has(region.cluster(1, id)) || clusters.has(region.labelsBefore(id)?.cluster[0] ?? -1));
    const collective = new Set(inside.filter((id) => region.household(id).collective).map((id) => region.household(id).key));
    const wanted = new Set([...keys, ...inside.map((id) => region.household(id).key)].filter((key) => !collective.has(key)));
    const members = await this.membersOf(wanted);
    return members;
  }

  private async households(pass: Pass, dirty: ReadonlySet<number>): Promise<{ ids: number[]; changed: Set<number> }> {
    const { region } = this;
    if (dirty.size === 0) return { ids: [], changed: new Set() };
    await region.need(dirty);
    await region.needBlocks(dirty);
    const near = region.candidates(dirty);
    const members = await this.memberIds(dirty);
    const persons = await region.clusterMates(pass, [...members.values()].flat());
    await region.need(persons);
    for (const id of await this.householdRecords(new Set(persons.flatMap((p) => householdsNamed(region.person(p)))))) near.add(id);
    for (const id of await this.decidedWith(near)) near.add(id);
    const ids = await this.closed(pass, near);
    const all = await this.memberIds(new Set(ids));
    const clusters = clusterHouseholds({
      features: ids.map((id) => region.household(id)),
      members: ids.map((id) => [...new Set((all.get(id) ?? []).map((p) => String(region.cluster(pass, p))))].sort()),
      level: region.level, decisions: this.decisions.decisions,
    });
    return { ids, changed: this.give(pass, ids, clusters) };
  }

  /** Person records of each household record, loaded. Nobody asks for those of a collective. */
  private async memberIds(households: ReadonlySet<number>): Promise<Map<number, number[]>> {
    const { region } = this;
    const families = [...households].filter((id) => !region.household(id).collective);
    const around = await region.neighbours(families.map((id) => region.household(id).key));
    await region.need([...around.values()].flat());
    return new Map(families.map((id) => [id, around.get(region.household(id).key)!.filter((p) => region.record(p).features.type === 'person')]));
  }

  private async dwellings(dirty: ReadonlySet<number>): Promise<number[]> {
    const { region } = this;
    if (dirty.size === 0) return [];
    await region.needBlocks(dirty);
    const near = region.candidates(dirty);
    for (const id of await this.decidedWith(near)) near.add(id);
    const ids = await this.closed(1, near);
    const clusters = clusterDwellings({ features: ids.map((id) => region.record(id).features as DwellingFeatures), decisions: this.decisions.decisions });
    this.give(1, ids, clusters);
    this.give(2, ids, clusters);
    return ids;
  }

  private async householdRecords(keys: ReadonlySet<RecordKey>): Promise<number[]> {
    return this.around(keys, 'household');
  }
  private async membersOf(keys: ReadonlySet<RecordKey>): Promise<number[]> {
    return this.around(keys, 'person');
  }
  private async around(keys: ReadonlySet<RecordKey>, type: 'person' | 'household'): Promise<number[]> {
    const ids = [...new Set([...(await this.region.neighbours(keys)).values()].flat())];
    await this.region.need(ids);
    return ids.filter((id) => this.region.record(id).features.type === type);
  }

  /** The components of these records, loaded with their blocks and the decisions about them. */
  private async closed(pass: Pass, near: ReadonlySet<number>): Promise<number[]> {
    const ids = (await this.region.closure(pass, near)).sort((a, b) => a - b);
    await this.decidedWith(new Set(ids));
    await this.region.needBlocks(ids);
    return ids;
  }

  /** Records that a decision in force names together with one of these. */
  private async decidedWith(ids: ReadonlySet<number>): Promise<ReadonlySet<number>> {
    const { region } = this;
    await region.need(ids);
    return this.decisions.learn([...ids].map((id) => region.record(id).features.key));
  }

  /** Writes a stage's outcome into the region; returns the records whose cluster is not what it was. */
  private give(pass: Pass, ids: readonly number[], clusters: { component: Int32Array; cluster: Int32Array }): Set<number> {
    const changed = new Set<number>();
    ids.forEach((id, i) => {
      const cluster = ids[clusters.cluster[i]!]!;
      if (this.region.labelsBefore(id)?.cluster[pass - 1] !== cluster) changed.add(id);
      this.region.give(pass, id, ids[clusters.component[i]!]!, cluster);
    });
    return changed;
  }
}
