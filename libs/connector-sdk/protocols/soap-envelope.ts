import { createHash, randomBytes } from 'node:crypto';
import { YiciError } from '#libs/kernel/errors';
import type { OutValue } from '#libs/mapping/encode-value';
import { encodeText } from '../formats/encode-text.js';
import type { SoapCall, SoapElements, SoapService } from './soap-spec.js';

export const ENVELOPE = { '1.1': 'http://schemas.xmlsoap.org/soap/envelope/', '1.2': 'http://www.w3.org/2003/05/soap-envelope' } as const;
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const DIGEST = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';
const BASE64 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary';
const ADDRESSING = 'http://www.w3.org/2005/08/addressing';

/** Characters that XML 1.0 cannot carry, escaped or not. */
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** What the placeholders of a request stand for. */
export interface SoapValues {
  user?: string;
  password?: string;
  from?: string;
  page?: number;
  size?: number;
  key?: string;
  ref?: string;
  /** Columns of one record, in the order of the system's own schema: `@a` an attribute, `b` an element, `b@c` an attribute of it. */
  row?: readonly (readonly [string, OutValue])[];
}

export const PLACEHOLDERS: readonly string[] = ['user', 'password', 'from', 'page', 'size', 'key', 'ref', 'row'] satisfies (keyof SoapValues)[];

/**
 * The bytes of a request. `header`: what stands in the SOAP header. Throws YICI_TEXT_UNMAPPABLE when a text has a character that
 * the encoding, or XML, cannot hold.
 */
export function soapEnvelope(service: SoapService, call: SoapCall, values: SoapValues, header = ''): Buffer {
  const label = service.encoding === 'utf-8' ? 'UTF-8' : service.encoding.toUpperCase();
  const inner = elementsText(call.request, values);
  const body = call.argument === undefined ? inner
    : `<${call.argument}>${escaped(`<?xml version="1.0" encoding="${label}"?>${inner}`)}</${call.argument}>`;
  const [open, close] = service.qualified
    ? [`<${call.operation} xmlns="${escaped(service.namespace)}">`, `</${call.operation}>`]
    : [`<t:${call.operation} xmlns:t="${escaped(service.namespace)}">`, `</t:${call.operation}>`];
  return encodeText(
    `<?xml version="1.0" encoding="${label}"?><s:Envelope xmlns:s="${ENVELOPE[service.version]}">${header === '' ? '' : `<s:Header>${header}</s:Header>`}`
    + `<s:Body>${open}${body}${close}</s:Body></s:Envelope>`, service.encoding);
}

/**
 * WS-Security UsernameToken with a password digest: Base64(SHA-1(nonce + created + password)), by the OASIS UsernameToken Profile 1.0,
 * section 3.1. Each call draws a new nonce, so that a message sent again is no replay. `now` in milliseconds.
 */
export function usernameToken(user: string, password: string, now: number): string {
  const nonce = randomBytes(16);
  const created = new Date(now).toISOString();
  const digest = createHash('sha1').update(nonce).update(created, 'utf8').update(password, 'utf8').digest('base64');
  return `<wsse:Security xmlns:wsse="${WSSE}" xmlns:wsu="${WSU}" s:mustUnderstand="1"><wsse:UsernameToken><wsse:Username>${escaped(user)}</wsse:Username>`
    + `<wsse:Password Type="${DIGEST}">${digest}</wsse:Password><wsse:Nonce EncodingType="${BASE64}">${nonce.toString('base64')}</wsse:Nonce>`
    + `<wsu:Created>${created}</wsu:Created></wsse:UsernameToken></wsse:Security>`;
}

/** WS-Addressing MessageID of one write; the same for each attempt of it. */
export function messageId(ref: string): string {
  return `<wsa:MessageID xmlns:wsa="${ADDRESSING}">urn:yici:${escaped(ref)}</wsa:MessageID>`;
}

function elementsText(elements: SoapElements, values: SoapValues): string {
  return Object.entries(elements).map(([name, content]) => {
    if (typeof content !== 'string') return `<${name}>${elementsText(content, values)}</${name}>`;
    if (content === '{row}') return rowText(name, values.row ?? []);
    return `<${name}>${escaped(filled(content, values))}</${name}>`;
  }).join('');
}

function filled(text: string, values: SoapValues): string {
  const name = /^\{(\w+)\}$/.exec(text)?.[1] as Exclude<keyof SoapValues, 'row'> | undefined;
  return name === undefined ? text : String(values[name] ?? '');
}

/** One record as an element: columns that are not there are left out, which a service reads as "unchanged". */
function rowText(name: string, row: readonly (readonly [string, OutValue])[]): string {
  const attributes = new Map<string, string[]>([['', []]]);
  const texts = new Map<string, string>();
  for (const [column, value] of row) {
    const [element = '', attribute] = column.split('@', 2);
    if (attribute === undefined) texts.set(element, escaped(cell(value)));
    else attributes.set(element, [...(attributes.get(element) ?? []), ` ${attribute}="${escaped(cell(value))}"`]);
    if (element !== '' && !texts.has(element)) texts.set(element, '');
  }
  const of = (element: string): string => (attributes.get(element) ?? []).join('');
  return `<${name}${of('')}>${[...texts].map(([element, text]) => `<${element}${of(element)}>${text}</${element}>`).join('')}</${name}>`;
}

function cell(value: OutValue): string {
  if (value === null) return '';
  return Array.isArray(value) ? value.join(',') : String(value as string | number | boolean);
}

function escaped(text: string): string {
  if (NOT_XML.test(text)) {
    throw new YiciError({
      code: 'YICI_TEXT_UNMAPPABLE', stage: 'sending', message: 'The text has a control character, which XML cannot carry.',
      fix: 'Correct the value where it comes from.',
    });
  }
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll('\r', '&#13;');
}
