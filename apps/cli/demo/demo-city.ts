import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { generateCity } from '#libs/synthetic/generate-city';
import type { DemoFolder } from './demo-folder.js';

export interface DemoSource {
  persons: number;
  seed: number;
}

/** What the hub is told of the city; everything else it reads from the systems. */
const HUB_FILES = ['city.yaml', 'divisions.csv'];

/** Writes the demo city unless it stands already; the list of expected dead letters comes last, so it tells that the city is whole. */
export async function writeDemoCity(folder: DemoFolder, source: DemoSource, onProgress: (step: string, share: number) => void): Promise<boolean> {
  const stood = existsSync(path.join(folder.city, 'expected_dead_letters.json'));
  if (!stood) await generateCity(source, folder.city, { onProgress });
  mkdirSync(folder.divisions, { recursive: true });
  for (const file of HUB_FILES) copyFileSync(path.join(folder.city, file), path.join(folder.divisions, file));
  return !stood;
}
