import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { YiciError } from '#libs/kernel/errors';
import type { OutValue } from '#libs/mapping/encode-value';
import type { TicketFileSpec } from '../delivery-spec.js';
import { encodeText } from '../formats/encode-text.js';
import type { Acknowledgement, ItemAnswer, OutgoingItem, TargetChannel } from '../target-channel.js';

/** Sequences 000–999 of one millisecond. */
const SEQUENCES = 1000;

/** One file a ticket, so that one unreadable ticket holds up no other. */
const TICKETS_A_CALL = 50;

/** Drops ticket files into a folder that the system empties; the token of a write is the name of its file. */
export class TicketFileDrop implements TargetChannel {
  readonly maxItems = TICKETS_A_CALL;

  constructor(private readonly spec: TicketFileSpec, private readonly folder: string) {}

  /**
   * Writes one file with a header and the given rows and returns its name. The file appears whole or not at all. Writing the
   * same `ref`, time and rows again finds the file and changes nothing; two different ones never share a name. Throws
   * YICI_TEXT_UNMAPPABLE before anything is written, retriable YICI_TARGET_UNREACHABLE when the folder cannot be written.
   */
  async drop(ref: string, rows: readonly Readonly<Record<string, OutValue>>[], plannedAt: Date): Promise<string> {
    const bytes = encodeText(csv(rows), this.spec.encoding);
    const first = createHash('sha256').update(ref).digest().readUInt16BE(0) % SEQUENCES;
    try {
      await mkdir(this.folder, { recursive: true });
      for (let i = 0; i < SEQUENCES; i++) {
        const name = this.fileName(plannedAt, (first + i) % SEQUENCES);
        if (await this.place(name, bytes)) return name;
      }
    } catch (cause) {
      throw new YiciError({
        code: 'YICI_TARGET_UNREACHABLE', stage: 'sending', retriable: true, cause,
        message: 'The folder for ticket files cannot be written.', fix: 'Check that the folder exists, has space and belongs to the hub.',
      });
    }
    throw new YiciError({ code: 'YICI_TARGET_UNREACHABLE', stage: 'sending', retriable: true, message: 'All names for ticket files of this millisecond are taken.' });
  }

  async write(items: readonly OutgoingItem[]): Promise<ItemAnswer[]> {
    const answers: ItemAnswer[] = [];
    for (const item of items) answers.push({ outcome: 'accepted', token: await this.drop(item.ref, item.rows ?? [], item.plannedAt) });
    return answers;
  }

  async acknowledged(tokens: readonly string[]): Promise<Map<string, Acknowledgement>> {
    const found = new Map<string, Acknowledgement>();
    for (const token of tokens) if (await this.takenAway(token)) found.set(token, { outcome: 'pickedUp' });
    return found;
  }

  /** True once the system has taken the file away. */
  private async takenAway(name: string): Promise<boolean> {
    try {
      await access(path.join(this.folder, path.basename(name)), constants.F_OK);
      return false;
    } catch {
      // A folder that is away itself proves nothing.
      return access(this.folder, constants.F_OK).then(() => true, () => false);
    }
  }

  /** A hard link never replaces a file, so a name is taken by exactly one content. */
  private async place(name: string, bytes: Buffer): Promise<boolean> {
    const target = path.join(this.folder, name);
    const partial = path.join(this.folder, `.${name}.${randomBytes(4).toString('hex')}`);
    await writeFile(partial, bytes, { flush: true });
    try {
      await link(partial, target);
      return true;
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e;
      return await readFile(target).then((there) => there.equals(bytes), () => false);
    } finally {
      await unlink(partial);
    }
  }

  private fileName(at: Date, sequence: number): string {
    const time = new Date(at.getTime() + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 17);
    return this.spec.file.replace('{time}', time).replace('{sequence}', String(sequence).padStart(3, '0'));
  }
}

/** RFC 4180 with header, CRLF. */
function csv(rows: readonly Readonly<Record<string, OutValue>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  return [columns, ...rows.map((r) => columns.map((c) => String(r[c] ?? '')))].map((line) => `${line.map(field).join(',')}\r\n`).join('');
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
