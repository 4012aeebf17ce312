import { startCorrections } from '#libs/synthetic/simulators/corrections-simulator';
import { startDisability } from '#libs/synthetic/simulators/disability-simulator';
import { startFamilyPlanning } from '#libs/synthetic/simulators/family-planning-simulator';
import { startGrid } from '#libs/synthetic/simulators/grid';
import { startHousing } from '#libs/synthetic/simulators/housing-simulator';
import { startHukou } from '#libs/synthetic/simulators/hukou';
import { startPublicHealth } from '#libs/synthetic/simulators/public-health-simulator';
import { startResidencePermit } from '#libs/synthetic/simulators/residence-permit-simulator';
import { startPartyVolunteer } from '#libs/synthetic/simulators/party-volunteer-simulator';
import type { StartSimulator } from '#libs/synthetic/simulators/simulator';
import { startSocialInsurance } from '#libs/synthetic/simulators/social-insurance-simulator';
import { startSmartCommunity } from '#libs/synthetic/simulators/smart-community-simulator';
import { startSocialAssistance } from '#libs/synthetic/simulators/social-assistance-simulator';

/** The simulators, by system id. */
export const SIMULATORS: Readonly<Record<string, StartSimulator>> = {
  hukou: startHukou,
  grid: startGrid,
  corrections: startCorrections,
  'social-assistance': startSocialAssistance,
  housing: startHousing,
  'residence-permit': startResidencePermit,
  'public-health': startPublicHealth,
  'smart-community': startSmartCommunity,
  'family-planning': startFamilyPlanning,
  disability: startDisability,
  'social-insurance': startSocialInsurance,
  'party-volunteer': startPartyVolunteer,
};
