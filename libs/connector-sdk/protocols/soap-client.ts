import type { Clock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import type { ConnectionParts } from '../open-target.js';
import { RotatingSecret } from '../rotating-secret.js';
import { answerTexts, openSoapAnswer } from './soap-answer.js';
import { messageId, soapEnvelope, usernameToken, type SoapValues } from './soap-envelope.js';
import type { SoapAnswerSpec, SoapCall, SoapDeliverySpec, SoapLiveSpec } from './soap-spec.js';
import { RestRequest } from './rest-request.js';

/** What a result code means; `unknown`: nobody agreed on it. */
export type SoapMeaning = 'ok' | 'refused' | 'notAuthorised' | 'busy' | 'conflict' | 'unknown';

/** An operation was not done, by its own fault and not by the service's: the request as such was refused. */
export class SoapSenderFault extends YiciError {}

/** Calls the operations of one SOAP service. Envelopes are built and opened here: decision 14 says why. */
export class SoapClient {
  private readonly http: RestRequest;
  private readonly user: string;
  private readonly password: RotatingSecret;
  private readonly clock: Clock;

  /** Throws what {@link RestRequest} throws for the address. Nothing is connected yet. */
  constructor(
    private readonly system: string,
    private readonly as: 'source' | 'target',
    private readonly service: SoapLiveSpec | SoapDeliverySpec,
    allowedHosts: readonly string[],
    parts: Pick<ConnectionParts, 'secret' | 'clock'>,
  ) {
    const secret = (name: string | undefined): string => (name === undefined ? '' : parts.secret(name) ?? '');
    this.user = secret(service.userSecret);
    this.password = (service.passwordSecret === undefined ? undefined : RotatingSecret.find((name) => parts.secret(name), service.passwordSecret)) ?? new RotatingSecret(['']);
    const caFile = service.caFile === undefined ? undefined : parts.secret(service.caFile);
    this.http = new RestRequest({
      system, as, url: secret(service.urlSecret), allowedHosts, timeoutSeconds: service.timeoutSeconds,
      maxBytes: service.maxAnswerMegabytes * 1024 * 1024, ...(caFile !== undefined && { caFile }),
    });
    this.clock = parts.clock;
  }

  /**
   * The document inside the answer, in the service's encoding. Throws a retriable YICI_SOURCE_UNREACHABLE or YICI_TARGET_UNREACHABLE
   * when nothing may be assumed, …_NOT_AUTHORISED, a {@link SoapSenderFault}, and what {@link openSoapAnswer} and RestRequest throw.
   */
  async call(call: SoapCall, answer: SoapAnswerSpec, values: SoapValues, signal?: AbortSignal): Promise<Buffer> {
    // While a password is being changed, the other one is tried when this one is not accepted.
    const outcome = await this.password.use(
      (password) => this.attempt(call, answer, { user: this.user, password, ...values }, signal),
      (o) => o instanceof YiciError || refusesUser(o, answer));
    if (outcome instanceof YiciError) throw outcome;
    return outcome;
  }

  /** A document, or the error that user or password were not accepted. */
  private async attempt(call: SoapCall, answer: SoapAnswerSpec, values: SoapValues, signal?: AbortSignal): Promise<Buffer | YiciError> {
    const { version, security, encoding } = this.service;
    const header = (security === 'usernameToken' ? usernameToken(this.user, values.password ?? '', this.clock.now()) : '')
      + ('messageId' in this.service && this.service.messageId && values.ref !== undefined ? messageId(values.ref) : '');
    const body = soapEnvelope(this.service, call, values, header);
    const action = call.action.replaceAll('"', '');
    const type = version === '1.1' ? `text/xml; charset=${encoding}` : `application/soap+xml; charset=${encoding}; action="${action}"`;
    const reply = await this.http.call({
      method: 'POST', path: '', body, headers: { accept: '*/*', 'content-type': type, ...(version === '1.1' && { soapaction: `"${action}"` }) },
    }, signal);
    if (reply.status === 401 || reply.status === 403) return this.notAuthorised(`HTTP ${reply.status}`);
    const opened = openSoapAnswer(reply.body, String(reply.headers['content-type'] ?? ''), this.service, answer);
    // A fault comes with 500 or 400 by the book, and with 200 in practice; a document with an error status is no answer.
    if (opened.kind === 'fault') {
      if (opened.blame === 'security') return this.notAuthorised(`SOAP fault ${opened.code}`);
      throw this.fault(opened.blame, opened.code);
    }
    if (reply.status >= 300) throw this.http.unreachable(`it answered HTTP ${reply.status}`);
    if (opened.kind === 'stranger') throw this.http.unreachable(opened.why);
    return opened.document;
  }

  /** The texts of a short answer, and what its result code means. */
  texts(document: Buffer, answer: SoapAnswerSpec): { meaning: SoapMeaning; code: string; texts: ReadonlyMap<string, string> } {
    const texts = answerTexts(document, this.service.encoding);
    const code = texts.get(answer.code) ?? '';
    return { meaning: meaningOf(code, answer), code, texts };
  }

  busy(): YiciError {
    return this.trouble('BUSY', 'it says that it is busy', 'It is asked again by itself.', true);
  }

  notAuthorised(said: string): YiciError {
    return this.trouble('NOT_AUTHORISED', `it does not accept the user or password of the hub (${said})`, 'Look at the variables with user and password; ask the owner of the system whether they still hold.', true);
  }

  /** The service answered with a code that says no, or that nobody agreed. */
  unexpected(meaning: SoapMeaning, code: string): YiciError {
    const said = `result code ${/^\w{1,12}$/.test(code) ? code : '(unprintable)'}`;
    if (meaning === 'busy') return this.busy();
    if (meaning === 'notAuthorised') return this.notAuthorised(said);
    if (meaning === 'unknown') return this.trouble('UNREACHABLE', `it answers with a ${said} that was not agreed`, 'Ask the owner of the system what it means, and name it under codes in connector.yaml.', true);
    return this.trouble('REQUEST_REFUSED', `it refuses the request (${said})`, 'Compare the request in connector.yaml with the description of the service.', false);
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private fault(blame: 'sender' | 'receiver', code: string): YiciError {
    if (blame === 'receiver') return this.http.unreachable(`it answered with the SOAP fault ${code}`);
    return new SoapSenderFault({
      code: `YICI_${this.as.toUpperCase()}_REQUEST_REFUSED`, stage: this.as === 'source' ? 'receiving' : 'sending',
      message: `${this.system} refuses the request with the SOAP fault ${code}.`, fix: 'Compare the request in connector.yaml with the description of the service.',
    });
  }

  private trouble(code: string, why: string, fix: string, retriable: boolean): YiciError {
    return new YiciError({
      code: `YICI_${this.as.toUpperCase()}_${code}`, stage: this.as === 'source' ? 'receiving' : 'sending', retriable,
      message: `${this.system} could not be ${this.as === 'source' ? 'read' : 'written to'}: ${why}.`, fix,
    });
  }
}

export function meaningOf(code: string, { codes }: SoapAnswerSpec): SoapMeaning {
  for (const meaning of ['ok', 'refused', 'notAuthorised', 'busy', 'conflict'] as const) if (codes[meaning].includes(code)) return meaning;
  return 'unknown';
}

/** Whether the answer's code says so; it stands at its beginning, whatever follows. */
function refusesUser(document: Buffer, { code, codes }: SoapAnswerSpec): boolean {
  const text = new RegExp(`<${code}>\\s*([^<]*?)\\s*</`).exec(document.toString('latin1', 0, 4096))?.[1];
  return text !== undefined && codes.notAuthorised.includes(text);
}
