import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll } from '@jest/globals';
import { KafkaLog } from '#libs/bus/kafka-log';
import type { Log } from '#libs/bus/log';
import { silentLogger } from '#libs/platform/logger';
import { describeWithKafka, startKafka, type RunningKafka } from '#test/support/kafka-under-test';
import { logContract } from '#test/support/log-contract';

let kafka: RunningKafka;
/** Sockets of each log, so that one can be cut off. */
const wires = new Map<Log, { sockets: Set<Socket>; cut: boolean }>();

function open(): KafkaLog {
  const wire = { sockets: new Set<Socket>(), cut: false };
  const log = new KafkaLog({
    brokers: kafka.brokers, tls: false, logger: silentLogger, sessionMs: 6000,
    socketFactory: ({ host, port, onConnect }) => {
      // Port 1 answers nobody: who was cut off reaches no broker again.
      const socket = connect({ host, port: wire.cut ? 1 : port }, onConnect);
      wire.sockets.add(socket);
      return socket;
    },
  });
  wires.set(log, wire);
  return log;
}

/** All its connections end at once and none comes back: nothing it says afterwards reaches a broker. */
async function kill(log: Log): Promise<void> {
  const wire = wires.get(log)!;
  wire.cut = true;
  for (const socket of wire.sockets) socket.destroy(new Error('cut off'));
  // Only so that jest can end: its running batch never does.
  void log.close();
}

describeWithKafka('Kafka log', () => {
  beforeAll(async () => { kafka = await startKafka(); });
  afterAll(() => kafka.stop());

  logContract('Kafka log', { open: async () => open(), kill });
});
