/** For those who bring an engine for durable runs of their own: its contract, and what holds it to that. */
export {
  durableConformance,
  type DurableHarness,
  type EngineInstance,
} from "./durable/conformance.ts";
export type {
  Activity,
  ActivityContext,
  Commit,
  Durable,
  DurableState,
  DurableStatus,
  Mail,
  Opening,
  Settled,
  StartOptions,
  TakenRun,
  Workflow,
  WorkflowContext,
  WorkOptions,
} from "./durable/contract.ts";
