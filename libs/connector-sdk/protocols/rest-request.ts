import { Agent, request } from 'undici';
import { YiciError } from '#libs/kernel/errors';
import type { Connector } from '../connector.js';
import { allowedUrl } from './allowed-host.js';
import { readCaFile } from './ca-file.js';

export interface RestServer {
  /** Id of the system, for what is said of it. */
  system: string;
  /** Whether it is read or written: the code of its errors. */
  as: 'source' | 'target';
  /** Base address; its path stands before that of each request. */
  url: string;
  allowedHosts: readonly string[];
  /** For a whole exchange, from connecting to the last byte. */
  timeoutSeconds: number;
  /** Path of a PEM file with the office's own CA; absent: those that Node trusts. */
  caFile?: string;
  /** An answer of more bytes is refused while it comes; 8 MiB when absent. */
  maxBytes?: number;
}

/** What the specs of all REST protocols say of their server: names of secrets, and a time. */
interface RestSpec {
  urlSecret: string;
  caFile?: string | undefined;
  timeoutSeconds: number;
}

export interface RestCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base address; begins with `/`, its variable parts encoded. Empty: the base address itself. */
  path: string;
  query?: Readonly<Record<string, string | undefined>>;
  headers?: Readonly<Record<string, string>>;
  body?: Buffer;
}

export interface RestAnswer {
  status: number;
  /** Without parameters, lower case; '' when the answer names none. */
  mediaType: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Buffer;
}

const MOST_BYTES = 8 * 1024 * 1024;
const CONNECTIONS = 4;

/**
 * HTTP to one legacy system, as every REST protocol speaks it: only to a host that its folder allows, never along a redirect, only
 * with a certificate that is trusted, within a time and a size. Every failure is a retriable YiciError without a personal value:
 * YICI_SOURCE_UNREACHABLE or YICI_TARGET_UNREACHABLE, YICI_REDIRECT_REFUSED, YICI_CERTIFICATE_REFUSED, YICI_ANSWER_TOO_LARGE.
 */
export class RestRequest {
  private readonly base: URL;
  private readonly agent: Agent;

  /** As a connector's folder names the server; throws what the constructor throws. */
  static of(connector: Connector, as: RestServer['as'], spec: RestSpec, secret: (name: string) => string | undefined, maxBytes?: number): RestRequest {
    return new RestRequest({
      system: connector.id, as, url: secret(spec.urlSecret) ?? '', allowedHosts: connector.manifest.allowedHosts, timeoutSeconds: spec.timeoutSeconds,
      caFile: spec.caFile === undefined ? undefined : secret(spec.caFile), maxBytes,
    });
  }

  /** Throws YICI_HOST_NOT_ALLOWED, YICI_URL_UNREADABLE, YICI_CA_FILE_UNREADABLE. Nothing is connected yet. */
  constructor(private readonly server: RestServer) {
    this.base = allowedUrl(server.url, server.allowedHosts);
    const timeout = server.timeoutSeconds * 1000;
    const ca = server.caFile === undefined ? undefined : readCaFile(server.caFile);
    this.agent = new Agent({
      connect: { timeout, ...(ca !== undefined && { ca }) },
      connections: CONNECTIONS, pipelining: 1, headersTimeout: timeout, bodyTimeout: timeout, maxResponseSize: server.maxBytes ?? MOST_BYTES,
    });
  }

  /** Any answer but a redirect, whatever its status. */
  async call({ method, path, query = {}, headers, body }: RestCall, signal?: AbortSignal): Promise<RestAnswer> {
    const url = path === '' ? new URL(this.base) : new URL(this.base.pathname.replace(/\/$/, '') + path, this.base);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    const deadline = AbortSignal.timeout(this.server.timeoutSeconds * 1000);
    let answer: RestAnswer;
    try {
      const response = await request(url, {
        method, dispatcher: this.agent, headers: { accept: 'application/json', ...headers }, ...(body !== undefined && { body }),
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      });
      const type = response.headers['content-type'];
      answer = {
        status: response.statusCode, headers: response.headers, mediaType: String(type ?? '').split(';', 1)[0]!.trim().toLowerCase(),
        body: Buffer.from(await response.body.arrayBuffer()),
      };
    } catch (cause) {
      throw this.failure(cause);
    }
    if (answer.status >= 300 && answer.status < 400) {
      throw this.refusal('YICI_REDIRECT_REFUSED', `it answers with a redirect (HTTP ${answer.status}), which is never followed`, 'Set the address to where the system really is; its host must be among the allowed hosts.');
    }
    if (answer.headers['content-encoding'] !== undefined && answer.headers['content-encoding'] !== 'identity') throw this.unreachable('it answers compressed, which was not asked for');
    return answer;
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  /** For answers that are none: `why` follows "could not be read:". */
  unreachable(why: string, cause?: unknown): YiciError {
    return this.refusal(this.server.as === 'source' ? 'YICI_SOURCE_UNREACHABLE' : 'YICI_TARGET_UNREACHABLE', why, 'It is tried again by itself; if it lasts, ask the owner of the system.', cause);
  }

  private failure(cause: unknown): YiciError {
    const code = String((cause as { code?: unknown }).code ?? '');
    if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
      const megabytes = Math.round((this.server.maxBytes ?? MOST_BYTES) / (1024 * 1024));
      return this.refusal('YICI_ANSWER_TOO_LARGE', `its answer is larger than ${megabytes} MB`, 'Ask the owner of the system; smaller pages may help.', cause);
    }
    if (/CERT|SIGNATURE|ISSUER|CRL|TLS_CERT/.test(code)) {
      return this.refusal('YICI_CERTIFICATE_REFUSED', `its certificate is not trusted (${code})`, 'Name the office\'s CA file in the variable of `caFile`, or ask the owner for a valid certificate.', cause);
    }
    return this.unreachable('it did not answer in time or the connection was cut', cause);
  }

  private refusal(code: string, why: string, fix: string, cause?: unknown): YiciError {
    const { system, as } = this.server;
    return new YiciError({
      code, stage: as === 'source' ? 'receiving' : 'sending', retriable: true, cause,
      message: `${system} could not be ${as === 'source' ? 'read' : 'written to'}: ${why}.`, fix,
    });
  }
}
