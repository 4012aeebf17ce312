import { stringify as csv } from 'csv-stringify/sync';
import { Document, isPair, isScalar, visit } from 'yaml';
import { YiciError } from '#libs/kernel/errors';
import { CANONICAL_FIELDS } from '#libs/mapping/canonical-fields';
import { encodeText } from '../formats/encode-text.js';
import { guessColumn, guessKey, type Guess } from './guess-column.js';
import type { SampleShape } from './read-sample.js';

export interface NewConnector extends SampleShape {
  id: string;
  name: string;
  nameEn: string;
  owner: string;
  category: string;
  /** Column of the record's own key; guessed when absent. */
  key?: string;
  /** How files are exchanged with it; absent: its live protocol is decided later. */
  exchange?: 'folder' | 'ftp' | 'sftp';
}

const TABLE = 'ROWS';
const SAMPLE_DAY = '20260331';
const TIME_FORMATS: readonly [RegExp, string][] = [[/^\d{14}$/, 'yyyyMMddHHmmss']];

/**
 * A connector folder to begin with: whole, valid and passing its own fixtures, whatever was guessed. By path below the folder. What a
 * person must decide is marked `DECIDE`. Throws YICI_CONNECTOR_ID, YICI_CONNECTOR_KEY_UNKNOWN.
 */
export function scaffoldConnector(wanted: NewConnector): Map<string, string | Buffer> {
  if (!/^[a-z][a-z0-9-]{1,30}$/.test(wanted.id)) throw new YiciError({ code: 'YICI_CONNECTOR_ID', stage: 'config', message: 'The id is not of lower-case letters, digits and hyphens.', fix: 'For example: library, water-meters.' });
  const key = wanted.key ?? guessKey(wanted.columns);
  if (!wanted.columns.includes(key)) throw new YiciError({ code: 'YICI_CONNECTOR_KEY_UNKNOWN', stage: 'config', message: `There is no column ${key}.`, fix: `The columns are ${wanted.columns.join(', ')}.` });
  const guesses = new Map(wanted.columns.filter((c) => c !== key).map((c) => [c, guessColumn(c)]));
  const first = takeFirst(guesses);
  const time = [...guesses].find(([, g]) => g !== undefined && g.field === undefined)?.[0];
  return new Map<string, string | Buffer>([
    ['connector.yaml', manifest(wanted, key, first, time)],
    ['mapping.in.yaml', mappingIn(first)],
    ['mapping.out.yaml', mappingOut(wanted, key, first)],
    ['sharing.yaml', SHARING],
    ['source.schema.json', `${JSON.stringify({ [TABLE]: { title: wanted.name, columns: Object.fromEntries(wanted.columns.map((c) => [c, { title: c, type: 'text' }])) } }, null, 2)}\n`],
    ['BEHAVIOUR.md', behaviour(wanted, key, time)],
    ...fixture(wanted, key, guesses, first),
  ]);
}

/** Two columns that suggest one field: the first has it. */
function takeFirst(guesses: ReadonlyMap<string, Guess | undefined>): Map<string, { column: string; guess: Guess }> {
  const first = new Map<string, { column: string; guess: Guess }>();
  for (const [column, guess] of guesses) if (guess?.field !== undefined && !first.has(guess.field)) first.set(guess.field, { column, guess });
  return first;
}

function manifest(w: NewConnector, key: string, first: ReadonlyMap<string, { column: string }>, time: string | undefined): string {
  const read = { format: 'delimited', encoding: w.encoding, ...(w.delimiter !== ',' && { delimiter: w.delimiter }), ...(w.quoting !== 'rfc4180' && { quoting: w.quoting }), columns: w.columns };
  const [name, id] = [first.get('name')?.column, first.get('citizenId')?.column];
  return [
    `# ${w.name}: what the system is and how its rows are read. connectors/README.md explains every key.`,
    yaml({ id: w.id, name: w.name, nameEn: w.nameEn, owner: w.owner, category: w.category }),
    ...(w.exchange === undefined
      ? ['# DECIDE: live, once its protocol and its secrets are agreed (connectors/README.md, "Protocols").', 'mode: snapshot\n']
      : ['mode: live\n']),
    yaml({ snapshot: { tables: [{ id: TABLE, file: w.filePattern, read }] } }),
    `# DECIDE: is ${key} the key that names a record for ever, and ${time ?? 'the date of the file'} what makes a version newer?`,
    yaml({
      records: [{
        name: 'person', type: 'person', table: TABLE, key: { columns: [key] },
        order: time === undefined ? [{ file: 'date' }] : [{ time, format: timeFormat(time) }],
        ...(time !== undefined && { time: { column: time, format: timeFormat(time) } }),
        ...(name !== undefined && id !== undefined && { test: { name, citizenId: id } }),
      }],
    }),
    '# DECIDE: what is it believed for, and after how many others? A field not named is used only when nobody else knows it.',
    'authority: {}\n',
    '# DECIDE: columns that must never enter (accounts, charges, diagnoses): masked before anything is stored.',
    'never: []\n',
    yaml({ limits: { encoding: w.encoding } }),
    ...(w.exchange === undefined ? [] : [liveSection(w.id, w.exchange)]),
  ].join('\n');
}

function liveSection(id: string, transport: NonNullable<NewConnector['exchange']>): string {
  const prefix = `YICI_${id.toUpperCase().replaceAll('-', '_')}`;
  const place = { transport, urlSecret: `${prefix}_URL`, ...(transport === 'sftp' && { hostKeySecret: `${prefix}_HOST_KEY` }) };
  return [
    `# DECIDE: where its files lie. ${prefix}_URL is ${transport === 'folder' ? 'the path of a folder' : `${transport}://user:password@host`}; \`folder\` stands below it.`,
    yaml({
      live: [{ protocol: 'file-fetch', ...place, folder: 'export', pollSeconds: 15 }],
      delivery: { protocol: 'file-drop', ...place, folder: 'import', file: 'HUB_{time}_{sequence}.csv', rows: 'table', table: TABLE },
    }),
    ...(transport === 'folder' ? [] : ['# DECIDE: the host of its file server.', yaml({ allowedHosts: ['127.0.0.1'] })]),
    yaml({ secrets: [`${prefix}_URL`, ...(transport === 'sftp' ? [`${prefix}_HOST_KEY`] : [])] }),
  ].join('\n');
}

function timeFormat(column: string): string {
  const sample = guessColumn(column)!.sample;
  return TIME_FORMATS.find(([shape]) => shape.test(sample))?.[1] ?? 'iso';
}

function mappingIn(first: ReadonlyMap<string, { guess: Guess }>): string {
  const absent = CANONICAL_FIELDS.person.filter((f) => !first.has(f));
  return [
    '# Legacy row → canonical person. Every canonical field is mapped, or absent with a reason.',
    yaml({ person: { fields: Object.fromEntries([...first].map(([field, { guess }]) => [field, guess.transform])), absent: [{ reason: 'DECIDE: the sample shows no column for it', fields: absent }] } }),
  ].join('\n');
}

/** Only what a system may well get is proposed: phone and address, under the names of its own columns. */
function mappingOut(w: NewConnector, key: string, first: ReadonlyMap<string, { column: string }>): string {
  const columns = Object.fromEntries((['phones', 'currentAddress'] as const).flatMap((field) => {
    const column = first.get(field)?.column;
    return column === undefined ? [] : [[column, { field, as: field === 'phones' ? 'phone' : 'address' }]];
  }));
  const rest = w.columns.filter((c) => !(c in columns));
  return [
    '# Canonical value → legacy column. Nothing flows before sharing.yaml asks for it and the hub approves it.',
    yaml({ person: { key, columns, unwritten: [{ reason: 'DECIDE: does the department want it from the hub?', columns: rest }] } }),
  ].join('\n');
}

const SHARING = `# A proposal: what the department offers to whom (provides) and asks for (receives). In force only when approved in the hub.
# DECIDE. An item:
#   - fields: [phones]
#     to: [grid]                  # only under provides
#     channel: 数据文件
#     purpose: 联系居民
#     legalBasis: 《政务数据共享条例》第十二条
#     condition: unconditional    # conditional says its conditionText, none keeps it
#     expires: 2028-12-31
#     catalogue: 9901-XX-XX-0001
provides: []
receives: []
`;

function behaviour(w: NewConnector, key: string, time: string | undefined): string {
  return [
    `# Behaviour of ${w.nameEn}`, '',
    '| quirk | what the connector does | why it matters |', '|---|---|---|',
    `| ${key} names a record | it is the natural key | DECIDE: what happens to it when a person moves, dies or gets another ID? |`,
    `| ${time === undefined ? 'rows have no time' : `${time} is the time of a row`} | ${time === undefined ? 'the date of the file orders versions' : 'the newest counts'} | an older row must never overwrite a newer one |`, '',
  ].join('\n');
}

/** One file of an ordinary and a doubtful row, both invented, and what must come of it. */
function fixture(w: NewConnector, key: string, guesses: ReadonlyMap<string, Guess | undefined>, first: ReadonlyMap<string, { column: string; guess: Guess }>): [string, string | Buffer][] {
  const mapped = new Set([...first.values()].map(({ column }) => column));
  const cell = (column: string, row: number): string => {
    if (column === key) return `K000${row}`;
    const guess = guesses.get(column);
    if (guess === undefined) return '';
    return row === 2 && mapped.has(column) ? (guess.dirt ?? guess.sample) : guess.sample;
  };
  const rows = [1, 2].map((row) => w.columns.map((c) => cell(c, row)));
  const text = w.quoting === 'none'
    ? [w.columns, ...rows].map((cells) => `${cells.join(w.delimiter)}\r\n`).join('')
    : csv([w.columns, ...rows], { delimiter: w.delimiter, record_delimiter: 'windows' });
  const fileName = w.filePattern.replace('{date:yyyyMMdd}', SAMPLE_DAY).replace('{date:yyyyMM}', SAMPLE_DAY.slice(0, 6));
  const accepted = [1, 2].map((row) => ({ recordType: 'person', naturalKey: `K000${row}`, state: 'current', origin: { position: row } }));
  return [
    ['fixtures/in/ordinary-and-doubtful.raw', encodeText(text, w.encoding)],
    ['fixtures/in/ordinary-and-doubtful.case.yaml', yaml({ table: TABLE, fileName, why: 'An ordinary row, and one with doubtful values, which are kept and not used.' })],
    ['fixtures/in/ordinary-and-doubtful.expected.json', `${JSON.stringify({ accepted, void: [], dead: [] }, null, 1)}\n`],
  ];
}

/** Short lists and maps stand on one line, as people write them. */
function yaml(value: object): string {
  const document = new Document(value);
  visit(document, {
    Collection(_, node, path) {
      if (path.length > 2 && node.items.every((item) => isScalar(item) || (isPair(item) && isScalar(item.value)))) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 150, flowCollectionPadding: true });
}
