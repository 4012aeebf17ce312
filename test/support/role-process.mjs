// Roles of the hub as a process of its own: `role-process.mjs intake,api [city directory]`. Compiled code is run, as in production; the
// parent gives DATABASE_URL, KAFKA_BROKERS and the key file in the environment. Prints one line when it works: {"url", "accounts"}.
import process from 'node:process';
import { startHub } from '#apps/hub/start-hub';

const [roles, cityDir] = process.argv.slice(2);
const hub = await startHub({ roles: roles.split(','), port: 0, ...(cityDir !== undefined && { cityDir }) });
hub.closeOnSignals();
const accounts = roles.split(',').includes('api') ? await hub.createFirstAccounts() : [];
process.stdout.write(`${JSON.stringify({ url: hub.url, accounts })}\n`);
