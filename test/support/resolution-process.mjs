// The hub's role `resolution` as a process of its own, to be killed. Compiled code is run, as in production; the parent gives
// DATABASE_URL and YICI_KEYS_FILE in the environment. Prints "ready" when it reads the log.
import process from 'node:process';
import { startHub } from '#apps/hub/start-hub';

const hub = await startHub({ roles: ['resolution'], port: 0 });
hub.closeOnSignals();
process.stdout.write('ready\n');
