import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileWriter } from './formats/file-writer.js';

export interface SystemCounts {
  /** Data rows in the files, malformed ones included. */
  rows: number;
  personRecords: number;
  householdRecords: number;
  dwellingRecords: number;
  deadLetters: number;
  withoutUsableId: number;
  withPhone: number;
  withFamilyPhone: number;
  /** Name, birth or address differs from the truth. */
  differing: number;
  /** Second records of a person already in the system. */
  keptTwice: number;
}

export interface FlatValues {
  name: string;
  id: string;
  birth: string;
  sex: number;
  phone: string;
  address: string;
  household: string;
}

/** flat.csv and truth_flat.csv: the person records as one table for linkage engines. */
export class FlatTables {
  private readonly records: FileWriter;
  private readonly truth: FileWriter;

  constructor(outDir: string) {
    this.records = new FileWriter(join(outDir, 'flat.csv'));
    this.truth = new FileWriter(join(outDir, 'truth_flat.csv'));
    this.records.write('record_id,system,name,id_no,birth_date,sex,phone,address,household_key\n');
    this.truth.write('record_id,entity_id\n');
  }

  add(system: string, key: string, entity: string, v: FlatValues): void {
    const id = `${system}:${key}`;
    this.records.write(`${[id, system, v.name, v.id, v.birth, String(v.sex), v.phone, v.address, v.household].map(quoted).join(',')}\n`);
    this.truth.write(`${id},${entity}\n`);
  }

  close(): void {
    this.records.close();
    this.truth.close();
  }
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The truth file and the counts of what each system holds. */
export class CityTruth {
  private readonly file: FileWriter;
  private readonly systems = new Map<string, SystemCounts>();

  constructor(private readonly outDir: string, readonly flat?: FlatTables) {
    this.file = new FileWriter(join(outDir, 'truth.csv'));
    this.file.write('system,record_type,natural_key,entity_id\n');
  }

  add(system: string, type: 'person' | 'household' | 'dwelling', key: string, entity: string): void {
    this.file.write(`${system},${type},${key},${entity}\n`);
    if (type === 'household') this.counts(system).householdRecords += 1;
    else if (type === 'dwelling') this.counts(system).dwellingRecords += 1;
  }

  counts(system: string): SystemCounts {
    let counts = this.systems.get(system);
    if (!counts) {
      counts = { rows: 0, personRecords: 0, householdRecords: 0, dwellingRecords: 0, deadLetters: 0, withoutUsableId: 0, withPhone: 0, withFamilyPhone: 0, differing: 0, keptTwice: 0 };
      this.systems.set(system, counts);
    }
    return counts;
  }

  close(): Record<string, SystemCounts> {
    this.file.close();
    this.flat?.close();
    const all = Object.fromEntries(this.systems);
    const dead = Object.fromEntries([...this.systems].map(([system, c]) => [system, c.deadLetters]));
    writeFileSync(join(this.outDir, 'expected_dead_letters.json'), `${JSON.stringify(dead, undefined, 1)}\n`);
    return all;
  }
}
