import type { Connector } from '#libs/connector-sdk/connector';
import { agreementProposals, type AgreementProposal, type ProvidedItem } from '#libs/connector-sdk/sharing';

/** The system of workers' entries: it has no folder, so it offers what each target asks for, on the target's own terms. */
const HUB = 'hub';

/** What all folders propose together, workers' entries included; nothing of it is in force until approved. */
export function proposalsOf(connectors: readonly Connector[]): AgreementProposal[] {
  const targets = connectors.map((c) => ({ id: c.id, sharing: c.sharing }));
  const entries: ProvidedItem[] = connectors.flatMap((c) => c.sharing.receives.map((item) => ({ ...item, to: [c.id] })));
  return agreementProposals([{ id: HUB, provides: entries }, ...connectors.map((c) => ({ id: c.id, provides: c.sharing.provides }))], targets);
}
