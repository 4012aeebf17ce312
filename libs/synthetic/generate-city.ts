import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { YiciError } from '#libs/kernel/errors';
import { parseDashed } from './calendar.js';
import { dirtRates, type DirtRates } from './dirt/dirt-rates.js';
import { encodeCorrections } from './encoders/corrections.js';
import { Desk } from './encoders/desk.js';
import { encodeDisability } from './encoders/disability.js';
import { encodeFamilyPlanning } from './encoders/family-planning.js';
import { encodeGrid } from './encoders/grid.js';
import { encodeHousing } from './encoders/housing.js';
import { encodeHukou } from './encoders/hukou.js';
import { encodePartyVolunteer } from './encoders/party-volunteer.js';
import { encodePublicHealth } from './encoders/public-health.js';
import { encodeResidencePermit } from './encoders/residence-permit.js';
import { encodeSmartCommunity } from './encoders/smart-community.js';
import { encodeSocialAssistance } from './encoders/social-assistance.js';
import { encodeSocialInsurance } from './encoders/social-insurance.js';
import { growCity, type City } from './population/city.js';
import { CityTruth, FlatTables, type SystemCounts } from './truth.js';

export interface CityOptions {
  /** People known to at least one office, the recently dead and moved included; 50 at least. */
  persons: number;
  seed: number | string;
  /** yyyy-MM-dd; 2026-03-31 when absent. */
  snapshotDate?: string;
  /** Name of the city; 望江市 when absent. */
  name?: string;
  /** Factor on every rate of dirt, or single rates in place of the usual ones. */
  dirt?: number | Partial<DirtRates>;
}

export interface GenerateSettings {
  /** Also write flat.csv and truth_flat.csv. */
  flat?: boolean;
  /** Called after each step with its name and the share done, 0 to 1. */
  onProgress?: (step: string, share: number) => void;
}

export interface CityReport {
  persons: number;
  systems: Record<string, SystemCounts>;
}

const CITY_CODE = '9901';

const ENCODERS: readonly (readonly [string, (desk: Desk) => void])[] = [
  ['hukou', encodeHukou], ['residence-permit', encodeResidencePermit], ['family-planning', encodeFamilyPlanning], ['grid', encodeGrid], ['corrections', encodeCorrections],
  ['social-assistance', encodeSocialAssistance], ['disability', encodeDisability], ['social-insurance', encodeSocialInsurance], ['public-health', encodePublicHealth],
  ['smart-community', encodeSmartCommunity], ['housing', encodeHousing], ['party-volunteer', encodePartyVolunteer],
];

/**
 * Writes a fictional city into `outDir`: the twelve systems' own files, city.yaml, divisions.csv, truth.csv, expected_dead_letters.json and, on request, the flat tables.
 * The same options give the same bytes. System folders of an earlier city in `outDir` are replaced. Throws YICI_CITY_OPTIONS for options that make no city.
 */
export async function generateCity(options: CityOptions, outDir: string, settings: GenerateSettings = {}): Promise<CityReport> {
  const snapshotDate = options.snapshotDate ?? '2026-03-31';
  const today = parseDashed(snapshotDate);
  if (today === undefined || !Number.isInteger(options.persons) || options.persons < 50 || typeof options.dirt === 'number' && !(options.dirt >= 0)) {
    throw new YiciError({
      code: 'YICI_CITY_OPTIONS', stage: 'config', message: 'A city needs a whole number of at least 50 persons, a snapshot date like 2026-03-31, and a factor of dirt that is not negative.',
      fix: 'Correct the number of persons, the date or the factor.',
    });
  }
  mkdirSync(outDir, { recursive: true });
  const city = growCity({ persons: options.persons, seed: options.seed, today, name: options.name ?? '望江市', code: CITY_CODE });
  await step(settings, 'population', 0.15);
  writeCityFiles(city, snapshotDate, outDir);
  const rates = dirtRates(options.dirt);
  const truth = new CityTruth(outDir, settings.flat ? new FlatTables(outDir) : undefined);
  let done = 0;
  for (const [system, encode] of ENCODERS) {
    rmSync(join(outDir, system), { recursive: true, force: true });
    encode(new Desk(system, city, rates, truth, outDir));
    done += 1;
    await step(settings, system, 0.15 + (0.85 * done) / ENCODERS.length);
  }
  return { persons: city.persons.length, systems: truth.close() };
}

/** Reports, then lets timers and progress bars run. */
async function step(settings: GenerateSettings, name: string, share: number): Promise<void> {
  settings.onProgress?.(name, share);
  await new Promise((resolve) => setImmediate(resolve));
}

function writeCityFiles(city: City, snapshotDate: string, outDir: string): void {
  writeFileSync(join(outDir, 'city.yaml'), `name: ${city.name}\ncode: '${city.code}'\nsnapshotDate: '${snapshotDate}'\ntimezone: Asia/Shanghai\n`);
  const lines = city.places.divisions.all.map((d) => [d.code, d.name, d.level, d.parent, d.validFrom, d.validTo, d.successors.join(';')].join(','));
  writeFileSync(join(outDir, 'divisions.csv'), `code,name,level,parent,valid_from,valid_to,successor\n${lines.join('\n')}\n`);
}
