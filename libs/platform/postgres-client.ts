import pg from 'pg';

/**
 * A connection of a pool whose loss is told by its queries alone. An `error` event without a listener ends the process, and a
 * pool leaves moments without one: it passes a connection on to the next in line, who can only listen a microtask later, while
 * the rest of the bytes that were read with the last answer (the server's farewell) is parsed at once.
 */
export class PostgresClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
