
/** A file as its server lists it. */
export interface RemoteFile {
  name: string;
  bytes: number;
  /** Milliseconds since 1970, as precise as the server tells. */
  modifiedAt: number;
}

/** What a transfer may take at most. */
export interface TransferLimits {
  /** A file that turns out larger is given up while it streams: YICI_FILE_TOO_LARGE. */
  maxBytes: number;
  signal: AbortSignal;
}

/**
 * A folder of files at a system, over FTP, SFTP or on a disk. Connects when first used and again after a fault. Every rejection is a
 * YiciError: a retriable YICI_SOURCE_UNREACHABLE or YICI_TARGET_UNREACHABLE (by the side that opened it), or a refusal that a person must mend
 * (YICI_FILE_LOGIN_REFUSED, YICI_FILE_HOST_KEY_WRONG, YICI_FILE_CERTIFICATE_WRONG).
 */
export interface RemoteFolder {
  /** Names of all plain files. */
  names(): Promise<string[]>;
  /** Size and time of one file; undefined when there is none. */
  describe(name: string): Promise<RemoteFile | undefined>;
  /** Streams a file to a new local path; memory stays flat. */
  fetch(name: string, toPath: string, limits: TransferLimits): Promise<void>;
  /** The bytes of a small file; undefined when there is none. */
  read(name: string, maxBytes: number): Promise<Buffer | undefined>;
  /** Writes a file, replacing one of this name: for temporary names alone. */
  upload(name: string, bytes: Uint8Array): Promise<void>;
  /** Throws when the new name is taken, where the server tells. */
  rename(from: string, to: string): Promise<void>;
  close(): Promise<void>;
}

/** A name that no system takes for a finished file. */
export function partialName(name: string): string {
  return `.${name}.part`;
}

/**
 * Gives a file that was uploaded under its temporary name its own, which must be free, so that nobody ever sees half of it. When the answer is lost
 * the temporary name tells: once it is gone the file was in place, even if the system has taken it away already. May be repeated.
 */
export async function renameWhole(folder: RemoteFolder, name: string): Promise<void> {
  try {
    await folder.rename(partialName(name), name);
  } catch (error) {
    if ((await folder.describe(partialName(name))) !== undefined) throw error;
  }
}



