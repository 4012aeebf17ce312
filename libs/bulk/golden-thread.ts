import { parentPort, workerData } from 'node:worker_threads';
import { Sealing } from '#libs/platform/sealing';
import { loadSealingKeys } from '#libs/platform/sealing-keys';
import { goldenRows, type GoldenJob, type GoldenThreadData } from './golden-maker.js';

const { keysFile, authority } = workerData as GoldenThreadData;
const sealing = new Sealing(loadSealingKeys(keysFile, { create: false }).keys);

parentPort!.on('message', (job: GoldenJob) => parentPort!.postMessage(goldenRows(sealing, authority, job)));
