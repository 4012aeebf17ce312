import { z } from 'zod';
import { YiciError } from '#libs/kernel/errors';
import { allowedUrl } from './allowed-host.js';
import { caFile } from './ca-file.js';

/** Where files lie at a system, as `live:` and `delivery:` say it. */
export const filePlaceShape = {
  /** `folder`: one that both sides see; `ftp`: FTP, or FTPS where the address begins with ftps. */
  transport: z.enum(['folder', 'ftp', 'sftp']),
  /** Name of the variable with `ftp://user:password@host`, `ftps://…`, `sftp://…` (a password may be left out where there is a key), or the path of a folder. */
  urlSecret: z.string(),
  /** Folder below it. */
  folder: z.string().default('.'),
  /** SFTP: name of the variable with the fingerprint of the server's key, `SHA256:…` as ssh-keygen -l prints it. */
  hostKeySecret: z.string().optional(),
  /** SFTP: name of the variable with a private key (OpenSSH or PEM) instead of a password. */
  keySecret: z.string().optional(),
  /** FTPS: an authority of the office's own, for the control and the data connections. */
  caFile,
  /** How long a server may be silent. */
  timeoutSeconds: z.number().int().min(1).max(300).default(30),
} as const;

/** Where files lie at a system, with the secrets read. */
export interface FilePlace {
  transport: 'folder' | 'ftp' | 'sftp';
  /** The address, or the path of a folder. */
  url: string;
  folder: string;
  hostKey?: string;
  privateKey?: string;
  /** FTPS: the office's own authority, in PEM. */
  ca?: string | undefined;
  timeoutMs: number;
  allowedHosts: readonly string[];
  /** Which side of the hub asks: it names the system that is away. */
  side: 'source' | 'target';
}

/** Host, port, user and password of a server. */
export interface ServerAddress {
  host: string;
  port: number | undefined;
  user: string;
  password: string;
  tls: boolean;
}

const SCHEMES = { ftp: ['ftp:', 'ftps:'], sftp: ['sftp:'] } as const;

/** The server that a place names. Throws YICI_URL_UNREADABLE, YICI_HOST_NOT_ALLOWED; messages never hold the address. */
export function serverAddress(place: FilePlace, transport: 'ftp' | 'sftp'): ServerAddress {
  const url = allowedUrl(place.url, place.allowedHosts);
  if (!(SCHEMES[transport] as readonly string[]).includes(url.protocol)) {
    throw new YiciError({
      code: 'YICI_URL_UNREADABLE', stage: 'config', message: `The address of the system does not begin with ${SCHEMES[transport].join('// or ')}//.`,
      fix: 'Look at the variable named in connector.yaml.',
    });
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? undefined : Number(url.port),
    user: decodeURIComponent(url.username), password: decodeURIComponent(url.password), tls: url.protocol === 'ftps:',
  };
}

/** Thrown when a server does not answer or fails at what it was asked: tried again by itself. `what` names no file's content. */
export function unreachable(place: Pick<FilePlace, 'side' | 'transport'>, what: string, cause?: unknown): YiciError {
  const source = place.side === 'source';
  return new YiciError({
    code: source ? 'YICI_SOURCE_UNREACHABLE' : 'YICI_TARGET_UNREACHABLE', stage: source ? 'receiving' : 'sending', retriable: true, cause,
    message: `The ${place.transport === 'folder' ? 'folder' : `${place.transport.toUpperCase()} server`} of the system ${what}.`,
    fix: place.transport === 'folder' ? 'It is tried again by itself; check that the folder exists, has space and belongs to the hub.' : 'It is tried again by itself; check that the server runs and is not blocked.',
  });
}

/** Thrown when somebody must mend something before it can work: tried again all the same, with growing pauses. */
export function refusedBy(place: Pick<FilePlace, 'side'>, code: string, message: string, fix: string, cause?: unknown): YiciError {
  return new YiciError({ code, stage: place.side === 'source' ? 'receiving' : 'sending', retriable: true, message, fix, cause });
}

/** Thrown while a file streams that is larger than it may be. */
export function tooLarge(name: string, maxBytes: number): YiciError {
  return new YiciError({
    code: 'YICI_FILE_TOO_LARGE', stage: 'receiving', message: `${name} has more than ${maxBytes} bytes.`,
    fix: 'Ask the system what it exports; raise maxMegabytes in connector.yaml only if it is right.',
  });
}
