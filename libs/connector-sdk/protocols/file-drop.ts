import { createHash } from 'node:crypto';
import { YiciError } from '#libs/kernel/errors';
import { partialName, renameWhole, type RemoteFolder } from '../remote-folder.js';
import type { Acknowledgement, ItemAnswer, NoteIntended, OutgoingItem, TargetChannel } from '../target-channel.js';
import type { DropFile, DropRows } from './file-drop-rows.js';
import type { FileDropSpec } from './file-specs.js';

/** Sequences 000–999 of one millisecond. */
const SEQUENCES = 1000;
/** With one record a file there is still something to gain from several files a call. */
const FEWEST_A_CALL = 50;
const CHINA_OFFSET_MS = 8 * 3_600_000;

/** A file of this size is none of ours. */
const LARGEST_LEFT = 64 * 1024 * 1024;
/** Rows do not depend on it. */
const ANY_DAY = '2000-01-01';

/** A file that was dropped before this process began, and was not taken yet. */
interface LeftFile {
  name: string;
  rows: ReadonlySet<string>;
  /** All of it, one char a byte. */
  text: string;
}

/** A drop whose end is not known: its connection died after it was begun. */
interface OpenDrop {
  name: string;
  files: readonly DropFile[];
  /** How many of the files are in place. */
  placed: number;
  /** The next one is whole under its temporary name, and may have its own already. */
  renaming: boolean;
  contents: ReadonlyMap<string, string>;
}

/**
 * Drops files of changes into a folder that the system empties; the token of a write is the name of its file. A file appears whole or not
 * at all, and a name has exactly one content. Names grow with every drop, so that a system that works through them by name keeps the order
 * per record. Writing the same items again finds their file; a drop whose connection died is cleared up before anything else is written, and
 * what was dropped before a kill and still lies there is not dropped once more, whatever else is written with it now. Before the
 * last file of a drop gets its name, that is noted: after a kill, the temporary name tells whether it got it, even if it was taken since.
 */
export class FileDrop implements TargetChannel {
  readonly maxItems: number;
  private open: OpenDrop | undefined;
  /** Writes that a cleared-up drop turned out to hold: ref → its content and file. */
  private readonly done = new Map<string, { content: string; token: string }>();
  private newest = 0;
  /** Whether this process has looked for what one before it dropped. */
  private looked = false;

  constructor(private readonly spec: Pick<FileDropSpec, 'file' | 'itemsAFile'>, private readonly rows: DropRows, private readonly folder: RemoteFolder) {
    this.maxItems = Math.max(FEWEST_A_CALL, spec.itemsAFile);
  }

  /** An item that the file has no way to hold is refused before anything is written. Throws a retriable error when the folder cannot be written. */
  async write(items: readonly OutgoingItem[], _signal?: AbortSignal, note?: NoteIntended): Promise<ItemAnswer[]> {
    await this.clearUp();
    await this.clearUpIntended(items);
    const there = await this.folder.names();
    const left = await this.leftBehind(there);
    const answers: ItemAnswer[] = items.map((item) => this.knownAnswer(item, left));
    const todo = items.map((item, i) => ({ item, i })).filter(({ i }) => answers[i]!.outcome === 'unreached');
    for (let at = 0; at < todo.length; at += this.spec.itemsAFile) {
      const batch = todo.slice(at, at + this.spec.itemsAFile);
      try {
        const token = await this.drop(batch.map(({ item }) => item), new Set(there), note);
        for (const { i } of batch) answers[i] = { outcome: 'accepted', token };
      } catch (error) {
        // Files dropped before this one are accepted; what was not reached is tried again.
        if (at === 0 || !(error instanceof YiciError) || !error.retriable) throw error;
        break;
      }
    }
    return answers;
  }

  /** A folder that cannot be read now says nothing yet. */
  async acknowledged(tokens: readonly string[]): Promise<Map<string, Acknowledgement>> {
    try {
      const there = new Set(await this.folder.names());
      return new Map(tokens.filter((token) => !there.has(token) && token !== this.open?.name).map((token) => [token, { outcome: 'pickedUp' }]));
    } catch (error) {
      if (error instanceof YiciError && error.retriable) return new Map();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.folder.close();
  }

  /** Whole files that lie there when this process writes first, newest first: as many as a write may have dropped that was killed before it was answered. */
  private async leftBehind(names: readonly string[]): Promise<LeftFile[]> {
    if (this.looked) return [];
    const there = new Set(names);
    const left: LeftFile[] = [];
    const ours = names.filter((n) => this.timeOf(n) > 0).sort().reverse();
    for (const name of ours.slice(0, Math.ceil(this.maxItems / this.spec.itemsAFile))) {
      if (!this.rows.companions.every((extension) => there.has(nameOf(name, { extension })))) continue;
      const bytes = await this.folder.read(name, LARGEST_LEFT);
      if (bytes !== undefined) left.push({ name, rows: new Set(this.rows.rowsOf(bytes)), text: bytes.toString('latin1') });
    }
    this.looked = true;
    return left;
  }

  /** The file that says of this record what is to be said now. One that says something else of it stands before all older ones. */
  private lyingIn(left: readonly LeftFile[], item: OutgoingItem): string | undefined {
    if (left.length === 0) return undefined;
    const own = this.rows.rowsOf(this.rows.files([item], ANY_DAY)[0]!.bytes);
    if (own.length === 0) return undefined;
    const last = left.find(({ rows, text }) => own.every((row) => rows.has(row)) || (item.naturalKey !== undefined && text.includes(item.naturalKey)));
    return last !== undefined && own.every((row) => last.rows.has(row)) ? last.name : undefined;
  }

  private knownAnswer(item: OutgoingItem, left: readonly LeftFile[]): ItemAnswer {
    const known = this.done.get(item.ref);
    this.done.delete(item.ref);
    if (known !== undefined && known.content === contentOf(item)) return { outcome: 'accepted', token: known.token };
    const fault = this.rows.fault(item);
    if (fault !== undefined) return { outcome: 'refused', detail: fault };
    const token = this.lyingIn(left, item);
    return token === undefined ? { outcome: 'unreached' } : { outcome: 'accepted', token };
  }

  private async drop(items: readonly OutgoingItem[], there: ReadonlySet<string>, note: NoteIntended | undefined): Promise<string> {
    const planned = Math.max(...items.map((i) => i.plannedAt.getTime()));
    const files = this.rows.files(items, new Date(planned + CHINA_OFFSET_MS).toISOString().slice(0, 10));
    const sequence = createHash('sha256').update(items.map((i) => i.ref).join('\n')).digest().readUInt16BE(0) % SEQUENCES;
    let name = this.fileName(planned, sequence);
    const found = there.has(name) && (await this.holds(name, files[0]!));
    if (!found) {
      this.newest = Math.max(this.newest, ...[...there].map((n) => this.timeOf(n)));
      if (planned <= this.newest) name = this.fileName(this.newest + 1, sequence);
    }
    this.newest = Math.max(this.newest, this.timeOf(name));
    this.open = { name, files, placed: found ? 1 : 0, renaming: false, contents: new Map(items.map((i) => [i.ref, contentOf(i)])) };
    await this.finish(this.open, note);
    this.open = undefined;
    return name;
  }

  /** Puts the files of a drop that are not in place yet, in their order. */
  private async finish(open: OpenDrop, note?: NoteIntended): Promise<void> {
    for (; open.placed < open.files.length; open.placed += 1) {
      const file = open.files[open.placed]!;
      const name = nameOf(open.name, file);
      if (open.placed > 0 && (await this.holds(name, file))) continue;
      await this.folder.upload(partialName(name), file.bytes);
      if (open.placed === open.files.length - 1) await note?.(new Map([...open.contents].map(([ref, content]) => [ref, { token: open.name, content: digestOf(content) }])));
      open.renaming = true;
      await renameWhole(this.folder, name);
      open.renaming = false;
    }
  }

  /** Ends a drop whose connection died: the temporary name tells how far it came. */
  private async clearUp(): Promise<void> {
    const { open } = this;
    if (open === undefined) return;
    if (!open.renaming && open.placed === 0) {
      // It was never to be seen: what it held is planned anew, with the values of today.
      this.open = undefined;
      return;
    }
    if (open.renaming) {
      const name = nameOf(open.name, open.files[open.placed]!);
      await renameIfLeft(this.folder, name);
      open.renaming = false;
      open.placed += 1;
    }
    await this.finish(open);
    for (const [ref, content] of open.contents) this.done.set(ref, { content, token: open.name });
    this.open = undefined;
  }

  /** Ends what a process before this one was about to end: with the last file in its place, now or then, the drop is done, whoever took it since. */
  private async clearUpIntended(items: readonly OutgoingItem[]): Promise<void> {
    const ended = new Set<string>();
    for (const item of items) {
      const { intended } = item;
      if (intended === undefined) continue;
      this.newest = Math.max(this.newest, this.timeOf(intended.token));
      if (this.done.has(item.ref) || intended.content !== digestOf(contentOf(item))) continue;
      if (!ended.has(intended.token)) await renameIfLeft(this.folder, nameOf(intended.token, { extension: this.rows.companions.at(-1) }));
      ended.add(intended.token);
      this.done.set(item.ref, { content: contentOf(item), token: intended.token });
    }
  }

  private async holds(name: string, file: DropFile): Promise<boolean> {
    return (await this.folder.read(name, file.bytes.length))?.equals(file.bytes) ?? false;
  }

  /** yyyyMMddHHmmssSSS in Shanghai. */
  private fileName(at: number, sequence: number): string {
    const time = new Date(at + CHINA_OFFSET_MS).toISOString().replace(/\D/g, '').slice(0, 17);
    return this.spec.file.replace('{time}', time).replace('{sequence}', String(sequence).padStart(3, '0'));
  }

  /** Milliseconds that a name of this drop stands for; 0 for other files. */
  private timeOf(name: string): number {
    const [before, after] = this.spec.file.split('{time}') as [string, string];
    const digits = name.startsWith(before) ? /^\d{17}/.exec(name.slice(before.length))?.[0] : undefined;
    if (digits === undefined || name.length !== before.length + 17 + after.length - '{sequence}'.length + 3) return 0;
    const iso = digits.replace(/(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})/, '$1-$2-$3T$4:$5:$6.$7+08:00');
    return Date.parse(iso) || 0;
  }
}

function nameOf(name: string, file: Pick<DropFile, 'extension'>): string {
  return file.extension === undefined ? name : name.replace(/\.[^.]+$/, '') + file.extension;
}

async function renameIfLeft(folder: RemoteFolder, name: string): Promise<void> {
  if ((await folder.describe(partialName(name))) !== undefined) await renameWhole(folder, name);
}

function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

function contentOf({ columns, rows, carried, naturalKey }: OutgoingItem): string {
  return JSON.stringify([naturalKey, columns, rows, carried]);
}
