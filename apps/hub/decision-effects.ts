import type { DecisionEffects } from '#libs/entries/decision-receipts';
import type { FanoutStore } from '#libs/fanout/fanout-store';
import type { Target } from '#libs/fanout/target';
import { UndoPreview, withheldLine } from '#libs/fanout/undo-preview';
import { resolutionService } from '#libs/resolution/resolution-module';
import type { HubParts } from './open-parts.js';

/** What a decision would do: resolution makes it and takes it back, fan-out says what it would write. */
export function decisionEffects({ store, clock, logger, connectors, model }: HubParts, fanoutStore: FanoutStore, targets: readonly Target[]): DecisionEffects {
  const resolution = resolutionService({ dataSource: store.dataSource, sealing: store.sealing, clock, logger, model });
  const owners = new Map(connectors.map((c) => [c.id, c.manifest.owner]));
  const undo = new UndoPreview(fanoutStore, targets.map((target) => ({ target, owner: owners.get(target.id) ?? target.name })));
  const scopes = new Map(targets.map((t) => [t.id, t.scopes]));
  return {
    preview: async ({ kind, records, revokes }) => {
      const { parts, former } = await resolution.preview({ id: 'preview', kind, records, actor: 'preview', ...(revokes !== undefined && { revokes }) });
      return undo.lines(parts, former);
    },
    shown: (lines, open) => lines.map((line) => ((scopes.get(line.target) ?? []).some((s) => !open.includes(s)) ? withheldLine(line) : line)),
  };
}
