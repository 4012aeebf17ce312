import { startGrid } from '#libs/synthetic/simulators/grid';
import { startPublicHealth } from '#libs/synthetic/simulators/public-health-simulator';
import { startResidencePermit } from '#libs/synthetic/simulators/residence-permit-simulator';
import type { StartSimulator } from '#libs/synthetic/simulators/simulator';
import { startSmartCommunity } from '#libs/synthetic/simulators/smart-community-simulator';

/** The simulators, by system id. */
export const SIMULATORS: Readonly<Record<string, StartSimulator>> = {
  grid: startGrid,
  'residence-permit': startResidencePermit,
  'public-health': startPublicHealth,
  'smart-community': startSmartCommunity,
};
