import { type Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { Redactor } from "../base/redact.ts";
import { BoundaryError } from "../boundary/errors.ts";
import type { ConnectorSpec } from "../boundary/types.ts";
import type { Settings } from "../config/schema.ts";
import { environmentSecret } from "../config/secrets.ts";
import type { GovernedTool } from "../connectors/governed-tool.ts";
import type { OpenedConnector } from "../connectors/kind.ts";
import { openConnector } from "../connectors/kinds.ts";
import type { ConnectorSettings } from "../connectors/settings.ts";
import type { Host } from "./host.ts";

/** A connector that the settings name: what can be used of it, or why nothing can. */
export type ConfiguredConnector = {
  readonly name: string;
  readonly kind: ConnectorSettings["kind"];
} & ({ readonly opened: OpenedConnector } | { readonly problem: Agent33Error });

/** A connector as it was opened with the secrets of that time. */
interface Opening {
  readonly outcome: { readonly opened: OpenedConnector } | { readonly problem: Agent33Error };
  /** Whether one of its secrets has another value now, or none. */
  isStale(): boolean;
}

/**
 * Every connector of the settings. One that cannot work is told with its reason, and the others
 * work. Their secrets are known to the redactor from now on. A call is made with the secrets that hold
 * when it is made; one that could not work for its secret works once it has one.
 */
export function configuredConnectors(
  settings: Pick<Settings, "connectors">,
  host: Pick<Host, "env" | "clock">,
  redactor: Redactor,
): () => readonly ConfiguredConnector[] {
  const all = Object.entries(settings.connectors).map(([name, connector]) => {
    const { kind } = connector;
    let latest = opening(name, connector, host, redactor);
    const now = (): Opening["outcome"] => {
      if (latest.isStale()) latest = opening(name, connector, host, redactor);
      return latest.outcome;
    };
    return (): ConfiguredConnector => {
      const outcome = now();
      return "opened" in outcome
        ? { name, kind, opened: withLatest(outcome.opened, now) }
        : { name, kind, ...outcome };
    };
  });
  return () => all.map((one) => one());
}

function opening(
  name: string,
  connector: ConnectorSettings,
  host: Pick<Host, "env" | "clock">,
  redactor: Redactor,
): Opening {
  const used = new Map<string, string | undefined>();
  const isStale = () => [...used].some(([variable, value]) => host.env[variable] !== value);
  try {
    const opened = openConnector(connector.kind, connector, {
      name,
      secret: (variable, form) => {
        used.set(variable, host.env[variable]);
        const value = environmentSecret(host.env, variable, `connector "${name}"`, form);
        redactor.register(variable, value);
        return value;
      },
      now: () => host.clock.now(),
    });
    return { outcome: { opened }, isStale };
  } catch (error) {
    return { outcome: { problem: toAgent33Error(error) }, isStale };
  }
}

/** A connector whose work is done by the one that has the secrets of the moment. */
function withLatest(first: OpenedConnector, now: () => Opening["outcome"]): OpenedConnector {
  const latest = (): OpenedConnector => {
    const outcome = now();
    if ("opened" in outcome) return outcome.opened;
    const { message, hint } = outcome.problem;
    throw new BoundaryError("internal", message, {
      phase: "before_send",
      retryable: false,
      countsAgainstBreaker: false,
      cause: outcome.problem,
      ...(hint === undefined ? {} : { hint }),
    });
  };
  const following = <I, O, C>(
    spec: ConnectorSpec<I, O, C>,
    same: (opened: OpenedConnector) => ConnectorSpec<I, O, C> | undefined,
  ): ConnectorSpec<I, O, C> => ({
    ...spec,
    run: async (context) => {
      const opened = latest();
      // What a connector offers follows from its settings, which do not change.
      return (opened === first ? spec : (same(opened) ?? spec)).run(context);
    },
  });
  const tools = (
    given: readonly GovernedTool[],
    of: (opened: OpenedConnector) => readonly GovernedTool[] | undefined,
  ): readonly GovernedTool[] =>
    given.map((one, index) => ({
      ...one,
      spec: following(one.spec, (opened) => of(opened)?.[index]?.spec),
    }));
  return {
    ...first,
    tools: tools(first.tools, (opened) => opened.tools),
    ...(first.toolsIn === undefined
      ? {}
      : {
          toolsIn: (workspace) =>
            tools(first.toolsIn?.(workspace) ?? [], (opened) => opened.toolsIn?.(workspace)),
        }),
    check: following(first.check, (opened) => opened.check),
  };
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
