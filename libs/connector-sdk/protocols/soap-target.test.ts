import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#libs/kernel/clock';
import { Divisions } from '#libs/values/divisions';
import { loadConnector } from '../load-connector.js';
import type { OutgoingItem } from '../target-channel.js';
import { soapFaults } from './soap-faults.js';
import type { SoapDeliverySpec, SoapLiveSpec } from './soap-spec.js';
import { SoapTarget } from './soap-target.js';

const folder = (id: string) => loadConnector(path.resolve(import.meta.dirname, '../../../connectors', id));
const files = folder('public-health');
const spec = files.manifest.delivery as SoapDeliverySpec;
const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');
const E12 = 'http://www.w3.org/2003/05/soap-envelope';
const signal = new AbortController().signal;
const item = (ref: string, more: Partial<OutgoingItem> = {}): OutgoingItem => ({ recordType: 'person', ref, columns: { phone: '13800000001' }, plannedAt: new Date('2026-03-31T02:03:04Z'), ...more });

let server: Server;
let url: string;
let seen: { body: string; type: string }[];
let answers: { status: number; body: string }[];
let underWay = 0;
let most = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (c: Buffer) => chunks.push(c));
    request.on('end', () => {
      seen.push({ body: Buffer.concat(chunks).toString('utf8'), type: request.headers['content-type'] ?? '' });
      const { status, body } = answers.shift() ?? { status: 503, body: '' };
      most = Math.max(most, ++underWay);
      setTimeout(() => {
        underWay -= 1;
        response.writeHead(status, { 'content-type': 'application/soap+xml' }).end(body);
      }, 5);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ehr`;
});
afterAll(() => new Promise<void>((done) => {
  server.closeAllConnections();
  server.close(() => done());
}));
beforeEach(() => {
  seen = [];
  answers = [];
});

const wrap = (inner: string, status = 200) => ({ status, body: `<e:Envelope xmlns:e="${E12}"><e:Body>${inner}</e:Body></e:Envelope>` });
const result = (inner: string) => wrap(`<n:updateArchiveResponse xmlns:n="http://ws.ehr.example/"><return>${inner}</return></n:updateArchiveResponse>`);
const fault = (code: string, subcode = '', status = 500) => wrap(`<e:Fault><e:Code><e:Value>e:${code}</e:Value>${subcode === '' ? '' : `<e:Subcode><e:Value>${subcode}</e:Value></e:Subcode>`}</e:Code></e:Fault>`, status);
function target(more: Partial<SoapDeliverySpec> = {}, extra: Record<string, string> = {}): SoapTarget {
  const secrets: Record<string, string> = { ...extra, YICI_PUBLIC_HEALTH_URL: url, YICI_PUBLIC_HEALTH_USER: 'hub', YICI_PUBLIC_HEALTH_PASSWORD: 'a password' };
  return new SoapTarget(files, { ...spec, ...more }, { secret: (name) => secrets[name], divisions, clock: systemClock });
}

describe('writing to a SOAP service', () => {
  it('sends one record a call, its columns in the order of the schema, signed and named', async () => {
    answers = [result('<code>0</code><archiveNo>99010100100100001</archiveNo>'), result('<code>0</code><archiveNo>99010100100100002</archiveNo>')];
    expect(await target({ atOnce: 1 }).write([
      item('p-1', { columns: { divisionCode: '990101002001', 'gender@code': '1', name: '张 <伟>强' } }),
      item('d-2', { naturalKey: '99010100100100002', carried: { birth: '19620315' } }),
    ], signal)).toEqual([{ outcome: 'accepted', naturalKey: '99010100100100001' }, { outcome: 'accepted', naturalKey: '99010100100100002' }]);
    expect(seen[0]!.body).toContain('<ehr archiveNo=""><name>张 &lt;伟&gt;强</name><gender code="1"></gender><divisionCode>990101002001</divisionCode></ehr>');
    expect(seen[0]!.body).toMatch(/#PasswordDigest">[^<]+<.*<wsa:MessageID [^>]*>urn:yici:p-1</);
    expect(seen[0]!.body).not.toContain('a password');
    expect(seen[0]!.type).toBe('application/soap+xml; charset=utf-8; action="http://ws.ehr.example/updateArchive"');
    expect(seen[1]!.body).toContain('<ehr archiveNo="99010100100100002"><birth>19620315</birth><phone>13800000001</phone></ehr>');
  });

  it.each([
    ['a refusal names columns and no value', result('<code>1</code><message>bad field phone of 张伟强, gender@code</message>'), { outcome: 'refused', detail: 'code 1: gender, gender@code, phone' }],
    ['a fault of ours is this item\'s', fault('Sender'), { outcome: 'refused', detail: 'public-health refuses the request with the SOAP fault Sender.' }],
    ['a create without a key is tried again', result('<code>0</code>'), { outcome: 'failed', detail: 'created, and the answer names no key' }],
  ])('%s', async (_, answer, expected) => {
    answers = [answer];
    expect(await target().write([item('p-1')], signal)).toEqual([expected]);
  });

  it('knows a conflict where the service tells one', async () => {
    answers = [result('<code>4</code>')];
    const update = { ...spec.update, answer: { ...spec.update.answer, codes: { ...spec.update.answer.codes, conflict: ['4'] } } };
    expect(await target({ update }).write([item('d-1', { naturalKey: '1' })], signal)).toEqual([{ outcome: 'conflict' }]);
  });

  it.each([
    ['busy', result('<code>9</code>'), 'YICI_TARGET_BUSY'],
    ['a code that nobody agreed', result('<code>42</code>'), 'YICI_TARGET_UNREACHABLE'],
    ['a fault of the service', fault('Receiver'), 'YICI_TARGET_UNREACHABLE'],
    ['a fault with 200', fault('Receiver', '', 200), 'YICI_TARGET_UNREACHABLE'],
    ['a wrong password', fault('Sender', 'wsse:FailedAuthentication'), 'YICI_TARGET_NOT_AUTHORISED'],
    ['401', { status: 401, body: '' }, 'YICI_TARGET_NOT_AUTHORISED'],
    ['a good answer with 502', { ...result('<code>0</code><archiveNo>1</archiveNo>'), status: 502 }, 'YICI_TARGET_UNREACHABLE'],
    ['a page with 200', { status: 200, body: '<html><p>login</html>' }, 'YICI_TARGET_UNREACHABLE'],
    ['a redirect', { status: 302, body: '' }, 'YICI_REDIRECT_REFUSED'],
  ])('after %s nothing may be assumed', async (_, answer, code) => {
    answers = [answer];
    await expect(target().write([item('p-1')], signal)).rejects.toMatchObject({ code, retriable: true });
  });

  it('has some calls under way at once, and one by one where the folder says so', async () => {
    const good = result('<code>0</code><archiveNo>1</archiveNo>');
    const eight = Array.from({ length: 8 }, (_, i) => item(`d-${i}`, { naturalKey: String(i) }));
    for (const [atOnce, expected] of [[4, 4], [1, 1]] as const) {
      answers = eight.map(() => good);
      most = 0;
      expect(await target({ atOnce }).write(eight, signal)).toEqual(eight.map(() => ({ outcome: 'accepted', naturalKey: '1' })));
      expect(most).toBe(expected);
    }
  });

  it('keeps the answers of a pass in which the service goes away', async () => {
    answers = [result('<code>0</code><archiveNo>1</archiveNo>'), result('<code>9</code>')];
    const three = ['1', '2', '3'].map((key) => item(`d-${key}`, { naturalKey: key }));
    expect(await target({ atOnce: 1 }).write(three, signal)).toEqual([{ outcome: 'accepted', naturalKey: '1' }, { outcome: 'failed', detail: 'YICI_TARGET_BUSY' }, { outcome: 'unreached' }]);
  });

  it('tries the old password while a new one is not yet taken, and stays with the one that works', async () => {
    const refused = fault('Sender', 'wsse:FailedAuthentication');
    const good = result('<code>0</code><archiveNo>1</archiveNo>');
    answers = [refused, good, good, refused, refused];
    const both = target({ atOnce: 1 }, { YICI_PUBLIC_HEALTH_PASSWORD_NEXT: 'the new password' });
    expect(await both.write([item('d-1', { naturalKey: '1' }), item('d-2', { naturalKey: '1' })], signal)).toMatchObject([{ outcome: 'accepted' }, { outcome: 'accepted' }]);
    expect(seen.length).toBe(3);
    expect(new Set(seen.map((s) => /Nonce[^>]*>([^<]*)/.exec(s.body)![1])).size).toBe(3);
    await expect(both.write([item('d-3', { naturalKey: '1' })], signal)).rejects.toMatchObject({ code: 'YICI_TARGET_NOT_AUTHORISED' });
  });

  it('refuses a text that XML or the encoding cannot hold, and calls nobody', async () => {
    expect(await target().write([item('p-1', { columns: { name: 'a\u0000b' } })], signal)).toEqual([{ outcome: 'refused', detail: 'a text with a character that utf-8 cannot hold' }]);
    expect(seen).toEqual([]);
  });
});

describe('the SOAP part of a folder', () => {
  const live = files.manifest.live[0] as SoapLiveSpec;
  it.each([
    ['an unknown placeholder', { query: { ...live.query, request: { a: '{since}', page: '{page}', size: '{size}' } } }, /unknown placeholder \{since\}.*\n.*must send \{from\}/],
    ['a token without a user', { userSecret: undefined }, /needs userSecret and passwordSecret/],
    ['an unknown column', { updated: { ...live.updated, column: 'changed' } }, /unknown column changed/],
    ['a question for one that names none', { one: live.query }, /must send \{key\}/],
  ])('%s is a fault', (_, more, found) => {
    expect(soapFaults(files, { ...live, ...more } as SoapLiveSpec).join('\n')).toMatch(found);
  });
  it.each([
    ['no row', { update: { ...spec.update, request: { ehr: 'x' } } }, /sends no \{row\}/],
    ['no key of what it creates', { update: { ...spec.update, answer: { ...spec.update.answer, key: undefined } } }, /\(key\) their keys come back/],
  ])('%s is a fault', (_, more, found) => {
    expect(soapFaults(files, { ...spec, ...more } as SoapDeliverySpec).join('\n')).toMatch(found);
  });
  it('of both systems is without fault', () => {
    for (const c of [files, folder('residence-permit')]) expect([...soapFaults(c, c.manifest.live[0] as SoapLiveSpec), ...soapFaults(c, c.manifest.delivery as SoapDeliverySpec)]).toEqual([]);
  });
});
