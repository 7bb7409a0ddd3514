import { z } from "zod";
import { type Effort, efforts } from "../../base/effect.ts";
import { suggestName } from "../../base/nearest.ts";

const effort = z.enum(efforts);
const names = z.array(z.string().min(1)).default([]);
const domainName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "Use lower-case letters, digits and hyphens");

/** What reasoning a model is asked for: a level of its own, or `none` to say nothing about it. */
export const reasoningLevels = [...efforts, "none"] as const;
export type Reasoning = (typeof reasoningLevels)[number];

const tierSchema = z.strictObject({
  model: z.string().min(1).exactOptional().describe("provider:model that runs of this tier use"),
  baseUrl: z.url().exactOptional().describe("address of this tier's OpenAI-compatible server"),
  maxOutputTokens: z
    .int()
    .positive()
    .exactOptional()
    .describe("tokens that one turn of this tier may write"),
  maxTokens: z
    .int()
    .positive()
    .exactOptional()
    .describe("input and output tokens of a whole run of this tier"),
  reasoning: z
    .enum(reasoningLevels)
    .exactOptional()
    .describe("reasoning level that the model is asked for; the tier's own by default"),
});

/** Why an attempt may be tried again one tier up. */
export const escalationReasons = ["refuted", "stuck"] as const;
export type EscalationReason = (typeof escalationReasons)[number];

const escalationSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe("whether an attempt that failed is made again one tier up, from a clean workspace"),
  on: z
    .array(z.enum(escalationReasons))
    .min(1)
    .default([...escalationReasons])
    .describe("which ends of an attempt lead to another: refuted, stuck"),
  reserve: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe("share of the run's limits that must be left where no history says what is needed"),
  keepMegabytes: z
    .int()
    .positive()
    .max(10_000)
    .default(64)
    .describe("megabytes of a workspace up to which it is kept to begin again from"),
  hiddenTests: z
    .boolean()
    .default(false)
    .describe("whether hidden tests that refute an attempt lead to another"),
});

/** How runs are routed to tiers, and what the tiers are. */
export const routingSettingsSchema = z
  .strictObject({
    enabled: z.boolean().default(false).describe("whether runs are routed to tiers of effort"),
    tiers: z
      .strictObject({
        low: tierSchema.prefault({}),
        medium: tierSchema.prefault({}),
        high: tierSchema.prefault({}),
      })
      .prefault({}),
    tenants: z
      .record(z.string().min(1), effort)
      .default({})
      .describe("tier by tenant, by its exact name"),
    domains: z.record(domainName, effort).default({}).describe("tier by domain"),
    tenantDomains: z
      .record(z.string().min(1), z.record(domainName, effort))
      .default({})
      .describe("tier by tenant and domain, before either alone"),
    knownTenants: names.describe("all tenants there are; any other is an error then"),
    knownDomains: z.array(domainName).default([]).describe("domains besides those with a tier"),
    classifier: z
      .strictObject({
        enabled: z
          .boolean()
          .default(true)
          .describe("whether the length of the task chooses where nothing else does"),
        lowBelow: z.int().positive().default(400).describe("characters below which a task is low"),
        highFrom: z.int().positive().default(6_000).describe("characters from which it is high"),
      })
      .prefault({}),
    escalation: escalationSchema.prefault({}),
  })
  .superRefine((settings, context) => {
    const { enabled, escalation, tenants, tenantDomains, knownTenants, classifier } = settings;
    const refuse = (path: readonly string[], message: string): void =>
      context.addIssue({ code: "custom", path: [...path], message });
    const named = { tenants: Object.keys(tenants), tenantDomains: Object.keys(tenantDomains) };
    for (const [table, found] of Object.entries(named)) {
      for (const tenant of found) {
        if (knownTenants.length > 0 && !knownTenants.includes(tenant)) {
          refuse(
            [table, tenant],
            `There is no tenant "${tenant}". ${suggestName(tenant, knownTenants)}`,
          );
        }
      }
    }
    const all = [...new Set([...knownTenants, ...named.tenants, ...named.tenantDomains])];
    for (const tenant of all) {
      const other = all.find((one) => one !== tenant && sameButCase(one, tenant));
      if (other !== undefined && tenant < other) {
        refuse(["tenants"], `"${tenant}" and "${other}" differ in nothing but case`);
      }
    }
    if (escalation.enabled && !enabled) {
      refuse(["escalation", "enabled"], "Needs routing.enabled");
    }
    if (classifier.lowBelow >= classifier.highFrom) {
      refuse(["classifier", "lowBelow"], "Must be less than classifier.highFrom");
    }
  });
export type RoutingSettings = z.infer<typeof routingSettingsSchema>;

/** Whether two names are the same to somebody who does not look at capitals. */
export function sameButCase(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** The tiers above one, the next first. */
export function tiersAbove(tier: Effort): readonly Effort[] {
  return efforts.slice(efforts.indexOf(tier) + 1);
}
