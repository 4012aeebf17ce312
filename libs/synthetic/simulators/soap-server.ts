import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault, Faults } from './faults.js';
import { HttpDoor, readBody } from './http-door.js';
import { meetFault, type FaultWords } from './http-faults.js';
import { at, escapeXml, parseXml, type XmlElement } from './soap-elements.js';

const NAMESPACE = { '1.1': 'http://schemas.xmlsoap.org/soap/envelope/', '1.2': 'http://www.w3.org/2003/05/soap-envelope' } as const;
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const LARGEST_BODY = 4 * 1024 * 1024;
const WORDS: FaultWords = { error: { type: 'text/plain', text: 'Internal Server Error' }, page: '<html><head><title>Sign in</title></head><body>Sign in<br></body></html>' };

/** One request, its envelope opened. */
export interface SoapRequest {
  operation: string;
  /** The operation's own element. */
  body: XmlElement;
  header: XmlElement | undefined;
  /** The system is told to say that it is busy, in its own words. */
  busy: boolean;
}

/** What stands in the body of the answer, or why there is none. */
export type SoapReply = { body: Buffer } | { fault: 'sender' | 'security'; text: string };

export interface SoapServerOptions {
  version: '1.1' | '1.2';
  /** Path of the endpoint; its WSDL is at `?wsdl`. */
  path: string;
  charset: 'GBK' | 'UTF-8';
  port?: number | undefined;
  faults: Faults;
  wsdl(url: string): string;
  serve(request: SoapRequest): SoapReply;
}

/** A SOAP endpoint of a legacy system, with the ways in which such endpoints fail. */
export class SoapServer {
  private door!: HttpDoor;

  private constructor(private readonly options: SoapServerOptions) {}

  static async start(options: SoapServerOptions): Promise<SoapServer> {
    const soap = new SoapServer(options);
    soap.door = await HttpDoor.open(options.port, (request, response) => soap.answer(request, response));
    return soap;
  }

  get url(): string {
    return `${this.door.url}${this.options.path}`;
  }

  stop(): Promise<void> {
    return this.door.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://soap');
    if (url.pathname !== this.options.path) return void response.writeHead(404).end();
    if (request.method === 'GET' && url.search.toLowerCase() === '?wsdl') {
      return void response.writeHead(200, { 'content-type': 'text/xml; charset=UTF-8' }).end(this.options.wsdl(this.url));
    }
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const body = await readBody(request, LARGEST_BODY);
    if (body === undefined) return void response.writeHead(413).end();
    const fault = this.options.faults.next();
    if (await meetFault(fault, response, WORDS)) return;
    // What a proxy makes of the service's own fault: HTTP 200, and XML of no particular version.
    if (fault?.kind === 'soap-fault') return void response.writeHead(200, { 'content-type': 'text/xml' }).end(this.enveloped(this.faultText('Server', 'the service is not available')));
    const reply = this.served(body, request, fault);
    if (fault?.kind === 'lost-answer') return void request.socket.destroy();
    if ('body' in reply) return this.send(response, 200, reply.body);
    this.send(response, 500, Buffer.from(reply.fault === 'security' ? this.securityFault(reply.text) : this.faultText('Client', reply.text)));
  }

  private served(body: Buffer, request: IncomingMessage, fault: Fault | undefined): SoapReply {
    const envelope = parseXml(decoded(body, request.headers['content-type'] ?? ''));
    const { version } = this.options;
    if (envelope?.local !== 'Envelope' || envelope.uri !== NAMESPACE[version]) return { fault: 'sender', text: `a SOAP ${version} envelope is expected` };
    const call = at(envelope, 'Body')?.children[0];
    if (call === undefined) return { fault: 'sender', text: 'the body is empty' };
    return this.options.serve({ operation: call.local, body: call, header: at(envelope, 'Header'), busy: fault?.kind === 'busy' });
  }

  private send(response: ServerResponse, status: number, body: Buffer): void {
    const { version, charset } = this.options;
    const type = version === '1.1' ? 'text/xml' : 'application/soap+xml';
    response.writeHead(status, { 'content-type': `${type}; charset=${charset}` });
    response.end(Buffer.concat([Buffer.from(`<?xml version="1.0" encoding="${charset}"?>\n`), Buffer.from(this.enveloped(body.toString('latin1')), 'latin1')]));
  }

  /** `inner` in the bytes of the answer as latin1, or ASCII. */
  private enveloped(inner: string): string {
    return `<soap:Envelope xmlns:soap="${NAMESPACE[this.options.version]}"><soap:Body>${inner}</soap:Body></soap:Envelope>`;
  }

  private faultText(code: 'Client' | 'Server', text: string): string {
    if (this.options.version === '1.1') return `<soap:Fault><faultcode>soap:${code}</faultcode><faultstring>${escapeXml(text)}</faultstring></soap:Fault>`;
    return this.fault12(code === 'Client' ? '<soap:Value>soap:Sender</soap:Value>' : '<soap:Value>soap:Receiver</soap:Value>', text);
  }

  private securityFault(text: string): string {
    if (this.options.version === '1.1') return `<soap:Fault xmlns:wsse="${WSSE}"><faultcode>wsse:FailedAuthentication</faultcode><faultstring>${escapeXml(text)}</faultstring></soap:Fault>`;
    return this.fault12(`<soap:Value>soap:Sender</soap:Value><soap:Subcode><soap:Value xmlns:wsse="${WSSE}">wsse:FailedAuthentication</soap:Value></soap:Subcode>`, text);
  }

  private fault12(code: string, text: string): string {
    return `<soap:Fault><soap:Code>${code}</soap:Code><soap:Reason><soap:Text xml:lang="en">${escapeXml(text)}</soap:Text></soap:Reason></soap:Fault>`;
  }
}

function decoded(body: Buffer, contentType: string): string {
  const named = /^\s*<\?xml[^>]*encoding=["']([\w-]+)["']/.exec(body.toString('latin1', 0, 200))?.[1] ?? /charset="?([\w-]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  return new TextDecoder(/^gb/i.test(named) ? 'gb18030' : 'utf-8').decode(body);
}
