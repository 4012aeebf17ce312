import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { messageId, soapEnvelope, usernameToken } from './soap-envelope.js';
import type { SoapCall, SoapService } from './soap-spec.js';

const service: SoapService = { version: '1.1', namespace: 'http://x.example/', qualified: false, encoding: 'gbk', security: 'none', timeoutSeconds: 5, maxAnswerMegabytes: 1 };
const query: SoapCall = { operation: 'Query', action: '', argument: 'in0', request: { request: { head: { user: '{user}', kind: 'plain' }, condition: { from: '{from}', page: '{page}' } } } };

/** Text of each leaf by its path, as any service would read it. */
function leaves(bytes: Buffer, encoding = 'gb18030'): Record<string, string> {
  const found: Record<string, string> = {};
  const path: string[] = [];
  const parser = new SaxesParser({ xmlns: true });
  parser.on('opentag', (tag) => {
    path.push(`{${tag.uri.split('/')[2] ?? ''}}${tag.local}`);
    found[path.join(' ')] = '';
  });
  parser.on('text', (text) => (found[path.join(' ')] += text));
  parser.on('closetag', () => void path.pop());
  parser.write(new TextDecoder(encoding).decode(bytes)).close();
  return found;
}
const CALL = '{schemas.xmlsoap.org}Envelope {schemas.xmlsoap.org}Body {x.example}Query';

describe('a SOAP request', () => {
  it('holds a whole document as text, in the bytes of its encoding', () => {
    const bytes = soapEnvelope(service, query, { user: '张<&>"伟', from: '', page: 2 });
    expect(bytes.toString('latin1')).toMatch(/^<\?xml version="1.0" encoding="GBK"\?><s:Envelope xmlns:s="http:\/\/schemas.xmlsoap.org\/soap\/envelope\/">/);
    expect(leaves(bytes)[`${CALL} {}in0`]).toBe('<?xml version="1.0" encoding="GBK"?><request><head><user>张&lt;&amp;&gt;&quot;伟</user><kind>plain</kind></head><condition><from></from><page>2</page></condition></request>');
  });

  it('spells a row as element with attributes, in order, an empty text where the value goes', () => {
    const call: SoapCall = { operation: 'update', action: '', request: { ehr: '{row}' } };
    const bytes = soapEnvelope({ ...service, version: '1.2', qualified: true, encoding: 'utf-8' }, call, { row: [['@archiveNo', ''], ['name', '王䶮'], ['gender@code', '1'], ['phone', null]] });
    expect(bytes.toString('utf8')).toContain('<update xmlns="http://x.example/"><ehr archiveNo=""><name>王䶮</name><gender code="1"></gender><phone></phone></ehr></update>');
    expect(bytes.toString('utf8')).toContain('http://www.w3.org/2003/05/soap-envelope');
  });

  it.each(['\u0000', 'a\u001fb', '\uffff'])('refuses %j, which no XML can hold', (text) => {
    expect(() => soapEnvelope(service, query, { user: text })).toThrow(expect.objectContaining({ code: 'YICI_TEXT_UNMAPPABLE' }));
  });

  it('refuses a character outside GBK instead of writing a question mark', () => {
    expect(() => soapEnvelope(service, query, { user: '王𫖯' })).toThrow(expect.objectContaining({ code: 'YICI_TEXT_UNMAPPABLE' }));
  });

  it('never lets a value become an element, whatever it holds', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
      const bytes = soapEnvelope({ ...service, encoding: 'utf-8' }, { ...query, argument: undefined }, { user: text });
      expect(leaves(bytes, 'utf-8')[`${CALL} {}request {}head {}user`]).toBe(text);
    }));
  });
});

describe('a UsernameToken', () => {
  it('carries the digest of nonce, time and password, and another nonce each time', () => {
    const token = usernameToken('hub', 'secret', Date.parse('2026-03-31T01:02:03Z'));
    const { Password, Nonce, 'wsu:Created': created } = Object.fromEntries([...token.matchAll(/<(?:wsse:)?([\w:]+)[^>]*>([^<]+)</g)].map(([, name, text]) => [name, text])) as Record<string, string>;
    expect(created).toBe('2026-03-31T01:02:03.000Z');
    expect(Password).toBe(createHash('sha1').update(Buffer.concat([Buffer.from(Nonce!, 'base64'), Buffer.from(`${created!}secret`)])).digest('base64'));
    expect(token).not.toContain('secret');
    expect(usernameToken('hub', 'secret', 0)).not.toBe(usernameToken('hub', 'secret', 0));
  });
});

it('the id of a message is our ref', () => expect(messageId('p-1')).toContain('>urn:yici:p-1</wsa:MessageID>'));
