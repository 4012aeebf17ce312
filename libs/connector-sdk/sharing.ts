import { z } from 'zod';

const itemShape = {
  /** 共享范围: canonical paths. */
  fields: z.array(z.string().min(1)).min(1),
  /** 共享方式. */
  channel: z.string().min(1),
  /** 共享标准: the code table or standard of the values. */
  codeTable: z.string().min(1).optional(),
  purpose: z.string().min(1),
  legalBasis: z.string().min(1),
  /** 无条件 | 有条件 | 不予. */
  condition: z.enum(['unconditional', 'conditional', 'none']),
  /** What must hold when conditional; `consent:<purpose>` asks for the resident's consent. */
  conditionText: z.string().min(1).optional(),
  /** Last day it holds. */
  expires: z.iso.date(),
  /** 政务数据目录 id. */
  catalogue: z.string().min(1),
};
const says = { error: 'a conditional item says its condition (conditionText)' };
const complete = (i: { condition: string; conditionText?: string }): boolean => i.condition !== 'conditional' || i.conditionText !== undefined;

const providedSchema = z.strictObject({ ...itemShape, /** System ids. */ to: z.array(z.string()).min(1) }).refine(complete, says);
const receivedSchema = z.strictObject(itemShape).refine(complete, says);

/** sharing.yaml: a proposal. In force is only what was approved in the database. */
export const sharingSchema = z.strictObject({ provides: z.array(providedSchema).default([]), receives: z.array(receivedSchema).default([]) });

export type Sharing = z.infer<typeof sharingSchema>;
export type ProvidedItem = z.infer<typeof providedSchema>;

/** One proposed agreement: this provider's field may go to this target. The row of `sharing_agreement`. */
export interface AgreementProposal {
  provider: string;
  target: string;
  field: string;
  channel: string;
  codeTable?: string;
  purpose: string;
  legalBasis: string;
  condition: 'unconditional' | 'conditional' | 'none';
  conditionText?: string;
  expiresOn: string;
  catalogueId: string;
}

const STRICTNESS = { unconditional: 0, conditional: 1, none: 2 } as const;

/**
 * What the folders propose together: a field goes from a provider to a target only where the provider offers it to that
 * target and the target asks for it. The stricter condition and the earlier expiry hold; both conditions are kept in words.
 */
export function agreementProposals(providers: readonly { id: string; provides: readonly ProvidedItem[] }[], targets: readonly { id: string; sharing: Sharing }[]): AgreementProposal[] {
  const asked = new Map(targets.map((t) => [t.id, new Map(t.sharing.receives.flatMap((item) => item.fields.map((f) => [f, item] as const)))]));
  const proposals = new Map<string, AgreementProposal>();
  for (const provider of providers) {
    for (const item of provider.provides) {
      for (const target of item.to) {
        if (target === provider.id) continue;
        for (const field of item.fields) {
          const wanted = asked.get(target)?.get(field);
          if (wanted === undefined) continue;
          const stricter = STRICTNESS[item.condition] >= STRICTNESS[wanted.condition] ? item.condition : wanted.condition;
          const conditionText = [item.conditionText, wanted.conditionText].filter((t, i, all) => t !== undefined && all.indexOf(t) === i).join('; ');
          proposals.set(`${provider.id}|${target}|${field}`, {
            provider: provider.id, target, field,
            channel: wanted.channel, codeTable: item.codeTable ?? wanted.codeTable,
            purpose: wanted.purpose, legalBasis: item.legalBasis === wanted.legalBasis ? item.legalBasis : `${item.legalBasis}; ${wanted.legalBasis}`,
            condition: stricter, conditionText: conditionText === '' ? undefined : conditionText,
            expiresOn: item.expires < wanted.expires ? item.expires : wanted.expires,
            catalogueId: item.catalogue,
          });
        }
      }
    }
  }
  return [...proposals.values()];
}
