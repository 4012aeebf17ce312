import { createHash, timingSafeEqual } from 'node:crypto';
import { at, textAt, type XmlElement } from './soap-elements.js';

const MAX_SKEW_MS = 5 * 60_000;

/** Checks UsernameTokens as the services do: who, the digest, how old, and whether the nonce came before. */
export class UsernameTokens {
  /** Nonces and when they may be forgotten. */
  private readonly seen = new Map<string, number>();

  constructor(private readonly user: string, private readonly password: string) {}

  /** Why the header is refused; undefined when it is good. */
  refusal(header: XmlElement | undefined, now: number): string | undefined {
    const token = at(header, 'Security', 'UsernameToken');
    if (token === undefined) return 'a UsernameToken is expected';
    const nonce = textAt(token, 'Nonce');
    const created = textAt(token, 'Created');
    const password = at(token, 'Password');
    if (!password?.attributes['Type']?.endsWith('#PasswordDigest') || nonce === '' || created === '') return 'a password digest with nonce and time is expected';
    const at_ = Date.parse(created);
    if (Number.isNaN(at_) || Math.abs(at_ - now) > MAX_SKEW_MS) return 'the message is too old, or from the future';
    const due = createHash('sha1').update(Buffer.concat([Buffer.from(nonce, 'base64'), Buffer.from(created), Buffer.from(this.password)])).digest();
    const given = Buffer.from(password.text.trim(), 'base64');
    const good = given.length === due.length && timingSafeEqual(given, due) && textAt(token, 'Username') === this.user;
    if (!good) return 'user or password is wrong';
    for (const [old, until] of this.seen) if (until < now) this.seen.delete(old);
    if (this.seen.has(nonce)) return 'the nonce was used before';
    this.seen.set(nonce, now + 2 * MAX_SKEW_MS);
    return undefined;
  }
}
