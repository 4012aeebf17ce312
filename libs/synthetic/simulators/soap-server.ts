import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fault, Faults } from './faults.js';
import { at, escapeXml, parseXml, type XmlElement } from './soap-elements.js';

const NAMESPACE = { '1.1': 'http://schemas.xmlsoap.org/soap/envelope/', '1.2': 'http://www.w3.org/2003/05/soap-envelope' } as const;
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const MAX_BODY = 4 * 1024 * 1024;

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
  private constructor(private readonly server: Server, private readonly options: SoapServerOptions) {}

  static async start(options: SoapServerOptions): Promise<SoapServer> {
    const server = createServer();
    const soap = new SoapServer(server, options);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void soap.answer(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return soap;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${this.options.path}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://soap');
    if (url.pathname !== this.options.path) return void response.writeHead(404).end();
    if (request.method === 'GET' && url.search.toLowerCase() === '?wsdl') {
      return void response.writeHead(200, { 'content-type': 'text/xml; charset=UTF-8' }).end(this.options.wsdl(this.url));
    }
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const body = await read(request);
    if (body === undefined) return void response.writeHead(413).end();
    const fault = this.options.faults.next();
    if (await failed(fault, request, response, () => this.faultText('Server', 'the service is not available'))) return;
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
    response.end(Buffer.concat([
      Buffer.from(`<?xml version="1.0" encoding="${charset}"?>\n<soap:Envelope xmlns:soap="${NAMESPACE[version]}"><soap:Body>`), body, Buffer.from('</soap:Body></soap:Envelope>'),
    ]));
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

/** Whether the request ended in a fault that comes before any work. `soapFault` is the body of a fault of the service's own. */
async function failed(fault: Fault | undefined, request: IncomingMessage, response: ServerResponse, soapFault: () => string): Promise<boolean> {
  switch (fault?.kind) {
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return false;
    case 'error':
      response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error');
      return true;
    case 'disconnect':
      request.socket.destroy();
      return true;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><head><title>Sign in</title></head><body>Sign in<br></body></html>');
      return true;
    case 'redirect':
      response.writeHead(302, { location: fault.to }).end();
      return true;
    case 'soap-fault': {
      const inner = soapFault();
      const version = inner.includes('faultcode') ? '1.1' : '1.2';
      response.writeHead(200, { 'content-type': 'text/xml' }).end(`<soap:Envelope xmlns:soap="${NAMESPACE[version]}"><soap:Body>${inner}</soap:Body></soap:Envelope>`);
      return true;
    }
    default:
      return false;
  }
}

function decoded(body: Buffer, contentType: string): string {
  const named = /^\s*<\?xml[^>]*encoding=["']([\w-]+)["']/.exec(body.toString('latin1', 0, 200))?.[1] ?? /charset="?([\w-]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  return new TextDecoder(/^gb/i.test(named) ? 'gb18030' : 'utf-8').decode(body);
}

async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
