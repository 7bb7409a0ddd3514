import { type Effort, efforts } from "../../base/effect.ts";
import { Agent33Error } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import { classify } from "./classifier.ts";
import { type RoutingSettings, sameButCase } from "./settings.ts";

/** What a tier is chosen by. */
export interface RoutingQuestion {
  /** As somebody asked for it; checked here, because a library's caller may write anything. */
  readonly effort: string | undefined;
  readonly tenant: string;
  readonly domain: string | undefined;
  /** What the agent's definition says. */
  readonly agentEffort: Effort | undefined;
  /** The task's words, or the inputs; looked at only when nothing else has decided. */
  readonly work: () => unknown;
}

/** A tier, who chose it, and why. */
export interface RoutingDecision {
  readonly effort: Effort;
  /** Who decided: `request`, `tenant_domain`, `tenant`, `domain`, `agent`, `classifier`, `default`. */
  readonly source: string;
  readonly reasons: readonly string[];
  /** Of the classifier; what was said needs none. */
  readonly confidence: number | null;
  readonly domain: string | null;
}

/**
 * Chooses the tier of a run: the first that somebody said of request, tenant and domain, tenant,
 * domain, agent; else the classifier; else the setting `effort`. Without routing only the request,
 * the agent and the setting count.
 * @param plain the setting `effort` and where it came from
 * @throws Agent33Error `agents.unknown_effort`, `agents.unknown_tenant`, `agents.unknown_domain`
 */
export function routeEffort(
  question: RoutingQuestion,
  settings: RoutingSettings,
  plain: { readonly effort: Effort; readonly source: string },
): RoutingDecision {
  const requested = question.effort === undefined ? undefined : knownEffort(question.effort);
  const { tenant, domain, agentEffort } = question;
  const by = (effort: Effort, source: string, reason: string): RoutingDecision => ({
    effort,
    source,
    reasons: [reason],
    confidence: null,
    domain: domain ?? null,
  });
  const asked =
    requested === undefined ? undefined : by(requested, "request", "it was asked for by name");
  const own = agentEffort === undefined ? undefined : by(agentEffort, "agent", "its agent says so");
  if (!settings.enabled) {
    const decided = asked ?? own ?? by(plain.effort, plain.source, "the setting `effort`");
    return { ...decided, reasons: ["routing is off", ...decided.reasons] };
  }
  checkTenant(tenant, settings);
  if (domain !== undefined) checkDomain(domain, settings);
  const ofBoth =
    domain === undefined ? undefined : inTable(settings.tenantDomains, tenant)?.[domain];
  const ofTenant = inTable(settings.tenants, tenant);
  const ofDomain = domain === undefined ? undefined : inTable(settings.domains, domain);
  const said =
    asked ??
    (ofBoth && by(ofBoth, "tenant_domain", `tenant ${tenant} has it for domain ${domain ?? ""}`)) ??
    (ofTenant && by(ofTenant, "tenant", `tenant ${tenant} has it`)) ??
    (ofDomain && by(ofDomain, "domain", `domain ${domain ?? ""} has it`)) ??
    own;
  if (said !== undefined) return said;
  if (!settings.classifier.enabled) {
    return by(plain.effort, "default", `nothing else decides (${plain.source})`);
  }
  const { effort, confidence, reasons } = classify(question.work(), settings.classifier);
  return { effort, source: "classifier", reasons, confidence, domain: domain ?? null };
}

/** What nobody put there is not there: a tenant may be called `constructor`. */
function inTable<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** @throws Agent33Error `agents.unknown_effort` */
function knownEffort(text: string): Effort {
  const known = efforts.find((effort) => effort === text);
  if (known !== undefined) return known;
  throw new Agent33Error("agents.unknown_effort", `"${text}" is not an effort.`, {
    hint: `Write one of ${efforts.join(", ")}.`,
  });
}

/** A tenant that no policy can ever match must not look like one that has none. */
function checkTenant(tenant: string, settings: RoutingSettings): void {
  const { knownTenants, tenants, tenantDomains } = settings;
  const named = [...new Set([...Object.keys(tenants), ...Object.keys(tenantDomains)])];
  const known = knownTenants.length > 0 ? knownTenants : named;
  const isUnknown =
    knownTenants.length > 0
      ? !knownTenants.includes(tenant)
      : !named.includes(tenant) && named.some((one) => sameButCase(one, tenant));
  if (!isUnknown) return;
  throw new Agent33Error("agents.unknown_tenant", `There is no tenant "${tenant}" to route for.`, {
    hint: `${suggestName(tenant, known)} Case counts. Tenants are named under routing in the settings.`,
  });
}

function checkDomain(domain: string, settings: RoutingSettings): void {
  const known = [
    ...new Set([
      ...settings.knownDomains,
      ...Object.keys(settings.domains),
      ...Object.values(settings.tenantDomains).flatMap((table) => Object.keys(table)),
    ]),
  ];
  if (known.includes(domain)) return;
  throw new Agent33Error("agents.unknown_domain", `There is no domain "${domain}" to route for.`, {
    hint: `${suggestName(domain, known)} Domains are named under routing in the settings.`,
  });
}
