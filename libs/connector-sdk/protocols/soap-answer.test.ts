import { describe, expect, it } from '@jest/globals';
import { encodeText } from '../formats/encode-text.js';
import { answerTexts, openSoapAnswer } from './soap-answer.js';
import type { SoapAnswerSpec, SoapService } from './soap-spec.js';

const E11 = 'http://schemas.xmlsoap.org/soap/envelope/';
const E12 = 'http://www.w3.org/2003/05/soap-envelope';
const text: SoapService = { version: '1.1', namespace: 'x', qualified: false, encoding: 'gbk', security: 'none', timeoutSeconds: 5, maxAnswerMegabytes: 1 };
const typed: SoapService = { ...text, version: '1.2', encoding: 'utf-8' };
const out: SoapAnswerSpec = { element: 'out', asText: true, code: 'resultCode', codes: { ok: ['00'], refused: [], notAuthorised: [], busy: [], conflict: [] } };
const ret: SoapAnswerSpec = { ...out, element: 'return', asText: false };
const wrap11 = (inner: string): string => `<?xml version="1.0" encoding="GBK"?><s:Envelope xmlns:s="${E11}"><s:Body>${inner}</s:Body></s:Envelope>`;
const wrap12 = (inner: string): string => `<e:Envelope xmlns:e="${E12}"><e:Header/><e:Body>${inner}</e:Body></e:Envelope>`;
const open = (body: string | Buffer, service = text, spec = out, type = '') => openSoapAnswer(typeof body === 'string' ? encodeText(body, 'gb18030') : body, type, service, spec);
const document = (body: string | Buffer, service = text, spec = out, type = ''): string => {
  const opened = open(body, service, spec, type);
  return opened.kind === 'document' ? new TextDecoder(service.encoding === 'utf-8' ? 'utf-8' : 'gb18030').decode(opened.document) : `no document: ${JSON.stringify(opened)}`;
};

describe('a document inside a SOAP answer', () => {
  it('is read from escaped text, once unescaped', () => {
    expect(document(wrap11('<r xmlns="x"><out>&lt;?xml version="1.0" encoding="GBK"?>&lt;a>张&amp;lt;&#x4f1f;&#24378;&lt;/a></out></r>'))).toBe('<a>张&lt;伟强</a>');
  });

  it('is read from CDATA as it is', () => {
    expect(document(wrap11('<n:r xmlns:n="x"><n:out><![CDATA[<a>张</out>&lt;</a>]]></n:out></n:r>'))).toBe('<a>张</out>&lt;</a>');
  });

  it('is several sections of CDATA and text; a section that is never closed is text', () => {
    expect(document(wrap11('<out><![CDATA[<a>]]>&lt;b>&amp;amp;<![CDATA[&amp;</b></a>]]></out>'))).toBe('<a><b>&amp;&amp;</b></a>');
    expect(document(wrap11('<out>&lt;a><![CDATA[&lt;/a></out>'))).toBe('<a><![CDATA[</a>');
  });

  // Each took hours when the whole answer was gone through again from every beginning.
  it.each([
    ['sections that are never closed', wrap11(`<out>${'<![CDATA['.repeat(400_000)}</out>`), 'document'],
    ['tags that are never closed', `${'<out '.repeat(700_000)}`, 'stranger'],
    ['closing tags without end', `<out>${'</out '.repeat(700_000)}`, 'stranger'],
    ['prefixes', wrap12(`<return>${'<a:'.repeat(700_000)}</return>`), 'document'],
    ['blanks in a tag', wrap12(`<return>${'<a  x'.repeat(400_000)}<b ${' '.repeat(1_000_000)}</return>`), 'document'],
    ['references', wrap11(`<out>${'&#x'.repeat(700_000)}</out>`), 'document'],
  ])('of millions of %s is gone through once', (_, body, kind) => {
    const spec = body.includes('<return>') ? ret : out;
    expect(openSoapAnswer(Buffer.from(body, 'latin1'), '', spec === ret ? typed : text, spec).kind).toBe(kind);
  });

  it('keeps its bytes, broken ones too, whatever stands beside them', () => {
    const [before, after] = [Buffer.from(wrap11('<out>&lt;a>X&lt;/a></out>').split('X')[0]!), Buffer.from(wrap11('<out>&lt;a>X&lt;/a></out>').split('X')[1]!)];
    const opened = open(Buffer.concat([before, Buffer.of(0x81, 0x20, 0xfe, 0x9f, 0xff), after]));
    expect(opened.kind === 'document' && opened.document.toString('latin1')).toBe('<a>\x81 \xfe\x9f\xff</a>');
  });

  it('comes in UTF-8 from a library that knows nothing else, and is read in the agreed encoding', () => {
    const body = Buffer.from(wrap11('<out>&lt;?xml version="1.0" encoding="GBK"?>&lt;a>王䶮𫖯&lt;/a></out>').replace('encoding="GBK"', 'encoding="utf-8"'));
    expect(document(body)).toBe('<a>王䶮𫖯</a>');
    const broken = Buffer.from(body);
    broken[broken.indexOf('王')] = 0xff;
    expect(() => open(broken)).toThrow(expect.objectContaining({ code: 'YICI_SNAPSHOT_UNREADABLE' }));
  });

  it('is a typed element, freed from prefixes and from what belongs to XML', () => {
    const body = wrap12('<n:r xmlns:n="x" xmlns:xsi="i"><n:return xsi:type="n:t"><n:code>0</n:code><n:ehr archiveNo="1" xsi:type="n:ehr"><n:name xmlns="" xsi:nil="false">a:b &lt;c:d></n:name><n:e/></n:ehr></n:return></n:r>');
    expect(document(Buffer.from(body), typed, ret)).toBe('<return><code>0</code><ehr archiveNo="1"><name>a:b &lt;c:d></name><e/></ehr></return>');
  });

  it('may be empty', () => expect(document(Buffer.from(wrap12('<r><return/></r>')), typed, ret)).toBe('<return></return>'));

  it('gives the texts of a short answer', () => {
    expect([...answerTexts(Buffer.from('<r><code>0</code><k> 12 </k><l><k>13</k></l></r>'), 'utf-8')]).toContainEqual(['k', '12']);
    expect(() => answerTexts(Buffer.from('<r><code>'), 'utf-8')).toThrow(expect.objectContaining({ code: 'YICI_SNAPSHOT_UNREADABLE' }));
    expect(() => answerTexts(Buffer.from('<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>'), 'utf-8')).toThrow(expect.objectContaining({ code: 'YICI_SNAPSHOT_UNREADABLE' }));
  });
});

describe('an answer that is none', () => {
  it.each([
    ['a fault of 1.1 with its text left out', wrap11('<s:Fault><faultcode>s:Server</faultcode><faultstring>张三 failed</faultstring></s:Fault>'), text, { kind: 'fault', blame: 'receiver', code: 'Server' }],
    ['our own fault', wrap11('<s:Fault><faultcode>s:Client</faultcode></s:Fault>'), text, { kind: 'fault', blame: 'sender', code: 'Client' }],
    ['a fault of 1.2 with a subcode', wrap12('<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>w:FailedAuthentication</e:Value></e:Subcode></e:Code></e:Fault>'), typed, { kind: 'fault', blame: 'security' }],
    ['a page', '<html><body>out<br></body></html>', text, { kind: 'stranger', why: 'its answer is a page, not SOAP' }],
    ['well-formed XML of another kind', '<out/>', text, { kind: 'stranger', why: 'its answer is a page, not SOAP' }],
    ['nothing', '', text, { kind: 'stranger' }],
    ['another version', wrap12('<out/>'), text, { kind: 'stranger', why: 'it answers in another version of SOAP than agreed' }],
    ['an envelope without body', `<s:Envelope xmlns:s="${E11}"><s:Header/></s:Envelope>`, text, { kind: 'stranger', why: 'its answer has no SOAP body' }],
    ['an envelope cut off', wrap11('<out>a</out>').slice(0, -5), text, { kind: 'stranger', why: 'its answer is not well-formed XML' }],
    ['an answer cut off in its document', wrap11('<out>a</out>').split('</out>')[0]!, text, { kind: 'stranger' }],
    ['an envelope that holds something else', wrap11('<other/>'), text, { kind: 'stranger', why: 'its answer has no <out>' }],
  ] as const)('%s', (_, body, service, expected) => {
    expect(open(body, service)).toMatchObject(expected);
  });

  it('refuses a DOCTYPE and an encoding nobody agreed', () => {
    expect(() => open(`<!DOCTYPE a [<!ENTITY a "b">]>${wrap11('<out/>')}`)).toThrow(expect.objectContaining({ code: 'YICI_SNAPSHOT_UNREADABLE' }));
    expect(() => open(wrap11('<out/>'), { ...text, encoding: 'utf-8' })).toThrow(expect.objectContaining({ code: 'YICI_SNAPSHOT_UNREADABLE' }));
    expect(() => open(`<s:Envelope xmlns:s="${E11}"><s:Body><out/></s:Body></s:Envelope>`, text, out, 'text/xml; charset=utf-16')).toThrow(expect.objectContaining({ code: 'YICI_SNAPSHOT_UNREADABLE' }));
  });
});
