/** The library's public face: an engine, its settings, and what a caller meets on the way. */
export { Agent33Error, type ErrorData, isAgent33Error } from "./base/errors.ts";
export { type Config, type ConfigSources, loadConfig } from "./config/config.ts";
export {
  type Boundary,
  BoundaryError,
  type CallContext,
  type CallFacts,
  type CallOptions,
  type CallOutcome,
  type CallRecord,
  type CallStream,
  type Connector,
  type ConnectorSpec,
  createEngine,
  type EgressGrant,
  type EgressGrantRequest,
  type EgressScope,
  type Engine,
  type Explanation,
  grantEgress,
  installEgressGuard,
  isBoundaryError,
  openEngine,
  thisHost,
} from "./engine.ts";
export type { RunRequest } from "./engine/create-run.ts";
export type { JobOutcome, JobRunRequest, Jobs } from "./engine/jobs.ts";
export type { Host } from "./engine/host.ts";
export type { RunEnd, Runs } from "./engine/runs.ts";
export type { LiveEvent, RunEvent, RunOutcome, StopReason, StoredEvent } from "./events/event.ts";
