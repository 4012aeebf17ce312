import { join } from 'node:path';
import { FileOffice, officeSimulator, serverAccount, type OfficeHabits } from './file-office.js';
import { SftpServer } from './sftp-server.js';
import type { Simulator, SimulatorContext } from './simulator.js';

/** Starts an office whose files lie on an SFTP server of its own; `names`: of what the hub is told, in connector.yaml. */
export async function startSftpOffice(habits: OfficeHabits, context: SimulatorContext, names: { url: string; hostKey: string }): Promise<Simulator> {
  const office = new FileOffice(habits, context);
  const account = serverAccount(context.secret(names.url));
  const server = await SftpServer.start({
    root: office.root, ...account, ...(context.port !== undefined && { port: context.port }), faults: office.faults, keyFile: join(context.dir, 'host-key.pem'),
  });
  const url = `sftp://${encodeURIComponent(account.user)}:${encodeURIComponent(account.password)}@127.0.0.1:${server.port}`;
  return officeSimulator(habits.system, office, { [names.url]: url, [names.hostKey]: server.fingerprint }, server);
}
