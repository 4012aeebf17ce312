import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, chmodSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '#libs/platform/project-root';

export interface Ended {
  /** Exit code; null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A node program of ours as a process of its own. Compiled code is run, so `npm run build` must have been. */
export class NodeProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Set once it has ended. */
  over: Ended | undefined;
  private stdout = '';
  private stderr = '';

  constructor(program: string, args: readonly string[], environment: Record<string, string> = {}) {
    const { DATABASE_URL: _db, KAFKA_BROKERS: _kafka, NODE_OPTIONS: _options, ...inherited } = process.env;
    this.child = spawn(process.execPath, [path.join(projectRoot(), program), ...args], {
      env: { ...inherited, YICI_LOG_LEVEL: 'error', ...environment }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => { this.stdout += text; });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.stderr += text; });
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        this.over = { code, signal, stdout: this.stdout, stderr: this.stderr };
        resolve(this.over);
      });
    });
  }

  /** Waits until it has printed `text`. Throws with what it printed when it ended before. */
  async printed(text: string): Promise<void> {
    while (!this.stdout.includes(text)) {
      if (this.over) throw new Error(`The process ended before it printed "${text}": ${this.over.stderr.slice(-2000)}`);
      await sleep(10);
    }
  }

  /** Its first whole line. */
  async printedLine(): Promise<string> {
    await this.printed('\n');
    return this.stdout.split('\n')[0]!;
  }

  /** kill -9: no handler of the program runs. */
  async kill(): Promise<Ended> {
    this.child.kill('SIGKILL');
    return this.ended;
  }

  async stop(): Promise<Ended> {
    this.child.kill('SIGTERM');
    return this.ended;
  }
}

/** The command `yici`. */
export function yici(...args: string[]): NodeProcess {
  return new NodeProcess('dist/apps/cli/main.js', args);
}

/** Runs `yici … --json` to its end; the last line of its output. Throws when it fails. */
export async function yiciJson<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await yici(...args, '--json').ended;
  if (code !== 0) throw new Error(`yici ${args[0]} failed (${code}): ${stdout.slice(-2000)} ${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}

/** A new data directory, that PostgreSQL's own user may reach. */
export function newDataDir(): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-e2e-'));
  chmodSync(dir, 0o711);
  return dir;
}

/** Ends the PostgreSQL that a killed process left running in a data directory, and removes it all. */
export async function removeDataDir(dir: string): Promise<void> {
  const pid = postmaster(dir);
  if (pid) {
    // Immediate shutdown: the data is thrown away.
    process.kill(pid, 'SIGQUIT');
    for (let waited = 0; postmaster(dir) && waited < 10_000; waited += 50) await sleep(50);
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
}

function postmaster(dir: string): number | undefined {
  try {
    const pid = Number(readFileSync(path.join(dir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}
