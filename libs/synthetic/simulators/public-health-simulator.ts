import { ISO_CLOCK } from './office-clock.js';
import { EHR_ELEMENTS, EHR_NAMESPACE, ehrWsdl } from './public-health-wsdl.js';
import type { Simulator, SimulatorContext } from './simulator.js';
import { at, escapeXml, textAt, unescapeXml, type XmlElement } from './soap-elements.js';
import { columnsOf, SoapOffice, type OfficeAnswer } from './soap-office.js';
import { UsernameTokens } from './soap-security.js';
import type { SoapReply, SoapRequest } from './soap-server.js';
import type { TableForm } from './soap-table.js';

const COLUMNS = ['@archiveNo', ...EHR_ELEMENTS.flatMap((e) => (e === 'gender' ? ['gender', 'gender@code'] : [e]))];
const GENDERS: Readonly<Record<string, string>> = { '1': '男', '2': '女' };

const TABLE: TableForm = {
  element: 'ehr', columns: COLUMNS, key: '@archiveNo', time: 'updateTime', encoding: 'utf-8',
  toWire: (text) => Buffer.from(escapeXml(text)).toString('latin1'),
  toText: (wire) => unescapeXml(Buffer.from(wire, 'latin1').toString('utf8')),
  sortable: (time) => (Number.isNaN(ISO_CLOCK.parse(time)) ? '' : new Date(ISO_CLOCK.parse(time)).toISOString()),
  secondAfter: (time) => ISO_CLOCK.secondAfter(time),
  serialise: (row) => `<ehr archiveNo="${row['@archiveNo'] ?? ''}">${EHR_ELEMENTS.map((e) => `<${e}${e === 'gender' ? ` code="${row['gender@code'] ?? ''}"` : ''}>${row[e] ?? ''}</${e}>`).join('')}</ehr>`,
};

/** What the stations' form takes from the hub; the rest is their own business. */
const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  name: (t) => t.trim() !== '' && [...t].length <= 50, idNo: (t) => t.length <= 18, gender: (t) => t === '', 'gender@code': (t) => /^[0129]$/.test(t), birth: (t) => /^(\d{8})?$/.test(t),
  nation: (t) => /^(\d{2})?$/.test(t), phone: (t) => /^[\d+ -]{0,20}$/.test(t), address: (t) => [...t].length <= 200, divisionCode: (t) => /^\d{12}$/.test(t), status: (t) => /^[1239]$/.test(t),
};

/** The health stations' service: SOAP 1.2, typed elements, WS-Security UsernameToken; a message's WS-Addressing id is its reference. */
export function startPublicHealth(context: SimulatorContext): Promise<Simulator> {
  const user = context.secret('YICI_PUBLIC_HEALTH_USER');
  const password = context.secret('YICI_PUBLIC_HEALTH_PASSWORD');
  const tokens = new UsernameTokens(user, password);
  return SoapOffice.start({
    system: 'public-health', table: TABLE, files: /^EHR_\d+\.xml$/, endpoint: { version: '1.2', path: '/services/EhrService', charset: 'UTF-8', wsdl: ehrWsdl }, clock: ISO_CLOCK,
    codes: { done: '0', refused: '1' }, parts: { from: 'updatedFrom', page: 'page, size', ref: 'MessageID' },
    checks: CHECKS, echo: { name: 'name', idNo: 'citizenId', phone: 'phone', address: 'address' },
    required: ['name', 'birth', 'divisionCode'],
    faultyEntry: (columns) => ['name', 'divisionCode'].filter((c) => !CHECKS[c]!(columns[c] ?? '')),
    refusal: 'The station does not take this person',
    kept: labelled,
    mint: (columns, rng) => `${columns['divisionCode']!}${rng.digits(5)}`,
    blank: () => ({ seniorService: '0', contracted: '0', status: '1' }),
    environment: (url) => ({ YICI_PUBLIC_HEALTH_URL: url, YICI_PUBLIC_HEALTH_USER: user, YICI_PUBLIC_HEALTH_PASSWORD: password }),
    serve: (request, office) => serve(request, office, tokens),
  }, context);
}

/** The code is written, and its label with it. */
function labelled(columns: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const code = columns['gender@code'];
  return code === undefined ? columns : { ...columns, gender: GENDERS[code] ?? '' };
}

function serve({ operation, body, header, busy }: SoapRequest, office: SoapOffice, tokens: UsernameTokens): SoapReply {
  const refused = tokens.refusal(header, Date.now());
  if (refused !== undefined) return { fault: 'security', text: refused };
  if (body.uri !== EHR_NAMESPACE || (operation !== 'queryArchive' && operation !== 'updateArchive')) return { fault: 'sender', text: 'no such operation' };
  const answer = busy ? { code: '9', message: 'busy' } : operation === 'queryArchive' ? office.query(textAt(body, 'updatedFrom'), textAt(body, 'page'), textAt(body, 'size')) : update(body, header, office);
  return { body: Buffer.from(`<ns2:${operation}Response xmlns:ns2="${EHR_NAMESPACE}"><return>${result(answer)}</return></ns2:${operation}Response>`, 'latin1') };
}

function update(body: XmlElement, header: XmlElement | undefined, office: SoapOffice): OfficeAnswer {
  const ehr = at(body, 'ehr');
  const { gender = '', ...columns } = columnsOf(ehr);
  return office.update(textAt(header, 'MessageID'), ehr?.attributes['archiveNo'] ?? '', { ...(gender !== '' && { gender }), ...columns });
}

/** In wire form. */
function result({ code, message, key, page }: OfficeAnswer): string {
  return `<code>${code}</code><message>${TABLE.toWire(message)}</message>${key === undefined ? '' : `<archiveNo>${key}</archiveNo>`}`
    + (page === undefined ? '' : `<total>${page.total}</total><ehrList>${page.xml.join('')}</ehrList>`);
}
