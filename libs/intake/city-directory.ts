import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { YiciError } from '#libs/kernel/errors';
import { Divisions } from '#libs/values/divisions';

const citySchema = z.object({
  name: z.string().min(1),
  code: z.union([z.string(), z.number().int()]).transform(String).pipe(z.string().regex(/^\d{4}$/)),
  snapshotDate: z.union([z.string(), z.date().transform((d) => d.toISOString().slice(0, 10))]).pipe(z.string().regex(/^\d{4}-\d\d-\d\d$/)),
  timezone: z.literal('Asia/Shanghai'),
});

/** A folder that holds one snapshot of a whole city, in the systems' own formats. */
export interface CityDirectory {
  dir: string;
  name: string;
  /** 4 digits. */
  code: string;
  /** yyyy-mm-dd */
  snapshotDate: string;
  /** The snapshot's time, stamped on every record of it: midnight of its date in China. ISO 8601. */
  observedAt: string;
  divisions: Divisions;
  divisionsCsv: string;
}

/** Opens a city directory. Throws YICI_CITY_UNREADABLE, saying which of its two own files is missing or wrong. */
export async function openCityDirectory(dir: string): Promise<CityDirectory> {
  const city = citySchema.safeParse(parse(await readText(dir, 'city.yaml')));
  if (!city.success) throw unreadable('city.yaml must name name, code (4 digits), snapshotDate (yyyy-mm-dd) and timezone: Asia/Shanghai');
  const divisionsCsv = await readText(dir, 'divisions.csv');
  let divisions: Divisions;
  try {
    divisions = Divisions.parse(divisionsCsv);
  } catch (cause) {
    throw unreadable(`divisions.csv cannot be read: ${(cause as Error).message}`, cause);
  }
  const { name, code, snapshotDate } = city.data;
  return { dir: path.resolve(dir), name, code, snapshotDate, observedAt: `${snapshotDate}T00:00:00+08:00`, divisions, divisionsCsv };
}

async function readText(dir: string, name: string): Promise<string> {
  try {
    return await readFile(path.join(dir, name), 'utf8');
  } catch (cause) {
    throw unreadable(`${name} is missing in the city directory`, cause);
  }
}

function unreadable(what: string, cause?: unknown): YiciError {
  return new YiciError({
    code: 'YICI_CITY_UNREADABLE', stage: 'receiving', cause, message: `${what}.`,
    fix: 'A city directory holds city.yaml, divisions.csv and one folder a system, named by its id.',
  });
}
