import type { z } from "zod";
import type { CallFacts, ConnectorSpec } from "../boundary/types.ts";
import type { GovernedTool } from "./governed-tool.ts";
import type { Workspace } from "./workspace/files.ts";

/** What every connector's settings have. */
export interface KindSettings {
  readonly kind: string;
}

/** What a connector is opened with besides its settings. */
export interface ConnectorParts {
  /** The name that the settings give it; the second half of its id. */
  readonly name: string;
  /**
   * The secret in an environment variable. Settings hold names of variables only.
   * @param form default `token`: printable ASCII, for headers and addresses
   * @throws Agent33Error `config.missing_secret`, `config.unusable_secret`
   */
  secret(variable: string, form?: "token" | "password"): string;
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** A connector as the settings describe it, ready to be governed. Nothing of it is running. */
export interface OpenedConnector {
  /** `<surface>:<name>`, by which policy, breakers and the audit know it. */
  readonly id: string;
  /** What an agent can do with it. */
  readonly tools: readonly GovernedTool[];
  /** What an agent can do with it and the files of its workspace, where it has one. */
  toolsIn?(workspace: Workspace): readonly GovernedTool[];
  /**
   * One call of each kind that its tools make, as policy sees them before anything is known of
   * their arguments.
   */
  readonly calls: readonly CallFacts[];
  /**
   * A harmless call (an operation of its own, `check`) that shows whether the other side answers
   * and takes our credentials; gives a few words about what it found.
   */
  readonly check: ConnectorSpec<undefined, string>;
}

/** One kind of outside system that settings can name. Each folder here has one or more. */
export interface ConnectorKind<Settings extends KindSettings> {
  readonly kind: Settings["kind"];
  /** The first half of the ids of its connectors, which rules of policy match on. */
  readonly surface: string;
  /** One line for a person who chooses. */
  readonly summary: string;
  /** A strict object; each field's `describe` is what a person is asked for. */
  readonly settings: z.ZodType<Settings>;
  /** @throws Agent33Error for settings that cannot work, `config.missing_secret`, `config.unusable_secret` */
  open(settings: Settings, parts: ConnectorParts): OpenedConnector;
}
