import type { StartSimulator } from '#libs/synthetic/simulators/simulator';

/** The simulators, by system id. */
export const SIMULATORS: Readonly<Record<string, StartSimulator>> = {
};
