import type net from 'node:net';

/** The greatest page that is asked for has 32 MiB of text: more than this is no answer to any question of the hub. */
const MOST_BYTES = 48 * 1024 * 1024;
/** At 1 GB a second 10 MB pass between two looks. */
const LOOK_MS = 10;

/** Codes of the errors that end a statement from our side. */
export const TOO_LARGE = 'EMSGSIZE';
const SILENT = 'ETIMEDOUT';
const CLOSED = 'ECANCELED';

/** What was asked on a connection so far, and where its answer begins. */
interface Asked {
  written: number;
  readBefore: number;
}

/**
 * The connections of one exchange database, for what no driver does: a peer that falls silent is left, an answer without end is cut while it
 * comes, and a hub that closes waits for nobody. Bytes are counted on the wire, below TLS, from the last byte that was asked.
 */
export class SqlSockets {
  private readonly sockets = new Map<net.Socket, Asked>();
  private readonly ended = new AbortController();
  private running = 0;
  private look: NodeJS.Timeout | undefined;
  private cutForSize = false;

  constructor(private readonly silentMs: number) {}

  /** A statement is under way. */
  get busy(): boolean {
    return this.running > 0;
  }

  /** Aborts with {@link cut}: for listeners that are of no more use then. */
  get end(): AbortSignal {
    return this.ended.signal;
  }

  watch(socket: net.Socket): net.Socket {
    this.sockets.set(socket, { written: 0, readBefore: 0 });
    socket.once('close', () => this.sockets.delete(socket));
    if (this.ended.signal.aborted) socket.destroy(fault(CLOSED));
    return socket.setTimeout(this.silentMs, () => socket.destroy(fault(SILENT)));
  }

  /** Runs connecting, or one statement. Rejects with code EMSGSIZE when too much was answered, ECANCELED after {@link cut}, and as `work` does. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.ended;
    if (signal.aborted) throw fault(CLOSED);
    if (this.running++ === 0) this.look = setInterval(() => this.refuseEndless(), LOOK_MS);
    let leave: (() => void) | undefined;
    try {
      // Not every driver lets its connection be cut: whoever waits is let go all the same.
      return await new Promise<T>((resolve, reject) => {
        leave = () => reject(fault(CLOSED));
        signal.addEventListener('abort', leave, { once: true });
        work().then(resolve, reject);
      });
    } catch (error) {
      if (!this.cutForSize) throw error;
      this.cutForSize = false;
      throw fault(TOO_LARGE);
    } finally {
      signal.removeEventListener('abort', leave!);
      if (--this.running === 0) clearInterval(this.look);
    }
  }

  /** Ends every connection and every wait at once, also those that would still come. */
  cut(): void {
    this.ended.abort();
    for (const socket of this.sockets.keys()) socket.destroy(fault(CLOSED));
  }

  private refuseEndless(): void {
    for (const [socket, asked] of this.sockets) {
      if (socket.bytesWritten !== asked.written) {
        asked.written = socket.bytesWritten;
        asked.readBefore = socket.bytesRead;
      } else if (socket.bytesRead - asked.readBefore > MOST_BYTES) {
        this.cutForSize = true;
        socket.destroy(fault(TOO_LARGE));
      }
    }
  }
}

function fault(code: string): Error {
  return Object.assign(new Error(code), { code });
}
