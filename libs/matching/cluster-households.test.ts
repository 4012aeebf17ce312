import { describe, expect, it } from '@jest/globals';
import { Divisions } from '#libs/values/divisions';
import { readAddress } from '#libs/values/address';
import type { HouseholdBody } from '#libs/model/bodies';
import { clusterHouseholds } from './cluster-households.js';
import { householdFeatures } from './household-features.js';

const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');

/** `system/key`, its members, and what its record says. */
function cluster(...households: [at: string, members: string[], body?: Partial<HouseholdBody> & { home?: string }][]): string[] {
  const features = households.map(([at, , { home, ...body } = {}]) => householdFeatures({
    system: at.split('/')[0]!, recordType: 'household', naturalKey: at.split('/')[1]!, order: '1', observedAt: '', state: 'current', origin: { source: 't', position: 1 },
    body: { kind: 'residential', ...body, ...(home === undefined ? {} : { address: readAddress(home, divisions)! }) },
  }));
  const { cluster: of } = clusterHouseholds({ features, members: households.map(([, m]) => m), decisions: [] });
  const groups = new Map<number, string[]>();
  of.forEach((c, i) => groups.set(c, [...(groups.get(c) ?? []), households[i]![0]]));
  return [...groups.values()].map((g) => g.sort().join(' ')).sort();
}

const HOME = '机械厂新村3-1-501';

describe('households', () => {
  it('of two systems are one when they share their people', () => {
    expect(cluster(['grid/1', ['a', 'b', 'c']], ['ph/1', ['a', 'b', 'd']])).toEqual(['grid/1 ph/1']);
    expect(cluster(['grid/1', ['a']], ['ph/1', ['a']])).toEqual(['grid/1 ph/1']);
  });
  it('stay two when they share one of many at another address', () => {
    expect(cluster(['grid/1', ['a', 'b', 'c', 'd', 'e'], { home: HOME }], ['ph/1', ['a', 'f', 'g', 'h', 'i'], { home: '莱茵雅居1-2-301' }])).toEqual(['grid/1', 'ph/1']);
  });
  it('of two kinds are never one', () => {
    expect(cluster(['hukou/1', ['a', 'b'], { kind: 'registered', home: HOME }], ['grid/1', ['a', 'b'], { home: HOME }])).toEqual(['grid/1', 'hukou/1']);
  });
  it('without a common member are one neither by address nor by head alone', () => {
    expect(cluster(['grid/1', ['a'], { home: HOME }], ['ph/1', ['b'], { home: HOME }])).toEqual(['grid/1', 'ph/1']);
  });
  it('of one system are one only when nearly all are the same people, or one lies in the other at one address', () => {
    expect(cluster(['grid/1', ['a', 'b']], ['grid/2', ['a', 'b']])).toEqual(['grid/1 grid/2']);
    expect(cluster(['grid/1', ['a', 'b', 'c']], ['grid/2', ['a']])).toEqual(['grid/1', 'grid/2']);
    expect(cluster(['grid/1', ['a', 'b', 'c'], { home: HOME }], ['grid/2', ['a'], { home: HOME }])).toEqual(['grid/1 grid/2']);
  });
  it('that are collectives never become a family', () => {
    expect(cluster(['hukou/1', ['a', 'b'], { kind: 'registered', type: 'collective' }], ['fp/1', ['a', 'b'], { kind: 'registered' }])).toEqual(['fp/1', 'hukou/1']);
  });
  it('go to the partner they share most with', () => {
    expect(cluster(['grid/1', ['a', 'b', 'c']], ['grid/2', ['d', 'e']], ['ph/1', ['a', 'b', 'd']])).toEqual(['grid/1 ph/1', 'grid/2']);
  });
});
