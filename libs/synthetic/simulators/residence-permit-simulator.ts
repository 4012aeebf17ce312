import { encodeGbk } from '../formats/gb-encoding.js';
import { COMPACT_CLOCK } from './office-clock.js';
import { LDRK_NAMESPACE, ldrkWsdl } from './residence-permit-wsdl.js';
import type { Simulator, SimulatorContext } from './simulator.js';
import { at, escapeXml, parseXml, textAt, unescapeXml, type XmlElement } from './soap-elements.js';
import { columnsOf, SoapOffice, type OfficeAnswer } from './soap-office.js';
import type { SoapReply, SoapRequest } from './soap-server.js';
import type { TableForm } from './soap-table.js';

const COLUMNS = ['LSH', 'XM', 'XB', 'SFZH', 'CSRQ', 'MZ', 'JZZH', 'HJDZ', 'XZZ', 'FZXM', 'FZDH', 'LXDH', 'YHZGX', 'ZCS', 'ZZSY', 'DJRQ', 'YXQX', 'ZXBZ', 'GXSJ'];

const decoder = new TextDecoder('gb18030');
const TABLE: TableForm = {
  element: 'result', columns: COLUMNS, key: 'LSH', time: 'GXSJ', encoding: 'gb18030',
  toWire: (text) => encodeGbk(escapeXml(text)).toString('latin1'),
  toText: (wire) => unescapeXml(decoder.decode(Buffer.from(wire, 'latin1'))),
  sortable: (time) => (/^\d{14}$/.test(time) ? time : ''),
  secondAfter: (time) => COMPACT_CLOCK.secondAfter(time),
  serialise: (row) => `<result>${COLUMNS.map((c) => `<${c}>${row[c] ?? ''}</${c}>`).join('')}</result>`,
};

/** The permit office's service: SOAP 1.1, a document as text in and out, GBK; user and token in the head of each request. */
export function startResidencePermit(context: SimulatorContext): Promise<Simulator> {
  const user = context.secret('YICI_RESIDENCE_PERMIT_USER');
  const token = context.secret('YICI_RESIDENCE_PERMIT_TOKEN');
  return SoapOffice.start({
    system: 'residence-permit', table: TABLE, files: /^LDRK_\d+\.xml$/, endpoint: { version: '1.1', path: '/services/LdrkService', charset: 'GBK', wsdl: ldrkWsdl }, clock: COMPACT_CLOCK,
    codes: { done: '00', refused: '01' }, parts: { from: 'gxsjFrom', page: 'pageNo, pageSize', ref: 'ref' },
    // The rest of the form is the office's own business. Widths are bytes of GBK.
    checks: {
      XM: (t) => t.trim() !== '' && width(t) <= 100, XB: (t) => /^[男女]?$/.test(t), SFZH: (t) => width(t) <= 18, CSRQ: (t) => /^(\d{4}-\d\d-\d\d)?$/.test(t),
      MZ: (t) => width(t) <= 40, HJDZ: (t) => width(t) <= 200, XZZ: (t) => t.trim() !== '' && width(t) <= 200, LXDH: (t) => /^[\d+ -]{0,20}$/.test(t), ZXBZ: (t) => /^[01]$/.test(t),
    },
    echo: { XM: 'name', SFZH: 'citizenId', LXDH: 'phone', XZZ: 'address', HJDZ: 'address' },
    required: ['XM', 'SFZH', 'XZZ'],
    faultyEntry: (columns) => (columns['XM'] ? [] : ['XM']),
    refusal: 'The permit office does not take this person',
    kept: (columns) => columns,
    mint: (_columns, rng) => `LD${rng.digits(9)}`,
    blank: (time) => ({ YHZGX: '其他', ZCS: '90', ZZSY: '999', DJRQ: `${time.slice(0, 8)}000000`, ZXBZ: '0' }),
    environment: (url) => ({ YICI_RESIDENCE_PERMIT_URL: url, YICI_RESIDENCE_PERMIT_USER: user, YICI_RESIDENCE_PERMIT_TOKEN: token }),
    serve: (request, office) => serve(request, office, { user, token }),
  }, context);
}

function serve({ operation, body, busy }: SoapRequest, office: SoapOffice, account: { user: string; token: string }): SoapReply {
  if (body.uri !== LDRK_NAMESPACE || (operation !== 'QueryLdrk' && operation !== 'UpdateLdrk')) return { fault: 'sender', text: 'no such operation' };
  const answer = busy ? { code: '99', message: 'system busy' } : answered(operation, parseXml(textAt(body, 'in0')), office, account);
  // The document as text of the answer's one element.
  return { body: Buffer.from(`<ns1:${operation}Response xmlns:ns1="${LDRK_NAMESPACE}"><out>${escapeXml(documentOf(answer))}</out></ns1:${operation}Response>`, 'latin1') };
}

function answered(operation: string, request: XmlElement | undefined, office: SoapOffice, { user, token }: { user: string; token: string }): OfficeAnswer {
  if (request?.local !== 'request') return { code: '01', message: 'in0 is no request' };
  if (textAt(request, 'head', 'user') !== user || textAt(request, 'head', 'token') !== token) return { code: '02', message: 'user or token' };
  if (operation === 'QueryLdrk') {
    const condition = at(request, 'condition');
    return office.query(textAt(condition, 'gxsjFrom'), textAt(condition, 'pageNo'), textAt(condition, 'pageSize'));
  }
  const { LSH: asked = '', ...columns } = columnsOf(at(request, 'ldrk'));
  return office.update(textAt(request, 'head', 'ref'), asked, columns);
}

/** The answer document, in wire form. */
function documentOf({ code, message, key, page }: OfficeAnswer): string {
  const total = page?.total ?? (key === undefined ? 0 : 1);
  const results = page?.xml.join('\n') ?? (key === undefined ? '' : `<result><LSH>${key}</LSH></result>`);
  return `<?xml version="1.0" encoding="GBK"?><response><head><resultCode>${code}</resultCode><resultMsg>${TABLE.toWire(message)}</resultMsg><total>${total}</total></head>`
    + `<body><resultList>${results}</resultList></body></response>`;
}

function width(text: string): number {
  return encodeGbk(text).length;
}
