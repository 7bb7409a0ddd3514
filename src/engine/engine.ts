import type { Metrics } from "./metrics.ts";
import type { Policies } from "./policies.ts";
import type { Jobs } from "./jobs.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { TrialAgent } from "../evaluation/attempts/attempt.ts";
import type { Processes } from "../sandbox/process.ts";
import type { Alerts } from "./alerts.ts";
import type { Audit } from "./audit.ts";
import type { BudgetNews } from "./budget-news.ts";
import type { ElicitationAnswer } from "./elicitation.ts";
import type { Inventory } from "./inventory.ts";
import type { Learning } from "./learning.ts";
import type { Lineage } from "./lineage.ts";
import type { McpAdmin } from "./mcp-admin.ts";
import type { Models } from "./models.ts";
import type { RememberedRule, RememberRequest } from "./remember.ts";
import type { Retention } from "./retention.ts";
import type { RouteExplanation, RouteRequest } from "./explain-route.ts";
import type { Runs } from "./runs.ts";
import type { SkillMatching } from "./skill-matching.ts";
import type { TelemetryExports } from "./telemetry.ts";
import type { EngineStore } from "./tenant-store.ts";

/** The engine: everything wired, nothing running yet. */
export interface Engine {
  readonly runs: Runs;
  /**
   * An agent for trials, made of a definition: a file, a name or `name@version`; the settings' where
   * nobody names one. @throws Agent33Error `agents.*`
   */
  readonly trialAgent: (reference: string | undefined) => TrialAgent;
  /** The rows of the settings' tenant. */
  readonly store: EngineStore;
  readonly learning: Learning;
  /** The record of every call, of the settings' tenant. */
  readonly audit: Audit;
  /**
   * What led to a call or a run, and what came of it. @param prefix the id, or its beginning
   * @throws Agent33Error `store.*`, `events.malformed`
   */
  readonly lineage: {
    ofCall(prefix: string): Promise<Lineage>;
    ofRun(prefix: string): Promise<Lineage>;
  };
  readonly boundary: Boundary;
  /** What a run could go out through. */
  readonly inventory: Inventory;
  readonly models: Models;
  /** What an operator watches, of all tenants. */
  readonly metrics: Metrics;
  /** What fires of the installation's alerts; looked at only once somebody starts that. */
  readonly alerts: Alerts;
  /** What is handed over to others as it happens. */
  readonly telemetry: Pick<TelemetryExports, "look">;
  /** Removes what is older than the settings say. */
  readonly retention: Retention;
  readonly skills: SkillMatching;
  readonly processes: Processes;
  /** Trials of agents on tasks. */
  readonly jobs: Jobs;
  /** The MCP servers of the settings. */
  readonly mcp: McpAdmin;
  /**
   * What tier, model and limits a run would be given now, and what it would be expected to use.
   * Nothing is made, asked or paid. @throws Agent33Error `agents.*`, `engine.invalid_inputs`
   */
  readonly explainRoute: (request: RouteRequest) => Promise<RouteExplanation>;
  /** Has the policies read again at once, in place of when they are next looked at. */
  readonly reloadPolicy: Policies["reload"];
  /**
   * Makes a rule of a question, so that such calls are not asked about again. It is written to a
   * pack file for people to review, and holds where the settings select that pack.
   * @throws Agent33Error `policy.*`, `engine.cannot_remember`
   */
  rememberApproval(prefix: string, request: RememberRequest): RememberedRule;
  /**
   * Answers a question and tells the run that waits for it.
   * @param by default: the settings' user
   * @param note why; kept with the approval and in the audit, at most 2 000 characters
   * @throws Agent33Error `engine.invalid_answer`, `store.*`
   */
  decideApproval(
    prefix: string,
    decision: "approved" | "denied",
    by?: string,
    note?: string,
  ): Promise<{ readonly id: string; readonly runId: string | null }>;
  /**
   * Answers what an MCP server asked, and tells the run that waits for it.
   * @param by default: the settings' user
   * @throws Agent33Error `engine.invalid_answer`, `engine.not_a_question`, `store.*`
   */
  answerQuestion(
    prefix: string,
    answer: ElicitationAnswer,
    by?: string,
  ): Promise<{ readonly id: string; readonly runId: string | null }>;
  /** Tells of each share of a budget that is reached here. Returns what ends it. */
  readonly onBudget: BudgetNews["listen"];
  /** A text without the secrets that are known here, for what leaves by another way than the log. */
  readonly conceal: (text: string) => string;
  /** From now on a secret is kept out of all that is written here. */
  readonly keepsOut: (name: string, value: string) => void;
  readonly dataDir: string;
  /**
   * Ends children, connections and the store. The engine cannot be used afterwards.
   * @throws the first failure, once everything has been closed that can be
   */
  close(): Promise<void>;
}
