/** Where a simulator tells what it does: an event name with counts and keys, never a personal value. */
export type SimulatorLog = (event: string, details: Readonly<Record<string, string | number>>) => void;

export const quietLog: SimulatorLog = () => undefined;
