import type pg from 'pg';
import { InTurn } from '#libs/platform/in-turn';
import type { DeliveredMessage } from './log.js';

/** Where a reader stands in a partition: the next offset it wants. */
export interface Place {
  partition: number;
  position: bigint;
}

type FetchedRow = Omit<DeliveredMessage, 'topic'> & { position: string };

/**
 * Reads messages for all groups of this process. A dozen groups hear of a new message at one moment and stand at the same place:
 * the first asks at once, the others ask together and share what comes. Topics never wait for one another.
 */
export class PostgresFetch {
  private readonly topics = new Map<string, InTurn<readonly Place[], Map<string, DeliveredMessage[]>>>();

  constructor(private readonly pool: pg.Pool) {}

  /** At most `limit` messages from each place on, in order; partitions that have none are absent. The messages are shared: not to be changed. */
  async messages(topic: string, places: readonly Place[], limit: number): Promise<Map<number, DeliveredMessage[]>> {
    const found = await this.inTurn(topic, limit).do(places);
    return new Map(places.flatMap((p) => {
      const messages = found.get(nameOf(p.partition, p.position));
      return messages === undefined ? [] : [[p.partition, messages] as const];
    }));
  }

  private inTurn(topic: string, limit: number): InTurn<readonly Place[], Map<string, DeliveredMessage[]>> {
    const name = `${topic} ${limit}`;
    const known = this.topics.get(name) ?? new InTurn((waiting) => waiting, (turn) => this.read(topic, turn.flat(), limit));
    this.topics.set(name, known);
    return known;
  }

  private async read(topic: string, places: readonly Place[], limit: number): Promise<Map<string, DeliveredMessage[]>> {
    const asked = [...new Map(places.map((p) => [nameOf(p.partition, p.position), p])).values()];
    const result = await this.pool.query<FetchedRow>({
      name: 'log_fetch',
      text: `select c.position::text as position, m.* from unnest($2::smallint[], $3::bigint[]) as c(partition, position)
             cross join lateral (select partition, "offset", key, headers, value from log_message
               where topic = $1 and partition = c.partition and "offset" >= c.position order by "offset" limit $4) m`,
      values: [topic, asked.map((p) => p.partition), asked.map((p) => p.position.toString()), limit],
    });
    const found = new Map<string, DeliveredMessage[]>();
    for (const { position, ...row } of result.rows) {
      const message = { ...row, topic };
      const name = nameOf(row.partition, position);
      const list = found.get(name);
      if (list) list.push(message);
      else found.set(name, [message]);
    }
    return found;
  }
}

function nameOf(partition: number, position: bigint | string): string {
  return `${partition}/${position}`;
}
