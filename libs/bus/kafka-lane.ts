import type { Message } from 'kafkajs';
import type { LogMessage } from './log.js';

/** One request: under the size of a record batch that brokers take by default (1 MiB), one big message apart. */
const SEND_MESSAGES = 1000;
const SEND_BYTES = 900 << 10;

interface Waiting {
  messages: readonly LogMessage[];
  /** How many of them are acknowledged. */
  sent: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * The way to one partition. Its sends follow one another, never side by side: kafkajs takes a sequence number back when a
 * request fails and would give it to another send before the first is repeated; the broker would then take that send for the
 * repetition, acknowledge it, and not write it. What comes in meanwhile goes together with the next send.
 */
export class KafkaLane {
  private readonly waiting: Waiting[] = [];
  private running = false;

  /** @param send resolves when the messages are durable */
  constructor(private readonly send: (messages: Message[]) => Promise<void>) {}

  /** Resolves when all are durable, in this order; rejects at the first that may not be, and sends none behind it. */
  publish(messages: readonly LogMessage[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ messages, sent: 0, resolve, reject });
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) {
      const load = this.nextLoad();
      try {
        await this.send(load.messages);
        for (const { from, count } of load.parts) {
          from.sent += count;
          if (from.sent === from.messages.length) this.leave(from).resolve();
        }
      } catch (error) {
        for (const { from } of load.parts) this.leave(from).reject(error);
      }
    }
    this.running = false;
  }

  private leave(one: Waiting): Waiting {
    this.waiting.splice(this.waiting.indexOf(one), 1);
    return one;
  }

  private nextLoad(): { messages: Message[]; parts: { from: Waiting; count: number }[] } {
    const messages: Message[] = [];
    const parts: { from: Waiting; count: number }[] = [];
    let bytes = 0;
    for (const from of this.waiting) {
      let count = 0;
      for (const m of from.messages.slice(from.sent)) {
        bytes += m.value.length + m.key.length + 100;
        if (messages.length > 0 && (bytes > SEND_BYTES || messages.length === SEND_MESSAGES)) {
          if (count > 0) parts.push({ from, count });
          return { messages, parts };
        }
        messages.push({ key: m.key, value: bufferOf(m.value), ...(m.headers && { headers: m.headers }) });
        count += 1;
      }
      parts.push({ from, count });
    }
    return { messages, parts };
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
