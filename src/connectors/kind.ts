import type { z } from "zod";
import type { ConnectorSpec } from "../boundary/types.ts";
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
   * @throws Agent33Error `config.missing_secret`
   */
  secret(variable: string): string;
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
   * A harmless call (an operation of its own, `check`) that shows whether the other side answers
   * and takes our credentials; gives a few words about what it found.
   */
  readonly check: ConnectorSpec<undefined, string>;
}

/** One kind of outside system that settings can name. Each folder here has one or more. */
export interface ConnectorKind<Settings extends KindSettings> {
  readonly kind: Settings["kind"];
  /** One line for a person who chooses. */
  readonly summary: string;
  /** A strict object; each field's `describe` is what a person is asked for. */
  readonly settings: z.ZodType<Settings>;
  /** @throws Agent33Error for settings that cannot work, `config.missing_secret` */
  open(settings: Settings, parts: ConnectorParts): OpenedConnector;
}
