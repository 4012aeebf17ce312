// Opens the log that the environment names, as the hub does, in a process of its own: what Node trusts (NODE_EXTRA_CA_CERTS) is fixed when
// it starts. Prints what came back through the log, or the code of the error. Compiled code is run.
import process from 'node:process';
import { KafkaLog } from '#libs/bus/kafka-log';
import { readConfig } from '#libs/platform/config';
import { silentLogger } from '#libs/platform/logger';

const log = new KafkaLog({ ...readConfig(process.env).kafka, logger: silentLogger, readyMs: Number(process.argv[2]) });
try {
  await log.ensureTopics([{ topic: 'signed-in', partitions: 2 }]);
  await log.publish('signed-in', [{ key: 'k', value: Buffer.from('through') }]);
  const read = await new Promise((resolve, reject) => {
    log.subscribe({ topics: ['signed-in'], group: 'g', handler: async ({ messages }) => resolve(Buffer.from(messages[0].value).toString()) }).catch(reject);
  });
  process.stdout.write(`${read}\n`);
} catch (error) {
  process.stdout.write(`${error.code}\n`);
} finally {
  await log.close();
}
