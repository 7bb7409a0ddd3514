import { type Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { Redactor } from "../base/redact.ts";
import type { Settings } from "../config/schema.ts";
import { environmentSecret } from "../config/secrets.ts";
import type { OpenedConnector } from "../connectors/kind.ts";
import { openConnector } from "../connectors/kinds.ts";
import type { ConnectorSettings } from "../connectors/settings.ts";
import type { Host } from "./host.ts";

/** A connector that the settings name: what can be used of it, or why nothing can. */
export type ConfiguredConnector = {
  readonly name: string;
  readonly kind: ConnectorSettings["kind"];
} & ({ readonly opened: OpenedConnector } | { readonly problem: Agent33Error });

/**
 * Every connector of the settings. One that cannot work is told with its reason, and the others
 * work. Their secrets are known to the redactor from now on.
 */
export function configuredConnectors(
  settings: Pick<Settings, "connectors">,
  host: Pick<Host, "env" | "clock">,
  redactor: Redactor,
): readonly ConfiguredConnector[] {
  return Object.entries(settings.connectors).map(([name, connector]) => {
    const { kind } = connector;
    try {
      const opened = openConnector(kind, connector, {
        name,
        secret: (variable, form) => {
          const value = environmentSecret(host.env, variable, `connector "${name}"`, form);
          redactor.register(variable, value);
          return value;
        },
        now: () => host.clock.now(),
      });
      return { name, kind, opened };
    } catch (error) {
      return { name, kind, problem: toAgent33Error(error) };
    }
  });
}

/** What a person should know of connectors that a run does without. */
export function connectorNotices(connectors: readonly ConfiguredConnector[]): readonly string[] {
  return connectors.flatMap((connector) =>
    "problem" in connector
      ? [
          `Connector ${connector.name} is left out: ${connector.problem.message} ${connector.problem.hint ?? ""}`.trim(),
        ]
      : [],
  );
}
