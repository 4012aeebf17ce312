import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { z } from 'zod';
import { ConfigurationError } from '#libs/kernel/errors';
import { parseCodeMap, type CodeMap } from '#libs/mapping/code-map';
import { mappingInSchema } from '#libs/mapping/mapping-in';
import { mappingOutSchema } from '#libs/mapping/mapping-out';
import { checkConnector } from './check-connector.js';
import { sourceDescriptionSchema, type Connector } from './connector.js';
import { manifestSchema } from './manifest.js';
import { sharingSchema } from './sharing.js';

/** Loads one folder. Throws a ConfigurationError that lists every fault found in it. */
export function loadConnector(dir: string): Connector {
  const { connector, faults } = readFolder(path.resolve(dir));
  if (connector === undefined || faults.length > 0) throw new ConfigurationError(`connector ${path.basename(dir)}`, faults);
  return connector;
}

/** Loads every folder below `root`, by id. Throws one ConfigurationError with the faults of all of them. */
export function loadConnectors(root: string): Connector[] {
  const folders = readdirSync(root, { withFileTypes: true }).filter((e) => e.isDirectory() && !e.name.startsWith('.')).map((e) => e.name).sort();
  const connectors: Connector[] = [];
  const faults: string[] = [];
  for (const name of folders) {
    const read = readFolder(path.resolve(root, name));
    if (read.connector !== undefined) connectors.push(read.connector);
    faults.push(...read.faults.map((f) => `${name}: ${f}`));
  }
  if (faults.length > 0) throw new ConfigurationError('connectors', faults);
  return connectors;
}

function readFolder(dir: string): { connector?: Connector; faults: string[] } {
  const faults: string[] = [];
  const manifest = readYaml(dir, 'connector.yaml', manifestSchema, faults);
  const mappingIn = readYaml(dir, 'mapping.in.yaml', mappingInSchema, faults);
  const mappingOut = readYaml(dir, 'mapping.out.yaml', mappingOutSchema, faults);
  const sharing = readYaml(dir, 'sharing.yaml', sharingSchema, faults);
  const schema = readYaml(dir, 'source.schema.json', sourceDescriptionSchema, faults);
  const codes = readCodes(dir, faults);
  readText(dir, 'BEHAVIOUR.md', faults);
  if (manifest === undefined || mappingIn === undefined || mappingOut === undefined || sharing === undefined || schema === undefined) return { faults };
  if (manifest.id !== path.basename(dir)) faults.push(`connector.yaml: the id ${manifest.id} is not the name of the folder`);
  const connector: Connector = { id: manifest.id, dir, manifest, mappingIn, mappingOut, sharing, codes, schema };
  checkConnector(connector, faults);
  return { connector, faults };
}

function readText(dir: string, name: string, faults: string[]): string | undefined {
  try {
    return readFileSync(path.join(dir, name), 'utf8');
  } catch {
    faults.push(`${name} is missing`);
    return undefined;
  }
}

/** JSON is YAML: source.schema.json goes the same way. Duplicate keys and anchors that explode are faults of the parser. */
function readYaml<T>(dir: string, name: string, schema: z.ZodType<T>, faults: string[]): T | undefined {
  const text = readText(dir, name, faults);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = parse(text, { uniqueKeys: true, maxAliasCount: 50 });
  } catch (e) {
    faults.push(`${name}: ${(e as Error).message.split('\n')[0] ?? 'cannot be parsed'}`);
    return undefined;
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) faults.push(...sentences(issue, []).map((f) => `${name}: ${f}`));
  return undefined;
}

type Issue = z.core.$ZodIssue;

/** Of several shapes none of which fits, the one that nearly does tells the author what is wrong. */
function sentences(issue: Issue, above: readonly PropertyKey[]): string[] {
  const at = [...above, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [`${at.map(String).join('.') || '(top)'}: ${issue.message}`];
  const depth = (issues: readonly Issue[]): number => Math.max(...issues.map((i) => i.path.length));
  const nearest = [...issue.errors].sort((a, b) => a.length - b.length || depth(b) - depth(a))[0]!;
  return nearest.flatMap((i) => sentences(i, at));
}

function readCodes(dir: string, faults: string[]): Map<string, CodeMap> {
  let names: string[] = [];
  try {
    names = readdirSync(path.join(dir, 'codes')).filter((n) => n.endsWith('.csv')).sort();
  } catch {
    // A system that speaks national codes only has no folder of its own codes.
  }
  return new Map(names.map((n) => {
    const name = n.slice(0, -'.csv'.length);
    return [name, parseCodeMap(readFileSync(path.join(dir, 'codes', n), 'utf8'), name, faults)];
  }));
}
