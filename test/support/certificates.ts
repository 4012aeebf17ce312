import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a server shows, in PEM. */
export interface Shown {
  key: string;
  cert: string;
}

export interface Certificates {
  /** File of the authority that signed all but the one of `stranger`. */
  authority: string;
  good: Shown;
  /** Signed by nobody anybody knows. */
  stranger: Shown;
  /** Of another host. */
  otherHost: Shown;
  expired: Shown;
}

/** Certificates for 127.0.0.1 as servers show them, right and wrong, made by openssl in `dir`. */
export function makeCertificates(dir: string): Certificates {
  const file = (name: string): string => path.join(dir, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...fresh, '-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', '/CN=Authority of a test', '-days', '2');
  const signed = (name: string, san: string, days: string): Shown => {
    openssl('req', ...fresh, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`), '-subj', `/CN=${name}`);
    writeFileSync(file(`${name}.ext`), `subjectAltName=${san}\n`);
    openssl('x509', '-req', '-in', file(`${name}.csr`), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', days, '-extfile', file(`${name}.ext`), '-out', file(`${name}.pem`));
    return { key: readFileSync(file(`${name}.key`), 'utf8'), cert: readFileSync(file(`${name}.pem`), 'utf8') };
  };
  openssl('req', '-x509', ...fresh, '-keyout', file('stranger.key'), '-out', file('stranger.pem'), '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2');
  return {
    authority: file('ca.pem'), good: signed('good', 'IP:127.0.0.1', '2'), otherHost: signed('other-host', 'DNS:elsewhere.example', '2'), expired: signed('expired', 'IP:127.0.0.1', '-1'),
    stranger: { key: readFileSync(file('stranger.key'), 'utf8'), cert: readFileSync(file('stranger.pem'), 'utf8') },
  };
}
