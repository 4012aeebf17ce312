import type { z } from 'zod';
import type { Connector } from '../connector.js';
import type { RemoteFolder } from '../remote-folder.js';
import type { FilePlace, filePlaceShape } from './file-place.js';
import { caOf } from './ca-file.js';
import { FtpRemote } from './ftp-remote.js';
import { LocalRemote } from './folder-remote.js';
import { SftpRemote } from './sftp-remote.js';

type PlaceSpec = z.infer<z.ZodObject<typeof filePlaceShape>>;

/** The folder that a live or delivery spec names. Nothing is connected before it is first used. Throws YICI_URL_UNREADABLE, YICI_HOST_NOT_ALLOWED, YICI_CA_FILE_UNREADABLE. */
export function openRemoteFolder(connector: Connector, spec: PlaceSpec, secret: (name: string) => string | undefined, side: FilePlace['side']): RemoteFolder {
  const of = (name: string | undefined): string | undefined => (name === undefined ? undefined : secret(name));
  const place: FilePlace = {
    transport: spec.transport, url: of(spec.urlSecret) ?? '', folder: spec.folder, timeoutMs: spec.timeoutSeconds * 1000, allowedHosts: connector.manifest.allowedHosts, side,
    hostKey: of(spec.hostKeySecret), privateKey: of(spec.keySecret), ca: caOf(spec.caFile, secret),
  };
  switch (place.transport) {
    case 'folder':
      return new LocalRemote(place);
    case 'ftp':
      return new FtpRemote(place);
    case 'sftp':
      return new SftpRemote(place);
  }
}
