import { YiciError } from '#libs/kernel/errors';
import type { Divisions } from '#libs/values/divisions';
import type { Connector } from '../connector.js';
import { encodeText } from '../formats/encode-text.js';
import { fatalDecoder } from '../formats/text-chunks.js';
import { OutMapper } from '../out-mapper.js';
import { check, expectThat, NotRun, type Check } from './certificate.js';
import { fixtureCases, judgeRead, judgeWritten } from './fixture-cases.js';

/** Characters of the three ages of the national character set: GB 2312, GBK, and those of four bytes in GB18030. */
const CHARACTERS = ['中华人民共和国', '喆镕堃堉', '·（）０１２', '\u3400\u{20000}\u{20bb7}'];
/** No encoding holds half a surrogate pair. */
const BROKEN = '\ud800';

/** What the folder proves by itself, with nothing running. */
export async function folderChecks(connector: Connector, divisions: Divisions): Promise<Check[]> {
  const issues = new Set<string>();
  const checks: Check[] = [
    await check('folder.whole', '清单、映射、协议、代码表齐全一致', 'manifest, mappings, sharing and codes are whole and agree', () => {
      const { manifest } = connector;
      return `${manifest.records.length} record(s), mode ${manifest.mode}`;
    }),
    await check('codes.bothWays', '代码往返一致', 'a code says the same both ways', () => codesBothWays(connector)),
  ];
  const reads = fixtureCases(connector.dir, 'in');
  checks.push(await check('fixtures.some', '有样例', 'there are fixtures of what it sends', () => {
    expectThat(reads.length > 0, 'fixtures/in has no case: add one file byte for byte and what must come of it');
    return `${reads.length} in, ${fixtureCases(connector.dir, 'out').length} out`;
  }));
  for (const name of reads) {
    checks.push(await check(`fixture.read.${name}`, `读样例 ${name}`, `reads ${name}`, async () => {
      for (const issue of await judgeRead(connector, name, divisions)) issues.add(issue);
    }));
  }
  for (const name of fixtureCases(connector.dir, 'out')) checks.push(await check(`fixture.write.${name}`, `写样例 ${name}`, `writes ${name}`, () => judgeWritten(connector, name)));
  checks.push(await check('fixtures.dirt', '样例里有脏数据', 'the fixtures have met dirt', () => {
    // A folder whose fixtures never meet a doubtful value proves nothing about its reading of dirt.
    expectThat(issues.size > 0, 'no fixture holds a doubtful value: add a row with a wrong code or a masked ID');
    return [...issues].sort().join(', ');
  }));
  checks.push(await check('encoding.roundTrip', '编码往返', 'texts survive its encoding', () => encodingRoundTrip(connector)));
  checks.push(await check('limits.refused', '写不下的先拒绝，不截断', 'what it cannot hold is refused before writing, never cut', () => limitsRefused(connector)));
  return checks;
}

function codesBothWays({ codes }: Connector): string {
  let pairs = 0;
  for (const [name, map] of codes) {
    for (const [canonical, source] of map.out) {
      const back = source === '' ? undefined : map.in.get(source);
      if (back === undefined) continue;
      pairs += 1;
      expectThat(back === canonical, `codes/${name}.csv: ${canonical} is written ${source}, which is read as ${back}`);
    }
  }
  return `${codes.size} table(s), ${pairs} code(s)`;
}

function encodingRoundTrip({ manifest }: Connector): string {
  const { encoding } = manifest.limits;
  let refused = 0;
  for (const text of CHARACTERS) {
    let bytes: Buffer;
    try {
      bytes = encodeText(text, encoding);
    } catch (error) {
      expectThat(error instanceof YiciError && error.code === 'YICI_TEXT_UNMAPPABLE', 'a text failed in another way than by being refused');
      refused += 1;
      continue;
    }
    expectThat(fatalDecoder(encoding).decode(bytes) === text, `a text came back otherwise from ${encoding}`);
  }
  return refused === 0 ? encoding : `${encoding}; ${refused} of ${CHARACTERS.length} texts cannot be held and are refused`;
}

function limitsRefused(connector: Connector): string {
  const { widths, encoding } = connector.manifest.limits;
  const section = connector.mappingOut.person;
  const named = Object.entries(section?.columns ?? {}).find(([, spec]) => spec.as === 'name');
  const text = Object.entries(section?.columns ?? {}).filter(([c]) => widths[c] !== undefined);
  if (named === undefined && text.length === 0) throw new NotRun('it writes no free text of a person');
  const out = new OutMapper(connector);
  if (named !== undefined) {
    const refused = out.encode('person', { name: { value: `王${BROKEN}`, key: '王' } }).refused.map((r) => r.code);
    expectThat(refused.includes('YICI_OUT_UNMAPPABLE'), `a character that ${encoding} lacks is not refused in ${named[0]}`);
    const width = widths[named[0]];
    if (width !== undefined) {
      const wide = out.encode('person', { name: { value: '王'.repeat(width), key: '王' } }).refused.map((r) => r.code);
      expectThat(wide.includes('YICI_OUT_TOO_WIDE'), `a name wider than ${named[0]} is not refused`);
    }
  }
  return Object.keys(widths).length === 0 ? 'no widths are declared' : `${Object.keys(widths).length} width(s)`;
}
