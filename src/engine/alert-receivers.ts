import { Agent33Error } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { suggestName } from "../base/nearest.ts";
import type { Principal } from "../base/principal.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { ConnectorSpec } from "../boundary/types.ts";
import type { AlertSettings } from "../config/alert-settings.ts";
import { engineCalls } from "../connectors/engine-calls.ts";
import type { GovernedTool } from "../connectors/governed-tool.ts";
import { keyedPost } from "../connectors/http/keyed-post.ts";
import type { ConnectorSettings } from "../connectors/settings.ts";
import { type MessageFacts, messageText, webhookBody } from "../observability/alerts/messages.ts";
import type { Message } from "../observability/alerts/notices.ts";
import type { ActiveRule } from "../observability/alerts/rule.ts";
import type { ConfiguredConnector } from "./connectors.ts";
import type { Host } from "./host.ts";

/** Hands one message over, once. @throws what kept it from arriving */
export type Receiver = (message: Message, facts: MessageFacts) => Promise<void>;

export interface ReceiverParts {
  readonly settings: AlertSettings;
  /** As they are now. */
  readonly connectors: () => readonly ConfiguredConnector[];
  readonly host: Pick<Host, "env" | "clock" | "ids">;
  readonly boundary: () => Boundary;
  readonly principal: Principal;
}

/** Milliseconds in which one message is handed over or not. */
const totalMs = 20_000;

/** How each kind of messaging connector is told where, and how long a text it takes. */
const places: Partial<
  Record<ConnectorSettings["kind"], { readonly field: string; readonly most: number }>
> = {
  slack: { field: "channel", most: 4_000 },
  discord: { field: "channel", most: 2_000 },
  telegram: { field: "chat", most: 4_000 },
  email: { field: "to", most: 100_000 },
};

/**
 * Everybody whom the settings name, by name.
 * @throws Agent33Error `alerts.unknown_connector`, `alerts.missing_secret`
 */
export function alertReceivers(parts: ReceiverParts): ReadonlyMap<string, Receiver> {
  return new Map(
    Object.entries(parts.settings.receivers).map(([name, one]) => [
      name,
      "webhook" in one ? webhookReceiver(name, one, parts) : connectorReceiver(name, one, parts),
    ]),
  );
}

/**
 * Who is told of a rule, by the name of its owner.
 * @throws Agent33Error `alerts.no_owner`, `alerts.unknown_owner`, `alerts.unknown_receiver`
 */
export function receiversByOwner(
  settings: AlertSettings,
  rules: readonly ActiveRule[],
): ReadonlyMap<string, readonly string[]> {
  const { receivers, owners, defaultReceivers } = settings;
  const known = Object.keys(receivers);
  const owning = [...new Set(rules.map(({ owner }) => owner))];
  const check = (name: string, where: string): void => {
    if (known.includes(name)) return;
    throw new Agent33Error(
      "alerts.unknown_receiver",
      `${where} names "${name}", which is no receiver.`,
      {
        hint: `${suggestName(name, known)} Receivers are listed under alerts.receivers.`,
        details: { name },
      },
    );
  };
  for (const name of defaultReceivers) check(name, "alerts.defaultReceivers");
  for (const [owner, { receivers: told }] of Object.entries(owners)) {
    for (const name of told) check(name, `alerts.owners.${owner}.receivers`);
    if (owning.includes(owner)) continue;
    throw new Agent33Error(
      "alerts.unknown_owner",
      `No alert that is on belongs to "${owner}" (alerts.owners).`,
      {
        hint: suggestName(owner, owning),
        details: { owner },
      },
    );
  }
  const byOwner = new Map(
    owning.map((owner) => [owner, owners[owner]?.receivers ?? defaultReceivers] as const),
  );
  if (known.length === 0) return byOwner;
  for (const { name, owner } of rules) {
    if ((byOwner.get(owner) ?? []).length > 0) continue;
    throw new Agent33Error(
      "alerts.no_owner",
      `The alert ${name} belongs to ${owner}, and nobody is told for them.`,
      {
        hint: `List them under alerts.owners, give the alert another owner (alerts.rules.${name}.owner), name alerts.defaultReceivers, or switch the alert off.`,
        details: { rule: name, owner },
      },
    );
  }
  return byOwner;
}

type Webhook = Extract<AlertSettings["receivers"][string], { readonly webhook: string }>;
type Connected = Exclude<AlertSettings["receivers"][string], { readonly webhook: string }>;

function webhookReceiver(name: string, receiver: Webhook, parts: ReceiverParts): Receiver {
  const { host, boundary, principal } = parts;
  const headers = () => secretHeaders(name, receiver, host);
  headers();
  const spec = webhookSpec(receiver.webhook, headers, () => host.clock.now());
  return async (message, facts) => {
    const outcome = await boundary()
      .connector(spec)
      .tryCall(webhookBody(message, facts), { principal, totalMs });
    if (!outcome.ok) throw outcome.error;
  };
}

function webhookSpec(
  url: string,
  headers: () => Readonly<Record<string, string>>,
  now: () => number,
): ConnectorSpec<JsonObject, undefined> {
  return keyedPost({
    id: engineCalls.alerts,
    url,
    headers,
    bodyOf: (message) => ({ body: JSON.stringify(message) }),
    answerOf: () => undefined,
    answerBytes: 64 * 1024,
    totalMs,
    now,
  });
}

/** @throws Agent33Error `alerts.missing_secret` */
function secretHeaders(
  name: string,
  receiver: Webhook,
  { env }: Pick<Host, "env">,
): Readonly<Record<string, string>> {
  const entries = Object.entries(receiver.secretHeaders).map(([header, variable]) => {
    const value = env[variable];
    if (value !== undefined && value !== "") return [header, value] as const;
    throw new Agent33Error(
      "alerts.missing_secret",
      `The header ${header} of alerts.receivers.${name} has no value: ${variable} is not set.`,
      { hint: `Set ${variable}, or take the header out.` },
    );
  });
  return Object.fromEntries(entries);
}

function connectorReceiver(name: string, receiver: Connected, parts: ReceiverParts): Receiver {
  const { connectors, host, boundary, principal } = parts;
  const fit = connectors().filter(({ kind }) => places[kind] !== undefined);
  const found = fit.find((one) => one.name === receiver.connector);
  const place = found === undefined ? undefined : places[found.kind];
  if (found === undefined || place === undefined) {
    const known = fit.map((one) => one.name);
    throw new Agent33Error(
      "alerts.unknown_connector",
      `alerts.receivers.${name} names the connector "${receiver.connector}", which is none that takes messages.`,
      {
        hint: `${suggestName(receiver.connector, known)} Messages go to ${Object.keys(places).join(", ")}.`,
        details: { connector: receiver.connector },
      },
    );
  }
  const latest = (): GovernedTool["spec"] => {
    const now = connectors().find((one) => one.name === receiver.connector) ?? found;
    // Told when it is used, like all that a connector without its key cannot do.
    if ("problem" in now) throw now.problem;
    const [send] = now.opened.tools;
    if (send === undefined) throw new TypeError(`The connector ${found.name} has no tool.`);
    return { ...send.spec, id: engineCalls.alertMessages };
  };
  const isMail = found.kind === "email";
  return async (message, facts) => {
    const { subject, text } = messageText(message, facts);
    const to = receiver.place;
    const input: JsonObject = {
      text: text.slice(0, place.most),
      ...(isMail ? { subject } : {}),
      ...(to === undefined ? {} : { [place.field]: isMail ? [to] : to }),
    };
    const outcome = await boundary()
      .connector(latest())
      .tryCall(input, { principal, totalMs, logicalCallId: `alert-${host.ids()}` });
    if (!outcome.ok) throw outcome.error;
  };
}
