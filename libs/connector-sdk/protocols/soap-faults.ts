import { columnNames, type Connector } from '../connector.js';
import { PLACEHOLDERS } from './soap-envelope.js';
import type { SoapDeliverySpec, SoapElements, SoapLiveSpec } from './soap-spec.js';

/** What is wrong in the SOAP parts of a folder, each with where. */
export function soapFaults({ manifest, mappingOut }: Pick<Connector, 'manifest' | 'mappingOut'>, spec: SoapLiveSpec | SoapDeliverySpec): string[] {
  const faults: string[] = [];
  const side = 'update' in spec ? 'delivery' : 'live';
  const complain = (what: string): void => void faults.push(`connector.yaml: ${side} ${what}`);
  if (spec.security === 'usernameToken' && (spec.userSecret === undefined || spec.passwordSecret === undefined)) complain('signs with a UsernameToken and needs userSecret and passwordSecret');
  const calls = 'update' in spec ? [spec.update] : [spec.query, ...(spec.one === undefined ? [] : [spec.one])];
  for (const { operation, request } of calls) {
    const used = placeholders(request);
    for (const name of used) {
      if (!PLACEHOLDERS.includes(name)) complain(`${operation} uses the unknown placeholder {${name}}; known are ${PLACEHOLDERS.map((p) => `{${p}}`).join(' ')}`);
    }
    if (used.includes('user') && spec.userSecret === undefined) complain(`${operation} sends {user} and needs userSecret`);
    if (used.includes('password') && spec.passwordSecret === undefined) complain(`${operation} sends {password} and needs passwordSecret`);
  }
  if ('update' in spec) {
    if (mappingOut.person === undefined) faults.push('mapping.out.yaml: person is missing');
    if (!placeholders(spec.update.request).includes('row')) complain(`${spec.update.operation} sends no {row}`);
    if (mappingOut.person?.createRef !== undefined && spec.update.answer.key === undefined) complain(`${spec.update.operation} may create records and must say in which element of the answer (key) their keys come back`);
    return faults;
  }
  const table = manifest.snapshot.tables.find((t) => t.id === spec.table);
  if (table === undefined) return faults;
  if (table.read.format !== 'xml-records') complain(`reads ${spec.table}, whose format must be xml-records`);
  else if (spec.query.answer.asText && table.read.rootElement === undefined) complain(`${spec.query.operation} answers with a document: the table needs rootElement`);
  if (!columnNames(table.read).includes(spec.updated.column)) complain(`is in the order of an unknown column ${spec.updated.column}`);
  const asked = placeholders(spec.query.request);
  for (const name of ['from', 'page', 'size']) if (!asked.includes(name)) complain(`${spec.query.operation} must send {${name}}`);
  if (spec.one !== undefined && !placeholders(spec.one.request).includes('key')) complain(`${spec.one.operation} must send {key}`);
  return faults;
}

function placeholders(elements: SoapElements): string[] {
  return Object.values(elements).flatMap((content) => (typeof content === 'string' ? /^\{(\w+)\}$/.exec(content)?.slice(1) ?? [] : placeholders(content)));
}
