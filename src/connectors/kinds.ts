import { httpKind } from "./http/connector.ts";
import type { ConnectorKind, ConnectorParts, OpenedConnector } from "./kind.ts";
import { searchKind } from "./search/connector.ts";
import type { ConnectorSettings } from "./settings.ts";
import { webKind } from "./web/connector.ts";

type KindName = ConnectorSettings["kind"];
type SettingsOf<K extends KindName> = Extract<ConnectorSettings, { readonly kind: K }>;

/** Every kind of connector that the settings can name. */
export const connectorKinds: { readonly [K in KindName]: ConnectorKind<SettingsOf<K>> } = {
  http: httpKind,
  search: searchKind,
  web: webKind,
};

/** @throws Agent33Error for settings that cannot work, `config.missing_secret` */
export function openConnector<K extends KindName>(
  kind: K,
  settings: SettingsOf<K>,
  parts: ConnectorParts,
): OpenedConnector {
  return connectorKinds[kind].open(settings, parts);
}
