import { TextDecoder } from 'node:util';
import { SaxesParser } from 'saxes';
import { encodeText } from '../formats/encode-text.js';
import type { TextEncoding } from '../formats/format-options.js';
import { unreadable } from '../formats/snapshot-fault.js';
import { fatalDecoder } from '../formats/text-chunks.js';
import { ENVELOPE } from './soap-envelope.js';
import type { SoapAnswerSpec, SoapService } from './soap-spec.js';

/** What came back: the document inside the envelope, a fault, or something that is no SOAP at all (a proxy's page). */
export type OpenedAnswer =
  | { kind: 'document'; /** In the service's encoding, whole, with a root of its own. */ document: Buffer }
  /** `code` is a name of SOAP or of the service, never its text, which may name a person. */
  | { kind: 'fault'; blame: 'sender' | 'receiver' | 'security'; code: string }
  | { kind: 'stranger'; why: string };

/**
 * Opens an envelope. It is looked at as bytes: only the frame around the answer is parsed as a whole, so that broken bytes or an
 * unclosed tag in one record stay inside that record. Safe in GBK and UTF-8, in which `<` and `&` are never part of a character.
 *
 * Throws YICI_SNAPSHOT_UNREADABLE when the envelope holds a DOCTYPE or is in an encoding that was not agreed.
 */
export function openSoapAnswer(body: Buffer, contentType: string, service: SoapService, spec: SoapAnswerSpec): OpenedAnswer {
  const text = body.toString('latin1');
  const found = cut(text, spec.element);
  const frame = found === undefined ? text : text.slice(0, found.from) + text.slice(found.to);
  if (/<!\s*(DOCTYPE|ENTITY)/i.test(frame)) {
    throw unreadable('The answer declares a DOCTYPE, which SOAP forbids; it could hold an entity bomb.', 'Ask the owner of the system what answers there.');
  }
  const read = readFrame(frame, ENVELOPE[service.version]);
  if (typeof read === 'string') return { kind: 'stranger', why: read };
  if (read.fault !== undefined) return { kind: 'fault', ...blameOf(read.fault) };
  if (found === undefined) return { kind: 'stranger', why: `its answer has no <${spec.element}>` };
  const content = text.slice(found.from, found.to);
  const outer = outerEncoding(text, contentType, service.encoding);
  const document = spec.asText ? unwrapped(content, outer) : `<${spec.element}>${plainNames(content)}</${spec.element}>`;
  return { kind: 'document', document: recoded(Buffer.from(document, 'latin1'), outer, service.encoding) };
}

/** Where the content of the element lies; its end is the last one, for the content may hold an element of the same name. */
function cut(text: string, element: string): { from: number; to: number } | undefined {
  // Up to the next `<` at most: a hostile answer of unclosed tags must not be gone through once for each of them.
  const start = new RegExp(`<(?:[\\w.-]+:)?${element}(?=[\\s/>])[^<>]*>`).exec(text);
  if (start === null) return undefined;
  const from = start.index + start[0].length;
  if (start[0].endsWith('/>')) return { from, to: from };
  let to: number | undefined;
  for (const end of text.matchAll(new RegExp(`</(?:[\\w.-]+:)?${element}\\s*>`, 'g'))) to = end.index;
  return to === undefined || to < from ? undefined : { from, to };
}

interface Frame {
  /** Texts and names of the fault code, from the outermost to the most exact. */
  fault?: string[];
}

/** Envelope and Body must be there; a fault is read to its codes. A text says why it is no envelope. */
function readFrame(frame: string, uri: string): Frame | string {
  const path: string[] = [];
  const read: Frame = {};
  let root: { local: string; uri: string } | undefined;
  let body = false;
  let text = '';
  const parser = new SaxesParser({ xmlns: true });
  parser.on('opentag', (tag) => {
    root ??= tag;
    path.push(tag.local);
    text = '';
    if (path.length === 2 && tag.local === 'Body') body = true;
    if (path.length === 3 && path[1] === 'Body' && tag.local === 'Fault') read.fault = [];
  });
  parser.on('text', (t) => (text += t));
  parser.on('closetag', (tag) => {
    // 1.1: faultcode; 1.2: Code/Value and Code/Subcode/Value.
    const isCode = tag.local === 'faultcode' || (tag.local === 'Value' && path.includes('Code'));
    if (isCode) read.fault?.push(text.trim().replace(/^.*:/, '').replaceAll(/[^\w.-]/g, '').slice(0, 60));
    path.pop();
    text = '';
  });
  try {
    parser.write(frame).close();
  } catch {
    return root?.local === 'Envelope' ? 'its answer is not well-formed XML' : 'its answer is a page, not SOAP';
  }
  if (root?.local !== 'Envelope') return 'its answer is a page, not SOAP';
  if (root.uri !== uri) return 'it answers in another version of SOAP than agreed';
  return body ? read : 'its answer has no SOAP body';
}

function blameOf(codes: readonly string[]): { blame: 'sender' | 'receiver' | 'security'; code: string } {
  const code = codes.filter((c) => c !== '').join('.') || 'unnamed';
  if (codes.some((c) => /^(FailedAuthentication|FailedCheck|InvalidSecurity|InvalidSecurityToken|SecurityTokenUnavailable|MessageExpired)/.test(c))) return { blame: 'security', code };
  return { blame: codes.some((c) => /^(Client|Sender)\b/.test(c)) ? 'sender' : 'receiver', code };
}

/** How the bytes on the wire are encoded. A service that is agreed in GBK may still speak UTF-8: its libraries choose. */
function outerEncoding(text: string, contentType: string, agreed: TextEncoding): TextEncoding {
  const named = /^\s*<\?xml[^>]*encoding=["']([^"']+)["']/.exec(text)?.[1] ?? /charset="?([\w-]+)/i.exec(contentType)?.[1];
  if (named === undefined) return agreed;
  if (/^utf-?8$/i.test(named)) return 'utf-8';
  if (/^(gbk|gb2312|gb18030)$/i.test(named) && agreed !== 'utf-8') return agreed;
  throw unreadable(`The answer is in another encoding than ${agreed}.`, 'Agree with the owner of the system, then change the encoding in connector.yaml.');
}

function recoded(document: Buffer, outer: TextEncoding, agreed: TextEncoding): Buffer {
  if (outer === agreed) return document;
  try {
    return encodeText(fatalDecoder(outer).decode(document), 'gb18030');
  } catch (cause) {
    throw unreadable(`The answer says that it is ${outer} and is not.`, 'Ask the owner of the system in which encoding it answers.', cause);
  }
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: '\'' };

/** The document that stands as text: CDATA as it is, else references resolved once. Its own prolog says nothing: the envelope's encoding holds. */
function unwrapped(content: string, encoding: TextEncoding): string {
  const text = cdataApart(content).map(({ cdata, part }) => (cdata ? part : part.replaceAll(/&(?:(\w+)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g, (whole, name: string | undefined, decimal: string | undefined, hex: string | undefined) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    return character(decimal === undefined ? parseInt(hex!, 16) : Number(decimal), encoding) ?? whole;
  }))).join('');
  return text.replace(/^\s*<\?xml[^>]*\?>/, '');
}

const CDATA = '<![CDATA[';
const CDATA_END = ']]>';

/** CDATA sections and what lies between them; one that is never closed is none. In one walk: a pattern would look for the end anew from each beginning. */
function cdataApart(content: string): { cdata: boolean; part: string }[] {
  const parts: { cdata: boolean; part: string }[] = [];
  for (let at = 0; ;) {
    const from = content.indexOf(CDATA, at);
    const to = from < 0 ? -1 : content.indexOf(CDATA_END, from + CDATA.length);
    if (to < 0) return [...parts, { cdata: false, part: content.slice(at) }];
    parts.push({ cdata: false, part: content.slice(at, from) }, { cdata: true, part: content.slice(from + CDATA.length, to) });
    at = to + CDATA_END.length;
  }
}

/** A character as the bytes it takes, one char a byte. */
function character(point: number, encoding: TextEncoding): string | undefined {
  if (point === 0 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
  return encodeText(String.fromCodePoint(point), encoding === 'gbk' ? 'gb18030' : encoding).toString('latin1');
}

/**
 * Typed elements without their prefixes and without what belongs to XML itself (xmlns, xsi:type, xsi:nil): services of the same
 * contract spell these as their library likes, and a record's own bytes must make sense alone.
 */
function plainNames(content: string): string {
  if (!/<\/?[\w.-]+:|\s(?:xmlns|xsi)\b/.test(content)) return content;
  return content.replaceAll(/<(\/?)(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)(\s*\/?>)/g, (_tag, slash: string, name: string, attributes: string, end: string) =>
    `<${slash}${name}${attributes.replaceAll(/\s+(?:xmlns(?::[\w.-]+)?|xsi:[\w.-]+)\s*=\s*(?:"[^"]*"|'[^']*')/g, '')}${end}`);
}

/** First text of each element of a short answer, by name. Broken bytes are replaced: only codes and keys are taken from it. */
export function answerTexts(document: Buffer, encoding: TextEncoding): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const path: { name: string; text: string }[] = [];
  const parser = new SaxesParser();
  parser.on('opentag', (tag) => void path.push({ name: tag.name, text: '' }));
  parser.on('text', (t) => {
    if (path.length > 0) path.at(-1)!.text += t;
  });
  parser.on('cdata', (t) => {
    if (path.length > 0) path.at(-1)!.text += t;
  });
  parser.on('closetag', () => {
    const { name, text } = path.pop()!;
    if (!texts.has(name)) texts.set(name, text.trim());
  });
  parser.on('doctype', () => {
    throw unreadable('The answer holds a DOCTYPE.', 'Ask the owner of the system what answers there.');
  });
  try {
    parser.write(new TextDecoder(encoding === 'utf-8' ? 'utf-8' : 'gb18030').decode(document)).close();
  } catch (cause) {
    throw unreadable('The answer is not well-formed XML.', 'Ask the owner of the system what answers there.', cause);
  }
  return texts;
}
