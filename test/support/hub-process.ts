import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { HubClient } from '#apps/cli/hub-client';
import { NodeProcess } from './child-process.js';

/** A hub with all roles and its own PostgreSQL in a process of its own, to be killed and started again. */
export class HubProcess {
  private process: NodeProcess | undefined;
  private passwords = new Map<string, string>();

  constructor(readonly dataDir: string, private readonly city: string, readonly port: number, private readonly environment: Record<string, string>) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    this.process = new NodeProcess('dist/apps/cli/main.js', ['start', '--city', this.city, '--port', String(this.port), '--data-dir', this.dataDir, '--json'], this.environment);
    const { accounts = [] } = JSON.parse(await this.process.printedLine()) as { accounts?: { username: string; password: string }[] };
    for (const { username, password } of accounts) this.passwords.set(username, password);
  }

  as(username: string): Promise<HubClient> {
    return HubClient.signIn(this.url, username, this.passwords.get(username)!);
  }

  /** kill -9 of node, and a new one on what it left. */
  async killNode(): Promise<void> {
    await this.process!.kill();
    await this.start();
  }

  /** kill -9 of the postmaster: the hub starts it again by itself. */
  async killPostgres(): Promise<void> {
    const pid = this.postmaster();
    process.kill(pid, 'SIGKILL');
    for (const end = Date.now() + 120_000; ; await sleep(100)) {
      const health = await this.health();
      if (health.checks?.['store'] === 'up' && this.postmaster() !== pid) return;
      if (this.process!.over !== undefined) throw new Error(`The hub ended with its PostgreSQL: ${this.process!.over.stderr.slice(-4000)}`);
      if (Date.now() > end) throw new Error(`PostgreSQL did not come back within two minutes: ${JSON.stringify(health)}`);
    }
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  /** Its database, as the owner. Close it before the next kill of PostgreSQL. */
  async database(): Promise<pg.Pool> {
    const { port, password } = JSON.parse(readFileSync(path.join(this.dataDir, 'postgres.json'), 'utf8')) as { port: number; password: string };
    return new pg.Pool({ host: '127.0.0.1', port, user: 'yici', password, database: 'yici', max: 4 });
  }

  private async health(): Promise<{ state: string; checks?: Record<string, unknown> }> {
    try {
      return (await (await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(2000) })).json()) as { state: string };
    } catch (error) {
      return { state: `no answer: ${(error as Error).message}` };
    }
  }

  private postmaster(): number {
    return Number(readFileSync(path.join(this.dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  }
}
