import { FileWriter } from '../formats/file-writer.js';
import { scatter, type Desk } from './desk.js';

/** Writes a file of one JSON text a line, the malformed lines among the others. Shuffles `rows` where they are. */
export function writeJsonLines(desk: Desk, name: string, rows: string[], bad: readonly (string | Buffer)[]): void {
  desk.dead(bad.length);
  const file = new FileWriter(desk.path(name));
  const all = scatter<string | Buffer>(desk.rng.shuffle(rows), bad, desk.rng);
  for (const row of all) {
    file.write(row);
    file.write('\n');
  }
  file.close();
  desk.row(all.length);
}
