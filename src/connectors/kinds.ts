import { httpKind } from "./http/connector.ts";
import type { ConnectorKind, ConnectorParts, OpenedConnector } from "./kind.ts";
import { speechKind } from "./media/speech/connector.ts";
import { visionKind } from "./media/vision/connector.ts";
import { discordKind } from "./messaging/discord/connector.ts";
import { emailKind } from "./messaging/email/connector.ts";
import { slackKind } from "./messaging/slack/connector.ts";
import { telegramKind } from "./messaging/telegram/connector.ts";
import { webhookKind } from "./messaging/webhook/connector.ts";
import { searchKind } from "./search/connector.ts";
import type { ConnectorSettings } from "./settings.ts";
import { webKind } from "./web/connector.ts";

type KindName = ConnectorSettings["kind"];
type SettingsOf<K extends KindName> = Extract<ConnectorSettings, { readonly kind: K }>;

/** Every kind of connector that the settings can name. */
export const connectorKinds: { readonly [K in KindName]: ConnectorKind<SettingsOf<K>> } = {
  http: httpKind,
  slack: slackKind,
  discord: discordKind,
  telegram: telegramKind,
  email: emailKind,
  webhook: webhookKind,
  search: searchKind,
  web: webKind,
  speech: speechKind,
  vision: visionKind,
};

/** @throws Agent33Error for settings that cannot work, `config.missing_secret`, `config.unusable_secret` */
export function openConnector<K extends KindName>(
  kind: K,
  settings: SettingsOf<K>,
  parts: ConnectorParts,
): OpenedConnector {
  return connectorKinds[kind].open(settings, parts);
}
