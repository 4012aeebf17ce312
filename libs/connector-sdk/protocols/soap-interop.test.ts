import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as soap from 'soap';
import { systemClock } from '#libs/kernel/clock';
import { Divisions } from '#libs/values/divisions';
import { loadConnector } from '../load-connector.js';
import type { RowOutcome } from '../table-mapper.js';
import { SoapSource } from './soap-source.js';
import type { SoapDeliverySpec, SoapLiveSpec } from './soap-spec.js';
import { SoapTarget } from './soap-target.js';

/** The same folder against a service that somebody else's library speaks: its prefixes, its UTF-8, its own check of the password digest. */
const files = loadConnector(path.resolve(import.meta.dirname, '../../../connectors/public-health'));
const permits = loadConnector(path.resolve(import.meta.dirname, '../../../connectors/residence-permit'));
const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');
const signal = new AbortController().signal;
const ehr = (n: number) => ({
  attributes: { archiveNo: `9901010010010000${n}` }, name: '张伟<强>', idNo: '990101196203150315', gender: { attributes: { code: '1' }, $value: '男' }, birth: '19620315', nation: '01', phone: '13800000001',
  address: '幸福家园3幢301室', divisionCode: '990101001001', familyNo: '', relation: '', motherId: '', orgName: '', seniorService: '0', contracted: '1', status: '1', updateTime: `2024-05-12T10:30:0${n}+08:00`,
});
const result = `<?xml version="1.0" encoding="GBK"?><response><head><resultCode>00</resultCode><total>1</total></head><body><resultList><result>${
  ['LSH', 'XM', 'XB', 'SFZH', 'CSRQ', 'MZ', 'JZZH', 'HJDZ', 'XZZ', 'FZXM', 'FZDH', 'LXDH', 'YHZGX', 'ZCS', 'ZZSY', 'DJRQ', 'YXQX', 'ZXBZ'].map((c) => `<${c}>${c === 'LSH' ? 'LD1' : c === 'XM' ? '王𫖯' : ''}</${c}>`).join('')
}<GXSJ>20260101000000</GXSJ></result></resultList></body></response>`;
const element = (name: string, inside: string) => `<xs:element name="${name}"><xs:complexType><xs:sequence>${inside}</xs:sequence></xs:complexType></xs:element>`;

function wsdl(namespace: string, binding: string, operations: readonly string[], types: string): string {
  return `<definitions name="S" targetNamespace="${namespace}" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="${namespace}" xmlns:b="${binding}" xmlns:xs="http://www.w3.org/2001/XMLSchema">
    <types><xs:schema targetNamespace="${namespace}" elementFormDefault="unqualified">${types}</xs:schema></types>
    ${operations.map((o) => `<message name="${o}"><part name="p" element="tns:${o}"/></message><message name="${o}Response"><part name="p" element="tns:${o}Response"/></message>`).join('')}
    <portType name="P">${operations.map((o) => `<operation name="${o}"><input message="tns:${o}"/><output message="tns:${o}Response"/></operation>`).join('')}</portType>
    <binding name="B" type="tns:P"><b:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    ${operations.map((o) => `<operation name="${o}"><b:operation soapAction=""/><input><b:body use="literal"/></input><output><b:body use="literal"/></output></operation>`).join('')}</binding>
    <service name="S"><port name="P" binding="tns:B"><b:address location="http://127.0.0.1/"/></port></service></definitions>`;
}

const servers: Server[] = [];
async function serve(service: object, text: string, options: object, authenticate?: (token: { UsernameToken?: { Username: string; Password: { $value: string }; Nonce: { $value: string } | string; Created: string } }) => boolean): Promise<string> {
  const server = createServer((_request, response) => void response.writeHead(404).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const soapServer = soap.listen(server, { path: '/s', services: { S: { P: service } }, xml: text, ...options } as never);
  if (authenticate !== undefined) soapServer.authenticate = (security: unknown) => authenticate(security as never);
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/s`;
}

let secrets: Record<string, string>;
const written: Record<string, unknown>[] = [];

beforeAll(async () => {
  const health = await serve({
    queryArchive: ({ page }: { page: string }) => ({ return: { code: '0', total: 2, ehrList: { ehr: Number(page) === 1 ? [ehr(1), ehr(2)] : [] } } }),
    updateArchive: (given: Record<string, unknown>) => {
      written.push(given);
      return { return: { code: '0', archiveNo: '99010100100100003' } };
    },
  }, wsdl('http://ws.ehr.example/', 'http://schemas.xmlsoap.org/wsdl/soap12/', ['queryArchive', 'updateArchive'],
    ['queryArchive', 'queryArchiveResponse', 'updateArchive', 'updateArchiveResponse'].map((n) => element(n, '<xs:any/>')).join('')), { forceSoap12Headers: true },
  ({ UsernameToken: token }) => token !== undefined && token.Username === 'hub'
    && soap.passwordDigest(typeof token.Nonce === 'string' ? token.Nonce : token.Nonce.$value, token.Created, 'right') === token.Password.$value);
  const permit = await serve({ QueryLdrk: () => ({ out: result }) }, wsdl('http://ws.ldrk.example/', 'http://schemas.xmlsoap.org/wsdl/soap/', ['QueryLdrk'],
    element('QueryLdrk', '<xs:element name="in0" type="xs:string"/>') + element('QueryLdrkResponse', '<xs:element name="out" type="xs:string"/>')), {});
  secrets = { YICI_PUBLIC_HEALTH_URL: health, YICI_PUBLIC_HEALTH_USER: 'hub', YICI_PUBLIC_HEALTH_PASSWORD: 'right', YICI_RESIDENCE_PERMIT_URL: permit };
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  }
});

const parts = (more: Record<string, string> = {}) => ({ secret: (name: string) => ({ ...secrets, ...more })[name], divisions, clock: systemClock });
async function all(source: SoapSource): Promise<RowOutcome[]> {
  const found: RowOutcome[] = [];
  for await (const batch of source.poll(new Map(), signal)) found.push(...batch.rows);
  await source.close();
  return found;
}

describe('a SOAP service of another library', () => {
  it('is read over 1.2', async () => {
    const found = await all(new SoapSource(files, files.manifest.live[0] as SoapLiveSpec, parts()));
    expect(found.map((o) => o.kind)).toEqual(['accepted', 'accepted']);
    expect(found[0]).toMatchObject({ records: [{ naturalKey: '99010100100100001', body: { phones: [{ number: '13800000001' }] } }] });
  });

  it('is written to over 1.2', async () => {
    const target = new SoapTarget(files, files.manifest.delivery as SoapDeliverySpec, parts());
    expect(await target.write([{ recordType: 'person', ref: 'p-1', columns: { name: '张小宝', 'gender@code': '1' }, plannedAt: new Date() }], signal)).toEqual([{ outcome: 'accepted', naturalKey: '99010100100100003' }]);
    expect(written).toMatchObject([{ ehr: { attributes: { archiveNo: '' }, name: '张小宝', gender: { attributes: { code: '1' } } } }]);
    await target.close();
  });

  it('tells a wrong password', async () => {
    await expect(all(new SoapSource(files, files.manifest.live[0] as SoapLiveSpec, parts({ YICI_PUBLIC_HEALTH_PASSWORD: 'wrong' })))).rejects.toMatchObject({ code: expect.stringMatching(/NOT_AUTHORISED|REFUSED|UNREACHABLE/) });
  });

  it('is read over 1.1, a document as text, in UTF-8 though GBK was agreed', async () => {
    const found = await all(new SoapSource(permits, { ...(permits.manifest.live[0] as SoapLiveSpec), encoding: 'gb18030' }, parts()));
    expect(found).toMatchObject([{ kind: 'accepted', records: [{ naturalKey: 'LD1', body: { name: { value: '王𫖯' } } }] }]);
  });
});
