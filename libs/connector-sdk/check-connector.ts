import { ConfigurationError } from '#libs/kernel/errors';
import { CANONICAL_FIELDS } from '#libs/mapping/canonical-fields';
import { compileMapping } from '#libs/mapping/compile-mapping';
import { compileOut, compileTicket } from '#libs/mapping/encode-out';
import { Divisions } from '#libs/values/divisions';
import { columnNames, type Connector } from './connector.js';
import { fileNamePattern } from './file-name.js';
import type { LiveSpec } from './live-spec.js';
import { secretsOf } from './open-source.js';
import { checkFiles } from './protocols/file-check.js';
import { soapFaults } from './protocols/soap-faults.js';

const EVERY_FIELD = new Set(Object.values(CANONICAL_FIELDS).flat());
/** Authority is also given over where a person lives, by kind of household, and over a dwelling as a whole. */
const AUTHORITY_ONLY = new Set(['memberships.registered', 'memberships.living', 'memberships.residential', 'dwelling']);

/** Faults that show only when the files of a folder are read together. All are pushed. */
export function checkConnector(connector: Connector, faults: string[]): void {
  checkTables(connector, faults);
  checkNames(connector, faults);
  checkMappings(connector, faults);
  checkLive(connector, faults);
  checkWhole(connector, faults);
  checkCarried(connector, faults);
  checkFiles(connector, faults);
}

function checkTables({ manifest, schema }: Connector, faults: string[]): void {
  const { tables } = manifest.snapshot;
  const ids = new Set(tables.map((t) => t.id));
  if (ids.size !== tables.length) faults.push('connector.yaml: two tables have one id');
  for (const table of tables) {
    const where = `connector.yaml: table ${table.id}`;
    const columns = new Set(columnNames(table.read));
    if (columns.size !== table.read.columns.length) faults.push(`${where}: a column is listed twice`);
    fileNamePattern(table.file, faults);
    for (const v of table.void) {
      if (!columns.has(v.column)) faults.push(`${where}: void names no column of it (${v.column})`);
      if ('olderThan' in v && !table.lookup.some((l) => l.table === v.olderThan && l.columns.includes(v.column))) faults.push(`${where}: void compares with ${v.olderThan}.${v.column}, which no lookup reads`);
    }
    for (const l of table.lookup) {
      const other = tables.find((t) => t.id === l.table);
      const there = new Set(other === undefined ? [] : columnNames(other.read));
      if (other === undefined) faults.push(`${where}: lookup in an unknown table ${l.table}`);
      if (!columns.has(l.by)) faults.push(`${where}: lookup by an unknown column ${l.by}`);
      for (const c of [l.key, ...l.newest, ...l.columns]) if (other !== undefined && !there.has(c)) faults.push(`${where}: lookup of an unknown column ${l.table}.${c}`);
    }
    const described = schema[table.id]?.columns;
    if (described === undefined) faults.push(`source.schema.json: table ${table.id} is not described`);
    else {
      for (const c of columns) if (described[c] === undefined) faults.push(`source.schema.json: ${table.id}.${c} is not described`);
      for (const c of Object.keys(described)) if (!columns.has(c)) faults.push(`source.schema.json: ${table.id}.${c} is no column of connector.yaml`);
    }
    if (!manifest.records.some((r) => r.table === table.id)) faults.push(`${where}: no record is made of its rows`);
  }
  for (const rule of manifest.records) if (!ids.has(rule.table)) faults.push(`connector.yaml: record ${rule.name} reads an unknown table ${rule.table}`);
  const all = new Set(tables.flatMap((t) => columnNames(t.read)));
  for (const c of manifest.never) if (!all.has(c)) faults.push(`connector.yaml: never names no column (${c})`);
}

function checkNames({ manifest, mappingIn, sharing }: Connector, faults: string[]): void {
  const names = manifest.records.map((r) => r.name);
  if (new Set(names).size !== names.length) faults.push('connector.yaml: two records have one name');
  for (const section of Object.keys(mappingIn)) if (!names.includes(section)) faults.push(`mapping.in.yaml: ${section} is no record of connector.yaml`);
  for (const field of Object.keys(manifest.authority)) {
    if (!EVERY_FIELD.has(field) && !AUTHORITY_ONLY.has(field)) faults.push(`connector.yaml: authority over an unknown field ${field}`);
  }
  for (const item of [...sharing.provides, ...sharing.receives]) {
    for (const field of item.fields) if (!EVERY_FIELD.has(field)) faults.push(`sharing.yaml: there is no canonical field ${field}`);
  }
}

function checkMappings(connector: Connector, faults: string[]): void {
  const { manifest, mappingOut, codes } = connector;
  const none = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');
  const lookups = new Set(manifest.snapshot.tables.map((t) => t.id));
  for (const table of manifest.snapshot.tables) {
    try {
      compileMapping({ rules: manifest.records, mapping: connector.mappingIn, codes, lookups }, table.id, none);
    } catch (e) {
      if (!(e instanceof ConfigurationError)) throw e;
      faults.push(...e.faults.map((f) => `mapping.in.yaml: ${f}`));
    }
    checkColumns(connector, table.id, faults);
  }
  const out: string[] = [];
  for (const type of ['person', 'household', 'dwelling'] as const) {
    const section = mappingOut[type];
    if (section !== undefined) compileOut(section, codes, type, out);
  }
  if (mappingOut.ticket !== undefined) compileTicket(mappingOut.ticket, codes, out);
  faults.push(...out.map((f) => `mapping.out.yaml: ${f}`));
}

/** Every `column` a mapping or a record rule names is a column of its table or of one it looks up. */
function checkColumns({ manifest, mappingIn }: Connector, tableId: string, faults: string[]): void {
  const table = manifest.snapshot.tables.find((t) => t.id === tableId)!;
  const known = new Set([...columnNames(table.read), ...table.lookup.flatMap((l) => l.columns.map((c) => `${l.table}.${c}`)), '@position']);
  for (const rule of manifest.records.filter((r) => r.table === tableId)) {
    const ruleColumns = [...rule.key.columns, ...rule.order.map((p) => ('column' in p ? p.column : 'time' in p ? p.time : 'first' in p ? p.first : '')),
      rule.time?.column ?? '', rule.withdrawn?.column ?? '', rule.test?.name ?? '', rule.test?.citizenId ?? '', ...Object.keys(rule.each?.columns ?? {})];
    for (const c of ruleColumns) if (c !== '' && !known.has(c)) faults.push(`connector.yaml: record ${rule.name} names an unknown column ${c}`);
    for (const c of namedColumns(mappingIn[rule.name]?.fields ?? {})) if (!known.has(c)) faults.push(`mapping.in.yaml: ${rule.name} names an unknown column ${c}`);
    for (const c of namedColumns(mappingIn[rule.name]?.fields ?? {})) if (manifest.never.includes(c)) faults.push(`mapping.in.yaml: ${rule.name} reads ${c}, which must never enter`);
  }
}

const COLUMN_KEYS = new Set(['column', 'noteOf', 'division', 'estate', 'road', 'number', 'building', 'unit', 'room', 'name', 'citizenId', 'names', 'citizenIds', 'differsFrom']);

function namedColumns(fields: Record<string, unknown>): Set<string> {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    else if (node !== null && typeof node === 'object') {
      for (const [key, value] of Object.entries(node)) {
        if (typeof value === 'string') {
          if (COLUMN_KEYS.has(key)) found.add(value);
        } else if (key === 'columns') {
          for (const c of Array.isArray(value) ? (value as string[]) : Object.keys(value as object)) found.add(c);
        } else visit(value);
      }
    }
  };
  // Names of canonical fields and of facet parts are keys, not columns: only their specs are visited.
  for (const spec of Object.values(fields)) visit((spec as { parts?: object }).parts === undefined ? spec : Object.values((spec as { parts: object }).parts));
  return found;
}

/** What is missing from a whole table is withdrawn: nothing else may hold records of its types. */
function checkWhole({ manifest }: Connector, faults: string[]): void {
  for (const table of manifest.snapshot.tables) {
    const types = new Set(manifest.records.filter((r) => r.table === table.id).map((r) => r.type));
    const elsewhere = manifest.records.some((r) => r.table !== table.id && types.has(r.type));
    if (table.whole !== undefined && (elsewhere || table.file.includes('{sequence}'))) faults.push(`connector.yaml: ${table.id} cannot be whole: its records stand in other tables or files as well`);
    for (const live of manifest.live) {
      const compared = live.protocol === 'sql-exchange' && live.tables.some((t) => t.table === table.id && t.kind !== 'flag' && t.compareSeconds !== undefined);
      if (compared && table.whole === undefined) faults.push(`connector.yaml: ${table.id} is compared, so say how much of it may vanish at once (whole)`);
    }
  }
}

function checkLive({ manifest, mappingOut }: Connector, faults: string[]): void {
  const { live, delivery } = manifest;
  const tables = new Set(manifest.snapshot.tables.map((t) => t.id));
  if (manifest.mode === 'live' && (live.length === 0 || delivery === undefined)) faults.push('connector.yaml: a live system says how it is read (live) and written (delivery)');
  for (const spec of [...live, ...(delivery === undefined ? [] : [delivery])]) {
    for (const name of secretsOf(spec)) if (!manifest.secrets.includes(name)) faults.push(`connector.yaml: ${name} is used but not listed under secrets`);
    if (spec.protocol === 'soap') faults.push(...soapFaults({ manifest, mappingOut }, spec));
  }
  for (const spec of live) {
    for (const table of tablesOf(spec)) if (!tables.has(table)) faults.push(`connector.yaml: live reads an unknown table ${table}`);
    if (spec.protocol === 'rest-list' && !manifest.records.some((r) => r.table === spec.table && r.time !== undefined)) faults.push(`connector.yaml: rest-list reads ${spec.table} by time, but no record of it has a time`);
    if (spec.protocol === 'cloud-events' && !manifest.snapshot.tables.some((t) => t.id === spec.table && columnNames(t.read).includes(spec.subject))) faults.push(`connector.yaml: the subject of its events is no column of ${spec.table} (${spec.subject})`);
  }
  const addresses = live.flatMap(addressesOf);
  if (new Set(addresses).size !== addresses.length) faults.push('connector.yaml: live has two doors at one address');
  if ((delivery?.protocol === 'rest-sync' || delivery?.protocol === 'webhook') && mappingOut.person === undefined) faults.push('mapping.out.yaml: person is missing');
}

/** Carried columns are columns of the row that the record is made of. */
function checkCarried({ manifest, mappingOut }: Connector, faults: string[]): void {
  for (const rule of manifest.records) {
    const table = manifest.snapshot.tables.find((t) => t.id === rule.table);
    if (table === undefined || rule.derived) continue;
    const known = new Set(columnNames(table.read));
    for (const c of mappingOut[rule.type]?.carry ?? []) if (!known.has(c)) faults.push(`mapping.out.yaml: ${rule.type} carries an unknown column ${c}`);
  }
}

/** Last parts of the addresses to which a system pushes. */
function addressesOf(spec: LiveSpec): string[] {
  if (spec.protocol === 'intake') return Object.keys(spec.records);
  return spec.protocol === 'rest-push' || spec.protocol === 'cloud-events' ? [spec.path] : [];
}

function tablesOf(spec: LiveSpec): string[] {
  if (spec.protocol === 'intake') return Object.values(spec.records);
  if ('tables' in spec) return spec.tables.map((t) => t.table);
  return 'table' in spec ? [spec.table] : [];
}
