// Made from the routes in src/http/routes/. To change this file, change them and run:
// node docs/reference/generate-client.ts

import type { Call, Follow, NoInput, Result } from "./call.ts";

export type AgentCheck = {
  readonly ok: boolean;
  readonly digest: string | null;
  /** with what it leaves out */
  readonly definition: { readonly [name: string]: JsonValue } | null;
  readonly problems: readonly ErrorData[];
};

export type AgentDefinition = { readonly [name: string]: JsonValue };

export type AgentVersion = {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** whether the name alone means this one */
  readonly isNewest: boolean;
  /** a run that used another definition under this name and version */
  readonly changedSince: string | null;
  /** as docs/reference/agent.schema.json */
  readonly definition: { readonly [name: string]: JsonValue };
};

export type Alert = {
  readonly id: string;
  readonly rule: string;
  readonly state: "pending" | "firing" | "resolved";
  readonly severity: "page" | "ticket" | "info";
  readonly owner: string;
  readonly summary: string;
  /** whom it is about; null is the installation */
  readonly tenant: string | null;
  readonly labels: { readonly [name: string]: string };
  readonly value: number;
  /** the value with its unit */
  readonly valueText: string;
  /** how often it fired */
  readonly times: number;
  readonly beganAt: number;
  readonly firedAt: number | null;
  readonly resolvedAt: number | null;
  readonly updatedAt: number;
  readonly acknowledged: {
      readonly by: string;
      readonly at: number;
      readonly note: string;
    } | null;
};

export type AlertHistoryEntry = {
  readonly id: string;
  readonly alertId: string;
  readonly rule: string;
  readonly tenant: string | null;
  readonly at: number;
  /** fired, resolved, acknowledged, told, silenced and their like */
  readonly kind: string;
  readonly by: string | null;
  readonly note: string;
};

export type AlertRule = {
  readonly name: string;
  readonly severity: "page" | "ticket" | "info";
  readonly owner: string;
  /** for those who run the installation */
  readonly receivers: readonly string[];
  readonly summary: string;
  readonly forSeconds: number;
  readonly thresholds: { readonly [name: string]: number };
  readonly runbook: string;
};

export type AlertSilence = {
  readonly id: string;
  /** where only what is about this tenant is silenced */
  readonly tenant: string | null;
  readonly matchers: { readonly [name: string]: string };
  readonly reason: string;
  readonly by: string;
  readonly createdAt: number;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly endedBy: string | null;
};

export type ApiKey = {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly user: string;
  readonly scopes: readonly string[];
  readonly state: "active" | "expired" | "revoked";
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
  /** until when the secret before the last one holds */
  readonly formerUntil: number | null;
};

export type Approval = {
  readonly id: string;
  readonly runId: string | null;
  /** the call, with all that it would send */
  readonly summary: string;
  /** the rule of the policy that asks */
  readonly ruleId: string;
  readonly state: "pending" | "approved" | "denied" | "consumed" | "expired";
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
  /** why, in the words of whoever decided */
  readonly note: string | null;
  readonly consumedAt: number | null;
};

export type AuditCheck = {
  readonly tenant: string;
  readonly ok: boolean;
  readonly links: number;
  readonly records: number;
  /** of the last moments, not linked yet */
  readonly pending: number;
  readonly checkpoints: number;
  /** the place up to which retention removed it; 0 for nothing */
  readonly removedUpTo: number;
  readonly end: {
      readonly position: number;
      readonly hash: string;
    } | null;
  readonly found: number;
  readonly findings: readonly ({
    readonly kind: "changed" | "removed" | "inserted" | "reordered" | "truncated" | "forged";
    readonly about: "record" | "link" | "checkpoint" | "head" | "anchor" | "line";
    readonly position?: number;
    readonly callId?: string;
    readonly message: string;
  })[];
  readonly keyId: string | null;
  /** PEM, to be kept elsewhere */
  readonly publicKey: string | null;
};

export type AuditEntry = {
  readonly callId: string;
  readonly runId: string | null;
  readonly at: number;
  /** `open`: how it ended is not known (yet) */
  readonly state: "open" | "closed";
  readonly connector: string;
  readonly operation: string;
  readonly decision: string;
  readonly ruleId: string;
  readonly outcome: string;
  readonly record: { readonly [name: string]: JsonValue };
};

export type AuditLine = { readonly [name: string]: unknown };

export type Backup = {
  readonly id: string;
  readonly at: number;
  /** `manual`, `scheduled`, before an `upgrade` or `migrate` */
  readonly kind: string | null;
  /** the AGENT-33 that made it */
  readonly engine: string | null;
  readonly schemaVersion: number | null;
  /** number of the last change that is in it */
  readonly change: number | null;
  readonly bytes: number | null;
  readonly rows: number | null;
  /** why its manifest cannot be used; null where it can */
  readonly error: ErrorData | null;
};

export type Breaker = {
  readonly key: string;
  readonly state: "closed" | "open" | "half_open";
  readonly attempts: number;
  readonly failures: number;
  readonly slow: number;
  readonly cooldownLeftMs: number;
  readonly timesOpened: number;
  readonly forced: {
      readonly state: "open" | "closed";
      readonly until: number | null;
      readonly by: string;
      readonly reason: string;
    } | null;
};

export type Budget = {
  readonly name: string;
  readonly per: "tenant" | "user" | "agent" | "call";
  /** null: it bounds each call by itself */
  readonly period: "hour" | "day" | "week" | "month" | "forever" | null;
  readonly limits: BudgetAmounts;
  /** of the own tenant, the fullest first */
  readonly uses: readonly BudgetUse[];
};

export type BudgetAmounts = {
  readonly costMicroUsd?: number;
  readonly tokens?: number;
  readonly calls?: number;
  /** that calls take */
  readonly milliseconds?: number;
};

export type BudgetUse = {
  readonly id: string;
  /** its name in the settings */
  readonly budget: string;
  readonly per: "tenant" | "user" | "agent" | null;
  /** whose calls are counted */
  readonly who: string;
  /** 2026-11-22, 2026-11, week of 2026-11-16, forever; in UTC */
  readonly period: string;
  /** whether the period goes on */
  readonly isCurrent: boolean;
  /** when it was first used */
  readonly since: number;
  /** what is not named is not limited */
  readonly limits: BudgetAmounts;
  /** used and set aside, over all processes; only what is limited is counted */
  readonly used: {
    readonly costMicroUsd: number;
    readonly tokens: number;
    readonly calls: number;
    readonly milliseconds: number;
  };
  /** shares of limits that were reached, each told once */
  readonly reached: readonly ({
    readonly limit: "costMicroUsd" | "tokens" | "calls" | "milliseconds";
    readonly percent: number;
    readonly at: number;
  })[];
};

export type Checklist = {
  readonly id: string;
  readonly period: "per_release" | "monthly" | "quarterly";
  readonly reference: string;
  readonly state: "open" | "complete";
  readonly items: readonly ({
    readonly id: string;
    readonly text: string;
    readonly completedAt: number | null;
    readonly completedBy: string | null;
    readonly notes: string;
  })[];
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type ChecklistEvaluation = {
  readonly complete: boolean;
  /** ids of the items that are open */
  readonly incomplete: readonly string[];
};

export type Connector = {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  /** why it cannot be used */
  readonly problem: ErrorData | null;
  readonly policy: readonly ({
    readonly effect: "read" | "write" | "destructive" | "unknown";
    readonly decision: "allow" | "ask" | "deny";
    readonly rule: string;
    readonly call: string;
  })[];
  readonly breaker: "closed" | "open" | "half_open";
  readonly lastError: {
      readonly callId: string;
      readonly at: number;
      readonly operation: string;
      readonly code: string;
      readonly message: string;
    } | null;
  /** null of what is no program */
  readonly confined: boolean | null;
  readonly note: string | null;
};

export type ConnectorChecks = {
  /** whether none of them failed */
  readonly ok: boolean;
  readonly items: readonly ({
    readonly id: string;
    readonly name: string;
    readonly state: "ok" | "failed" | "not checked";
    readonly detail: string;
    readonly error: ErrorData | null;
  })[];
};

export type CtrfReport = {
  readonly results: { readonly [name: string]: unknown };
  readonly [name: string]: unknown;
};

export type DoctorFinding = {
  readonly what: string;
  readonly state: "ok" | "warn" | "fail";
  readonly detail: string;
  readonly fix?: string;
};

export type Elicitation = {
  readonly kind: "elicitation";
  readonly server: string;
  readonly what: string;
  readonly message: string;
  /** JSON Schema of the answer */
  readonly form?: { readonly [name: string]: JsonValue };
  readonly url?: string;
};

export type ErrorData = {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly retryable: boolean;
};

export type EvaluationImport = {
  /** what the text turned out to be */
  readonly kind: "ctrf" | "junit" | "atif";
  readonly notices: readonly string[];
  /** CTRF or ATIF that holds to its schema */
  readonly document: JsonValue;
};

export type EvaluationJob = {
  readonly name: string;
  readonly id: string;
  readonly createdAt: number;
  /** `running`: this server works on it; `open`: trials are left, and it may be resumed */
  readonly state: "running" | "done" | "open";
  readonly environment: "bwrap" | "docker" | "host";
  readonly agents: readonly string[];
  readonly models: readonly string[];
  readonly efforts: readonly ("low" | "medium" | "high")[];
  readonly skills: readonly ("none" | "own" | "matched" | "library")[];
  readonly repetitions: number;
  readonly tasks: number;
  readonly trials: number;
  /** trials that have their result */
  readonly done: number;
  readonly passed: number;
  /** trials without a verdict */
  readonly errors: number;
  /** trials at work or cut short */
  readonly begun: number;
  /** tasks that are in no score */
  readonly excluded: readonly {
    readonly task: string;
    readonly reason: string;
  }[];
  /** why this server could not go on with it */
  readonly error: ErrorData | null;
};

export type EvaluationReport = {
  readonly format: string;
  readonly title: string;
  readonly suites: readonly { readonly [name: string]: unknown }[];
  readonly [name: string]: unknown;
};

export type EvaluationTask = {
  /** the name of its folder in the settings */
  readonly set: string;
  readonly name: string;
  readonly digest: string;
  readonly steps: number;
  readonly hasSolution: boolean;
  readonly hasSkills: boolean;
  readonly agentTimeoutMs: number | null;
  readonly verifierTimeoutMs: number;
  readonly cpus: number | null;
  readonly memoryMb: number | null;
  readonly storageMb: number | null;
  readonly network: string;
  readonly notices: readonly string[];
};

export type EvaluationTrial = {
  readonly name: string;
  readonly task: string;
  readonly agent: string;
  readonly model: string | null;
  readonly effort: string | null;
  readonly skills: string;
  readonly repetition: number;
  readonly state: "open" | "begun" | "done";
  readonly result: {
      readonly reward: number | null;
      /** null without a verdict */
      readonly passed: boolean | null;
      readonly rewards: { readonly [name: string]: number };
      /** what ended the agent early */
      readonly agentError: ErrorData | null;
      /** what kept it from a verdict */
      readonly error: ErrorData | null;
      readonly retries: number;
      readonly costMicroUsd: number | null;
      readonly tokens: {
          readonly input: number;
          readonly cachedInput: number;
          readonly output: number;
        } | null;
      readonly startedAt: number | null;
      readonly finishedAt: number | null;
      readonly runId: string | null;
    } | null;
};

export type ForcedBreaker = {
  readonly key: string;
  readonly state: "open" | "closed";
  readonly until: number | null;
  /** false where no such breaker has opened: see how it is spelt */
  readonly known: boolean;
};

export type FoundTools = {
  readonly items: readonly ({
    readonly name: string;
    readonly description: string;
    readonly effect: string;
    readonly repeat: string;
    /** how it stands to what was pinned */
    readonly state: string;
    /** what of its description looks as if it gave a model orders */
    readonly injection: {
        readonly level: "suspected" | "likely";
        readonly rules: readonly string[];
      } | null;
    readonly server: string;
    readonly score: number;
  })[];
  readonly searched: number;
  readonly failed: readonly {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly retryable: boolean;
    readonly name: string;
  }[];
};

export type GateBaseline = {
  readonly format: "agent33-baseline/1";
  readonly id: string;
  readonly branch: string;
  readonly savedAt: number;
  readonly commit: string | null;
  readonly job: {
    readonly id: string;
    readonly name: string;
  };
  readonly arms: readonly ({
    readonly name: string;
    readonly key: string;
    readonly tasks: readonly ({
      readonly task: string;
      readonly digest: string | null;
      readonly trials: number;
      readonly passes: number;
      readonly errors: number;
      readonly durationsMs: readonly number[] | null;
      readonly costsMicroUsd: readonly number[] | null;
    })[];
  })[];
};

export type GateBaselineSummary = {
  readonly id: string;
  readonly branch: string;
  readonly savedAt: number;
  readonly commit: string | null;
  readonly job: {
    readonly id: string;
    readonly name: string;
  };
  readonly conditions: readonly string[];
};

export type GateVerdict = {
  readonly format: "agent33-gate/2";
  readonly gate: string;
  readonly outcome: "passed" | "warned" | "failed";
  readonly judgedAt: number;
  readonly checkout: {
      readonly file: string;
      readonly commit: string;
      readonly tree: string;
      readonly dirty: readonly string[];
    } | null;
  readonly whyNoCheckout?: string;
  readonly job: {
    readonly id: string;
    readonly name: string;
    readonly madeHere: boolean;
  };
  readonly level: number;
  readonly impact?: {
    readonly base: string;
    readonly mergeBase: string;
    readonly changed: number;
    readonly widened: readonly string[];
    readonly groups: readonly string[];
    readonly thresholds: readonly string[];
  };
  readonly tasks: readonly ({
    readonly task: string;
    readonly tags: readonly ("smoke" | "critical" | "release" | "regression")[];
    readonly owner: string;
    readonly condition: string | null;
    readonly status: "passed" | "failed" | "skipped" | "missing" | "incomplete" | "not_impacted";
    readonly trials: number;
    readonly passes: number;
    readonly message: string;
  })[];
  readonly checks: readonly ({
    readonly kind: "job" | "task" | "threshold" | "regression" | "group" | "surface" | "continuity";
    readonly name: string;
    readonly condition: string | null;
    readonly outcome: "met" | "missed" | "unknown";
    readonly action: "warn" | "block";
    readonly message: string;
    readonly metric?: "success_rate" | "duration_ms" | "cost_micro_usd" | "rework" | "scope";
    readonly observed?: {
      readonly estimate: number | null;
      readonly low: number | null;
      readonly high: number | null;
    };
  })[];
  /** whether its digest is that of its content; a signature is not looked at */
  readonly intact: boolean;
  /** that it was sealed with: of the file, with its places */
  readonly digest: string;
  readonly signed: boolean;
};

export type GateVerdictSummary = {
  readonly job: string;
  readonly gate: string;
  readonly outcome: "passed" | "warned" | "failed";
  /** whether its digest is that of its content; a signature is not looked at */
  readonly intact: boolean;
  /** that was checked out; null where none was */
  readonly commit: string | null;
  readonly judgedAt: number;
  readonly tasks: number;
  /** golden tasks that did not pass */
  readonly notPassed: readonly string[];
  /** checks that are missed or unknown */
  readonly unmet: number;
};

export type Handoff = { readonly [name: string]: unknown };

export type Intake = {
  readonly id: string;
  readonly submittedBy: string;
  readonly submittedAt: number;
  readonly automatic: boolean;
  readonly classification: {
    readonly researchType: "external" | "internal" | "competitive" | "user" | "technical";
    readonly category: string;
    readonly urgency: "low" | "medium" | "high";
  };
  readonly content: {
    readonly title: string;
    readonly summary: string;
    readonly source: string;
    readonly sourceDate?: string;
  };
  readonly relevance: {
    readonly impactAreas: readonly string[];
    readonly affectedPhases: readonly string[];
    readonly affectedAgents: readonly string[];
    readonly priority: number;
  };
  /** any JSON object */
  readonly analysis: { readonly [name: string]: JsonValue };
  readonly disposition: {
    readonly state: "submitted" | "triaged" | "analyzing" | "accepted" | "deferred" | "rejected" | "tracked";
    readonly decidedAt: number | null;
    readonly decidedBy: string | null;
    readonly rationale: string;
    readonly actionItems: readonly string[];
  };
  readonly tracking: {
    readonly backlogRefs: readonly string[];
    readonly roadmapImpact: string;
    readonly implementationTarget: string;
  };
  readonly quality: {
      readonly score: number;
      readonly label: "low" | "medium" | "high";
    } | null;
  readonly updatedAt: number;
  readonly history: readonly ({
    readonly from: "submitted" | "triaged" | "analyzing" | "accepted" | "deferred" | "rejected" | "tracked";
    readonly to: "submitted" | "triaged" | "analyzing" | "accepted" | "deferred" | "rejected" | "tracked";
    readonly by: string;
    readonly at: number;
    readonly rationale: string;
  })[];
  /** what it is about */
  readonly signalIds: readonly string[];
};

export type InvokeResult = {
  readonly run: string;
  /** how the run ended; `parked` waits for a person, null goes on */
  readonly outcome: string | null;
  /** what the agent answered; null where there is no answer */
  readonly output: JsonValue;
  readonly effort: { readonly [name: string]: JsonValue } | null;
  readonly totals: { readonly [name: string]: JsonValue } | null;
  readonly attempts: JsonValue;
};

export type JsonValue = CancelStoreOperationAnswer0;

export type LearningOverview = {
  readonly signals: {
    readonly signals: number;
    /** that became intakes */
    readonly withIntake: number;
    readonly byType: { readonly [name: string]: {
      readonly signals: number;
      /** that became intakes */
      readonly withIntake: number;
    } };
    readonly bySeverity: { readonly [name: string]: {
      readonly signals: number;
      /** that became intakes */
      readonly withIntake: number;
    } };
    /** signals with a score from 0 to below 0.1, and so on */
    readonly quality: readonly number[];
  };
  readonly intakes: {
    readonly byState: { readonly [name: string]: number };
    /** made of signals by the rules */
    readonly automatic: number;
  };
  readonly lessons: {
    readonly byState: { readonly [name: string]: number };
    readonly actions: { readonly [name: string]: number };
  };
  readonly checklists: { readonly [name: string]: {
    readonly open: number;
    readonly complete: number;
  } };
  readonly refreshes: {
    readonly byScope: { readonly [name: string]: number };
    readonly complete: number;
    /** when the newest was planned */
    readonly newestAt: number | null;
  };
};

export type Lesson = {
  readonly id: string;
  readonly eventType: "success" | "failure" | "observation";
  readonly title: string;
  readonly what: string;
  readonly insight: string;
  readonly recommendation: string;
  readonly recordedAt: number;
  readonly recordedBy: string;
  readonly actions: readonly ({
    readonly description: string;
    readonly state: "pending" | "in_progress" | "completed" | "wont_fix";
    readonly owner: string | null;
    readonly targetDate: string | null;
  })[];
  readonly intakeIds: readonly string[];
  readonly signalIds: readonly string[];
  readonly state: "open" | "implemented";
  readonly verifiedAt: number | null;
  readonly verifiedBy: string | null;
  readonly evidence: string | null;
  readonly updatedAt: number;
};

export type Lineage = {
  /** null where it is a run's */
  readonly call: {
      readonly id: string;
      readonly at: number;
      readonly connector: string;
      readonly operation: string;
      readonly outcome: string;
      /** which step of its run it is, in words */
      readonly place: string | null;
    } | null;
  readonly run: string | null;
  /** the nearest first */
  readonly ledTo: readonly ({
    readonly kind: "request" | "answer" | "message" | "result" | "skill" | "agent" | "server" | "rule" | "question" | "approval" | "person" | "run" | "attempt" | "replayed_run" | "trial" | "call" | "turn" | "tools" | "plan" | "fallback" | "check" | "file" | "signal" | "intake" | "lesson" | "end";
    /** which one, in a few words; nothing of what was said */
    readonly what: string;
    /** `recorded`: an id or a place says so; `order`: it came before or after, and whether it mattered nobody can know; `arguments`: the call's arguments name it */
    readonly basis: "recorded" | "order" | "arguments";
    readonly at: number | null;
    /** the run whose log has it */
    readonly run: string | null;
    /** its place in that log */
    readonly seq: number | null;
    /** the call that it is, in the audit */
    readonly call: string | null;
    /** of an approval, signal, intake, lesson, rule or other run */
    readonly id: string | null;
  })[];
  /** in the order of the log, then what was learned */
  readonly caused: readonly ({
    readonly kind: "request" | "answer" | "message" | "result" | "skill" | "agent" | "server" | "rule" | "question" | "approval" | "person" | "run" | "attempt" | "replayed_run" | "trial" | "call" | "turn" | "tools" | "plan" | "fallback" | "check" | "file" | "signal" | "intake" | "lesson" | "end";
    /** which one, in a few words; nothing of what was said */
    readonly what: string;
    /** `recorded`: an id or a place says so; `order`: it came before or after, and whether it mattered nobody can know; `arguments`: the call's arguments name it */
    readonly basis: "recorded" | "order" | "arguments";
    readonly at: number | null;
    /** the run whose log has it */
    readonly run: string | null;
    /** its place in that log */
    readonly seq: number | null;
    /** the call that it is, in the audit */
    readonly call: string | null;
    /** of an approval, signal, intake, lesson, rule or other run */
    readonly id: string | null;
  })[];
  readonly unknown: readonly string[];
};

export type MadeApiKey = {
  readonly key: ApiKey;
  /** shown this once */
  readonly secret: string;
};

export type McpInspection = {
  readonly items: readonly {
    readonly name: string;
    readonly protocolVersion: string;
    readonly tools: readonly McpTool[];
    /** pinned, and not there any more */
    readonly gone: readonly string[];
    readonly notices: readonly string[];
  }[];
  readonly failed: readonly {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly retryable: boolean;
    readonly name: string;
  }[];
};

export type McpServer = {
  readonly name: string;
  readonly breaker: "closed" | "open" | "half_open";
  /** null where it is no program */
  readonly confined: boolean | null;
  readonly problem: ErrorData | null;
};

export type McpTool = {
  readonly name: string;
  readonly description: string;
  readonly effect: string;
  readonly repeat: string;
  /** how it stands to what was pinned */
  readonly state: string;
  /** what of its description looks as if it gave a model orders */
  readonly injection: {
      readonly level: "suspected" | "likely";
      readonly rules: readonly string[];
    } | null;
};

export type MetricDefinition = {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  /** which way is better */
  readonly polarity: "higher" | "lower";
  readonly target: number | null;
};

export type MetricSnapshot = {
  readonly id: string;
  readonly period: string;
  readonly takenAt: number;
  readonly metrics: readonly ({
    readonly id: string;
    readonly value: number;
    readonly name: string;
    readonly unit: string;
    readonly polarity: "higher" | "lower";
    readonly target: number | null;
    readonly baseline: number | null;
  })[];
};

export type MetricTrend = {
  readonly metric: MetricDefinition;
  readonly periods: number;
  /** oldest first */
  readonly values: readonly number[];
  readonly direction: "improving" | "declining" | "stable" | "insufficient";
  readonly firstMean: number | null;
  readonly secondMean: number | null;
  /** as a share of the first mean */
  readonly change: number | null;
};

export type Model = {
  readonly name: string;
  /** where the settings name it */
  readonly namedIn: readonly string[];
  readonly baseUrl: string | null;
  /** the variable that its key is read from; never the key */
  readonly key: {
      readonly variable: string;
      readonly isSet: boolean;
    } | null;
  readonly contextTokens: number | null;
  /** in micro-USD a million tokens; null is unpriced, never free */
  readonly price: {
      readonly inputMicroUsd: number;
      readonly outputMicroUsd: number;
      readonly source: string;
    } | null;
  readonly fallbacks: readonly string[];
  readonly problem: ErrorData | null;
};

export type ModelChecks = {
  /** whether none of them failed */
  readonly ok: boolean;
  readonly items: readonly ({
    readonly baseUrl: string | null;
    readonly name: string;
    readonly state: "ok" | "failed" | "not checked";
    readonly detail: string;
    readonly error: ErrorData | null;
  })[];
};

export type Operation = {
  readonly id: string;
  readonly kind: string;
  readonly by: {
    readonly user: string;
    readonly key: string;
  };
  readonly state: "running" | "done" | "failed" | "cancelled";
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly progress: {
      readonly phase: string;
      readonly done: number;
      readonly total?: number;
    } | null;
  /** what came of it; null until it is done */
  readonly result: JsonValue;
  readonly error: ErrorData | null;
};

export type OtlpTrace = {
  readonly resourceSpans: readonly { readonly [name: string]: unknown }[];
  readonly [name: string]: unknown;
};

export type Pack = {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly extends: readonly string[];
  readonly default: "allow" | "ask" | "deny";
  readonly mode?: "enforce" | "shadow" | "dry-run";
  /** whether calls of this tenant are decided by it now */
  readonly selected: boolean;
  readonly rules: readonly ({
    readonly id: string;
    readonly effect: "allow" | "ask" | "deny";
    readonly match: { readonly [name: string]: unknown };
    readonly when?: string;
    readonly limit?: {
      readonly max: number;
      readonly per: string;
      readonly windowMs?: number;
      readonly sum?: string;
    };
    readonly before?: { readonly [name: string]: unknown };
    readonly answers?: readonly string[];
    readonly mode?: "enforce" | "shadow" | "dry-run";
    readonly reason: string;
    readonly ttlMs?: number;
    readonly line?: number;
  })[];
};

export type PackList = {
  /** digest of the policy in force */
  readonly version: string;
  readonly items: readonly ({
    readonly name: string;
    readonly version: number;
    readonly description: string;
    readonly extends: readonly string[];
    readonly default: "allow" | "ask" | "deny";
    readonly mode?: "enforce" | "shadow" | "dry-run";
    /** whether calls of this tenant are decided by it now */
    readonly selected: boolean;
    readonly rules: number;
  })[];
};

export type PackPlace = {
    readonly file: string;
    readonly line: number;
    readonly column: number;
  } | null;

export type PolicyChanges = {
  readonly added: readonly SaidRule[];
  readonly removed: readonly SaidRule[];
  readonly changed: readonly {
    readonly before: SaidRule;
    readonly after: SaidRule;
  }[];
  /** what holds where no rule matches, where that changed */
  readonly default?: {
    readonly before: "allow" | "ask" | "deny";
    readonly after: "allow" | "ask" | "deny";
  };
};

export type PolicyExplanation = {
  readonly decision: {
    readonly effect: "allow" | "ask" | "deny";
    readonly ruleId: string;
    readonly policyVersion: string;
    readonly [name: string]: unknown;
  };
  readonly rules: readonly ({
    readonly ruleId: string;
    readonly effect: "allow" | "ask" | "deny";
    readonly matched: boolean;
    readonly [name: string]: unknown;
  })[];
  readonly call?: { readonly [name: string]: unknown };
  readonly runId?: string;
  readonly [name: string]: unknown;
};

export type PolicyImport = {
    readonly ok: true;
    /** the pack, in YAML */
    readonly text: string;
    readonly rules: number;
    readonly notes: readonly string[];
  } | {
    readonly ok: false;
    readonly refused: readonly {
      readonly message: string;
      readonly hint: string;
      readonly at: PackPlace;
    }[];
  };

export type PolicyLint = {
  /** whether nothing keeps them from being used */
  readonly ok: boolean;
  readonly problems: readonly ({
    readonly severity: "error" | "warning";
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    readonly at: PackPlace;
  })[];
  readonly files: number;
  readonly rules: number;
};

export type PolicyReload = {
  readonly version: string;
  readonly changed: boolean;
};

export type PolicyTestReport = {
  readonly ok: boolean;
  readonly cases: readonly ({
    readonly name: string;
    readonly passed: boolean;
    readonly decided: {
      readonly effect: "allow" | "ask" | "deny";
      readonly ruleId: string;
      readonly matched: readonly string[];
      readonly limits: readonly string[];
    };
    readonly message?: string;
    readonly durationMs: number;
  })[];
};

export type Problem = {
  /** urn:agent33:error: and the code */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** what was wrong, and where */
  readonly detail: string;
  /** the request, by the id that the log has too */
  readonly instance: string;
  /** what programs branch on */
  readonly code: string;
  /** what to do */
  readonly hint?: string;
  /** whether the same request may succeed later */
  readonly retryable: boolean;
  readonly details?: { readonly [name: string]: JsonValue };
};

export type QuarantineItem = {
  readonly id: number;
  readonly tenant: string;
  /** the file that it comes from */
  readonly origin: string;
  /** where it stands in that */
  readonly place: string;
  readonly reason: string;
  readonly at: number;
  /** the first of what it says */
  readonly begins: string;
};

export type Quarantined = {
  readonly id: number;
  readonly tenant: string;
  /** the file that it comes from */
  readonly origin: string;
  /** where it stands in that */
  readonly place: string;
  readonly reason: string;
  readonly at: number;
  readonly content: string;
};

export type RecordedSignal = {
  readonly signal: Signal;
  /** `repeated` adds to one that was seen before; `known` is a key that was */
  readonly outcome: "recorded" | "repeated" | "known";
  /** the intake that it has */
  readonly intakeId: string | null;
};

export type Refresh = {
  readonly id: string;
  readonly scope: "micro" | "minor" | "major" | "ad_hoc";
  readonly title: string;
  readonly reason: string;
  readonly participants: readonly string[];
  readonly state: "planned" | "complete";
  readonly outcome: string | null;
  readonly changes: readonly string[];
  readonly createdAt: number;
  readonly completedAt: number | null;
  readonly completedBy: string | null;
  readonly updatedAt: number;
};

export type Regression = {
  readonly format: "agent33-regression/1";
  readonly id: string;
  readonly kind: "rate" | "task" | "threshold" | "slower" | "dearer" | "flakier" | "unjudged";
  readonly concern: "success" | "time" | "cost" | "flakiness";
  readonly against: string;
  readonly condition: string;
  readonly subject: string;
  readonly state: "new" | "investigating" | "identified" | "fixing" | "resolved" | "wontfix";
  readonly owner: string | null;
  readonly p: number | null;
  readonly before: number | null;
  readonly after: number | null;
  readonly message: string;
  readonly jobs: readonly string[];
  readonly history: readonly ({
    readonly at: number;
    readonly by: string;
    readonly state: "new" | "investigating" | "identified" | "fixing" | "resolved" | "wontfix";
    readonly note: string;
  })[];
};

export type ReleasePacket = {
  readonly body: {
    readonly format: "agent33-packet/1";
    readonly madeAt: number;
    readonly base: string;
    readonly from: string;
    readonly head: string;
    readonly tree: string;
    readonly commits: readonly {
      readonly commit: string;
      readonly subject: string;
    }[];
    readonly files: readonly {
      readonly path: string;
      readonly was?: string;
      readonly added: number;
      readonly removed: number;
      readonly owners: readonly string[];
    }[];
    readonly areas: readonly {
      readonly area: string;
      readonly files: number;
      readonly owners: readonly string[];
    }[];
    readonly changes: {
      readonly policy: {
          readonly direction: "same" | "loosened" | "tightened" | "mixed" | "unclear";
          readonly policies: readonly ({
            readonly subject: string;
            readonly direction: "same" | "loosened" | "tightened" | "mixed" | "unclear";
            readonly note: string;
            readonly rules: readonly ({
              readonly rule: string;
              readonly direction: "same" | "loosened" | "tightened" | "mixed" | "unclear";
              readonly before: {
                  readonly ruleId: string;
                  readonly effect: string;
                  readonly reason: string;
                  readonly [name: string]: unknown;
                } | null;
              readonly after: {
                  readonly ruleId: string;
                  readonly effect: string;
                  readonly reason: string;
                  readonly [name: string]: unknown;
                } | null;
            })[];
            readonly default: {
                readonly before: string;
                readonly after: string;
              } | null;
          })[];
          readonly settings: readonly {
            readonly path: string;
            readonly names: readonly string[];
          }[];
          readonly unread: readonly ({
            readonly path: string;
            readonly side: "base" | "head";
            readonly why: string;
          })[];
        } | null;
      readonly dependencies: {
          readonly named: readonly ({
            readonly path: string;
            readonly section: string;
            readonly name: string;
            readonly before: string | null;
            readonly after: string | null;
            readonly major: boolean | null;
          })[];
          readonly locked: readonly {
            readonly path: string;
            readonly added: number;
            readonly removed: number;
            readonly changed: number;
            readonly major: readonly string[];
            readonly scripts: readonly string[];
          }[];
          readonly unread: readonly ({
            readonly path: string;
            readonly side: "base" | "head";
            readonly why: string;
          })[];
        } | null;
      readonly schemas: {
          readonly files: readonly ({
            readonly path: string;
            readonly kind: "json-schema" | "openapi" | "migration" | "source";
            readonly breaking: "yes" | "no" | "unclear";
            readonly changes: readonly string[];
          })[];
          readonly unread: readonly ({
            readonly path: string;
            readonly side: "base" | "head";
            readonly why: string;
          })[];
        } | null;
    };
    readonly risk: {
      readonly level: "low" | "medium" | "high" | "critical";
      readonly findings: readonly ({
        readonly rule: string;
        readonly level: "low" | "medium" | "high" | "critical";
        readonly why: string;
        readonly paths: readonly string[];
      })[];
    };
    readonly evidence: readonly ({
      readonly group: string;
      readonly command: readonly string[];
      readonly commit: string;
      readonly snapshot: string;
      readonly counts: {
        readonly tests: number;
        readonly passed: number;
        readonly failed: number;
        readonly skipped: number;
        readonly other: number;
      };
      readonly durationMs: number;
      readonly ctrfDigest: string | null;
    })[];
    readonly gate: {
        readonly gate: string;
        readonly file: string | null;
        readonly outcome: "passed" | "warned" | "failed";
        readonly reasons: readonly string[];
        readonly verdict: string;
      } | null;
    readonly checklist: readonly {
      readonly item: string;
      readonly done: boolean;
    }[];
    readonly problems: readonly string[];
  };
  readonly digest: string;
  readonly signature?: {
    readonly algorithm: "ed25519";
    readonly key: string;
    readonly value: string;
  };
};

export type ReleasePacketSummary = {
  readonly id: string;
  readonly head: string;
  readonly base: string;
  readonly madeAt: number;
  readonly commits: number;
  readonly files: number;
  readonly risk: "low" | "medium" | "high" | "critical";
  /** what the gate said; null where none was asked */
  readonly gate: string | null;
  readonly signed: boolean;
  /** why it does not stand */
  readonly problems: readonly string[];
};

export type ReleaseSnapshot = {
  readonly body: {
    readonly format: "agent33-snapshot/1";
    readonly commit: string;
    readonly tree: string;
    readonly dirty: readonly string[];
    readonly takenAt: number;
    readonly environment: {
      readonly platform: string;
      readonly architecture: string;
      readonly node: string;
      readonly locks: { readonly [name: string]: string };
      readonly digest: string;
    };
    readonly groups: readonly ({
      readonly name: string;
      readonly command: readonly string[];
      readonly exitCode: number | null;
      readonly durationMs: number;
      readonly counts: {
        readonly tests: number;
        readonly passed: number;
        readonly failed: number;
        readonly skipped: number;
        readonly other: number;
      };
      readonly ctrfDigest: string | null;
      readonly problems: readonly string[];
    })[];
  };
  readonly digest: string;
  readonly signature?: {
    readonly algorithm: "ed25519";
    readonly key: string;
    readonly value: string;
  };
};

export type ReleaseSnapshotSummary = {
  readonly id: string;
  readonly commit: string;
  readonly takenAt: number;
  /** whether all files were as in the commit */
  readonly clean: boolean;
  readonly signed: boolean;
  readonly groups: readonly {
    readonly name: string;
    readonly counts: {
      readonly tests: number;
      readonly passed: number;
      readonly failed: number;
      readonly skipped: number;
      readonly other: number;
    };
    readonly problems: readonly string[];
  }[];
};

export type ReleaseStanding = {
  readonly ok: boolean;
  readonly problems: readonly string[];
  /** `no_key`: the settings name no key to hold it to */
  readonly signature: "held" | "no_key";
  /** what is checked out in the server's folder */
  readonly head: string | null;
  readonly notChecked: readonly string[];
};

export type RemovedSkill = {
  readonly name: string;
  readonly isKept: boolean;
};

export type ReplayReport = { readonly [name: string]: unknown };

export type ResetBreaker = {
  readonly key: string;
  readonly state: "closed";
};

export type RetentionReport = {
  readonly at: number;
  readonly dryRun: boolean;
  readonly classes: readonly ({
    readonly class: "audit" | "runs" | "alerts" | "telemetry" | "evaluations";
    readonly days: number | "keep";
    /** records, runs, files or jobs */
    readonly removed: number;
    /** why something that is old enough stays */
    readonly kept: readonly string[];
  })[];
};

export type RoutingDecision = {
  readonly run: string;
  readonly at: number;
  readonly agent: string;
  readonly model: string;
  readonly tier: "low" | "medium" | "high";
  /** who decided: request, tenant_domain, tenant, domain, agent, classifier, default */
  readonly source: string;
  readonly modelSource: "request" | "task" | "tier" | "settings" | null;
  readonly domain: string | null;
  readonly reasons: readonly string[];
  /** of the classifier; what was said needs none */
  readonly confidence: number | null;
  /** whether routing was on */
  readonly routed: boolean;
  /** above 1: made again one tier up */
  readonly attempt: number;
  /** the attempt before, which is a run of its own */
  readonly after: string | null;
  readonly replayOf: string | null;
  readonly estimate: RunEstimate | null;
  /** null while the run goes on */
  readonly outcome: string | null;
  /** what the run used; null while it goes on or waits */
  readonly actual: {
      readonly outcome: "verified" | "unverified" | "refuted" | "failed" | "cancelled";
      readonly tokens: number;
      readonly costMicroUsd: number;
      readonly unpricedCalls: number;
      readonly durationMs: number;
    } | null;
};

export type RoutingExplanation = {
  readonly agent: string;
  /** null where nobody names one */
  readonly model: string | null;
  readonly tier: "low" | "medium" | "high";
  /** who decided: request, tenant_domain, tenant, domain, agent, classifier, default */
  readonly source: string;
  readonly modelSource: "request" | "task" | "tier" | "settings" | null;
  readonly domain: string | null;
  readonly reasons: readonly string[];
  /** of the classifier; what was said needs none */
  readonly confidence: number | null;
  /** whether routing was on */
  readonly routed: boolean;
  /** of one turn */
  readonly maxOutputTokens: number;
  /** of the whole run */
  readonly limits: { readonly [name: string]: number };
  /** null where the model cannot be had */
  readonly estimate: RunEstimate | null;
  /** why the model cannot be had */
  readonly problem: ErrorData | null;
  readonly notices: readonly string[];
};

export type Run = {
  readonly id: string;
  /** the task in a few words */
  readonly task: string;
  readonly agent: string;
  readonly model: string;
  readonly effort: string;
  /** `parked` waits for a person */
  readonly state: "queued" | "running" | "parked" | "finished";
  /** how it ended; null while it runs */
  readonly outcome: string | null;
  readonly workspace: string | null;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly costMicroUsd: number;
  readonly unpricedCalls: number;
};

export type RunEstimate = {
  readonly tokens: {
    readonly p50: number;
    readonly p90: number;
  };
  /** null where the model has no known price */
  readonly costMicroUsd: {
      readonly p50: number;
      readonly p90: number;
    } | null;
  /** `prior`: assumed, too few earlier runs */
  readonly basis: "history" | "prior";
  /** earlier runs of the same agent, tier and model */
  readonly runs: number;
};

export type RunEvent = 
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly type: "run.started";
    readonly task: string;
    readonly agent: string;
    readonly agentVersion?: string;
    readonly agentDigest?: string;
    readonly model: string;
    readonly effort: "low" | "medium" | "high";
    readonly effortSource: string;
    readonly routing?: {
      readonly enabled: boolean;
      readonly reasons: readonly string[];
      readonly confidence: number | null;
      readonly domain: string | null;
      readonly modelSource: "request" | "task" | "tier" | "settings";
      readonly estimate?: {
        readonly tokens: {
          readonly p50: number;
          readonly p90: number;
        };
        readonly costMicroUsd: {
            readonly p50: number;
            readonly p90: number;
          } | null;
        readonly basis: "history" | "prior";
        readonly runs: number;
      };
    };
    readonly attempt?: {
      readonly number: number;
      readonly after: string;
    };
    readonly mode?: "iterative" | "once";
    readonly inputs?: { readonly [name: string]: FollowRunEvent0 };
    readonly workspace: string | null;
    readonly limits: { readonly [name: string]: FollowRunEvent0 };
    readonly policy: string;
    readonly replayOf?: string;
    readonly notices: readonly string[];
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly type: "run.resumed";
    readonly previousOwner: string | null;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly type: "session.opened";
    readonly tools: readonly ({
      readonly name: string;
      readonly source: string;
      readonly effect: "read" | "write" | "destructive" | "unknown";
      readonly repeat: "safe" | "keyed" | "once";
      readonly digest: string;
    })[];
    readonly toFind?: number;
    readonly skills: readonly {
      readonly name: string;
      readonly digest: string;
    }[];
    readonly egress?: {
      readonly guard: "on" | "off" | "not installed";
      readonly grants: readonly {
        readonly name: string;
        readonly covers: string;
      }[];
    };
    readonly notices: readonly string[];
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "message.user";
    readonly text: string;
    readonly from?: "engine" | "steering" | "follow_up";
    readonly key?: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly type: "message.undelivered";
    readonly text: string;
    readonly from: "steering" | "follow_up";
    readonly key: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly type: "agent.started";
    readonly agentPath: string;
    readonly agent: string;
    readonly inputs?: { readonly [name: string]: FollowRunEvent0 };
    readonly limits: { readonly [name: string]: FollowRunEvent0 };
    readonly decision: {
      readonly effect: "allow" | "ask" | "deny";
      readonly ruleId: string;
      readonly reason?: string;
    };
    readonly callId: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "turn.started";
    readonly turn: number;
    readonly toolsOffered: boolean;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "turn.completed";
    readonly turn: number;
    readonly parts: readonly (
      | {
        readonly type: "text";
        readonly text: string;
        readonly providerMetadata?: { readonly [name: string]: { readonly [name: string]: FollowRunEvent0 } };
      }
      | {
        readonly type: "reasoning";
        readonly text: string;
        readonly providerMetadata?: { readonly [name: string]: { readonly [name: string]: FollowRunEvent0 } };
      }
      | {
        readonly type: "tool_call";
        readonly toolCallId: string;
        readonly toolName: string;
        readonly argumentsText: string;
        readonly providerMetadata?: { readonly [name: string]: { readonly [name: string]: FollowRunEvent0 } };
      })[];
    readonly usage: {
      readonly inputTokens: number;
      readonly cachedInputTokens: number;
      readonly cacheWriteTokens?: number;
      readonly outputTokens: number;
      readonly reasoningTokens: number;
      readonly estimated: boolean;
    };
    readonly costMicroUsd: number | null;
    readonly effort: "low" | "medium" | "high";
    readonly decision: {
      readonly effect: "allow" | "ask" | "deny";
      readonly ruleId: string;
      readonly reason?: string;
    };
    readonly attempts: number;
    readonly durationMs: number;
    readonly finishReason: string;
    readonly callId: string;
    readonly prompt?: {
      readonly tokens: number;
      readonly pieces: number;
    };
    readonly model?: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly type: "model.fell_back";
    readonly call: string;
    readonly from: string;
    readonly to: string | null;
    readonly error: {
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly retryable: boolean;
      readonly details?: { readonly [name: string]: FollowRunEvent0 };
      readonly cause?: string;
    };
    readonly tokens: number;
    readonly costMicroUsd: number | null;
    readonly attempts: number;
    readonly durationMs: number;
    readonly callId: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "turn.failed";
    readonly turn: number;
    readonly error: {
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly retryable: boolean;
      readonly details?: { readonly [name: string]: FollowRunEvent0 };
      readonly cause?: string;
    };
    readonly tokens: number;
    readonly costMicroUsd: number | null;
    readonly durationMs: number;
    readonly callId?: string;
    readonly attempts: number;
    readonly prompt?: {
      readonly tokens: number;
      readonly pieces: number;
    };
    readonly decision?: {
      readonly effect: "allow" | "ask" | "deny";
      readonly ruleId: string;
      readonly reason?: string;
    };
    readonly overflow?: {
      readonly inputTokens?: number;
      readonly contextTokens?: number;
    };
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "tool.started";
    readonly turn: number;
    readonly index: number;
    readonly toolCallId: string;
    readonly toolName: string;
    readonly argumentsText: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "tool.completed";
    readonly turn: number;
    readonly index: number;
    readonly toolCallId: string;
    readonly toolName: string;
    readonly content: string;
    readonly isError: boolean;
    readonly decision: {
        readonly effect: "allow" | "ask" | "deny";
        readonly ruleId: string;
        readonly reason?: string;
      } | null;
    readonly attempts: number;
    readonly durationMs: number;
    readonly error?: {
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly retryable: boolean;
      readonly details?: { readonly [name: string]: FollowRunEvent0 };
      readonly cause?: string;
    };
    readonly callId?: string;
    readonly injection?: {
      readonly level: "suspected" | "likely";
      readonly rules: readonly string[];
    };
    readonly fromLog?: "agent" | "outside" | "refused" | "not_approved" | "answered" | "unknown" | "secret" | "unasked" | "declined";
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "sampling.completed";
    readonly server: string;
    readonly parts?: readonly (
      | {
        readonly type: "text";
        readonly text: string;
        readonly providerMetadata?: { readonly [name: string]: { readonly [name: string]: FollowRunEvent0 } };
      }
      | {
        readonly type: "reasoning";
        readonly text: string;
        readonly providerMetadata?: { readonly [name: string]: { readonly [name: string]: FollowRunEvent0 } };
      }
      | {
        readonly type: "tool_call";
        readonly toolCallId: string;
        readonly toolName: string;
        readonly argumentsText: string;
        readonly providerMetadata?: { readonly [name: string]: { readonly [name: string]: FollowRunEvent0 } };
      })[];
    readonly responseModel?: string;
    readonly usage: {
      readonly inputTokens: number;
      readonly cachedInputTokens: number;
      readonly cacheWriteTokens?: number;
      readonly outputTokens: number;
      readonly reasoningTokens: number;
      readonly estimated: boolean;
    };
    readonly costMicroUsd: number | null;
    readonly durationMs: number;
    readonly callId: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "sampling.failed";
    readonly server: string;
    readonly error: {
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly retryable: boolean;
      readonly details?: { readonly [name: string]: FollowRunEvent0 };
      readonly cause?: string;
    };
    readonly tokens: number;
    readonly costMicroUsd: number | null;
    readonly callId: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "tools.activated";
    readonly turn: number;
    readonly index: number;
    readonly tools: readonly {
      readonly name: string;
      readonly digest: string;
    }[];
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "skill.loaded";
    readonly turn: number;
    readonly index: number;
    readonly name: string;
    readonly digest: string;
    readonly allowedTools?: readonly string[];
    readonly disallowedTools: readonly string[];
    readonly approvalTools: readonly string[];
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly type: "matching.completed";
    readonly stage: "selection" | "filter";
    readonly text: string;
    readonly usage: {
      readonly inputTokens: number;
      readonly cachedInputTokens: number;
      readonly cacheWriteTokens?: number;
      readonly outputTokens: number;
      readonly reasoningTokens: number;
      readonly estimated: boolean;
    };
    readonly costMicroUsd: number | null;
    readonly decision: {
      readonly effect: "allow" | "ask" | "deny";
      readonly ruleId: string;
      readonly reason?: string;
    };
    readonly durationMs: number;
    readonly callId: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly type: "matching.failed";
    readonly stage: "selection" | "filter";
    readonly error: {
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly retryable: boolean;
      readonly details?: { readonly [name: string]: FollowRunEvent0 };
      readonly cause?: string;
    };
    readonly tokens: number;
    readonly costMicroUsd: number | null;
    readonly durationMs: number;
    readonly callId?: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly type: "skills.matched";
    readonly chosen: readonly string[];
    readonly searched: number;
    readonly by: readonly ("words" | "vectors")[];
    readonly skills: readonly ({
      readonly name: string;
      readonly digest: string;
      readonly place: number;
      readonly score: number;
      readonly words?: {
        readonly place: number;
        readonly score: number;
        readonly words: number;
        readonly name: number;
        readonly phrases: number;
      };
      readonly vectors?: {
        readonly place: number;
        readonly similarity: number;
      };
      readonly kept?: string;
      readonly fell?: {
        readonly stage: "retrieval" | "selection" | "loading" | "filter";
        readonly reason: "beyond_top" | "not_selected" | "unreadable" | "too_long" | "no_verdict" | "irrelevant" | "leaks_answer" | "confusing";
        readonly why: string;
      };
    })[];
    readonly notices: readonly string[];
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "plan.updated";
    readonly turn: number;
    readonly index: number;
    readonly steps: readonly ({
      readonly step: string;
      readonly status: "pending" | "in_progress" | "done" | "dropped";
    })[];
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "context.compacted";
    readonly turn: number;
    readonly reason: "full" | "overflow" | "large_result";
    readonly beforeTokens: number;
    readonly afterTokens: number;
    readonly roomTokens: number;
    readonly offloaded: readonly {
      readonly turn: number;
      readonly index: number;
    }[];
    readonly clearedThrough: number;
    readonly keptTurns: number;
    readonly summary?: {
      readonly throughTurn: number;
      readonly text: string;
      readonly by: "model" | "log";
      readonly why?: string;
      readonly files: {
        readonly changed: readonly string[];
        readonly read: readonly string[];
      };
    };
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "condense.completed";
    readonly turn: number;
    readonly text: string;
    readonly usage: {
      readonly inputTokens: number;
      readonly cachedInputTokens: number;
      readonly cacheWriteTokens?: number;
      readonly outputTokens: number;
      readonly reasoningTokens: number;
      readonly estimated: boolean;
    };
    readonly costMicroUsd: number | null;
    readonly decision: {
      readonly effect: "allow" | "ask" | "deny";
      readonly ruleId: string;
      readonly reason?: string;
    };
    readonly durationMs: number;
    readonly callId: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "condense.failed";
    readonly turn: number;
    readonly error: {
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly retryable: boolean;
      readonly details?: { readonly [name: string]: FollowRunEvent0 };
      readonly cause?: string;
    };
    readonly tokens: number;
    readonly costMicroUsd: number | null;
    readonly durationMs: number;
    readonly callId?: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "stuck.noticed";
    readonly kind: "repeat" | "same_error" | "ping_pong" | "polling" | "monologue" | "error_storm" | "condensation";
    readonly turns: number;
    readonly evidence: readonly number[];
    readonly refused: readonly string[];
    readonly text: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "judge.completed";
    readonly attempt: number;
    readonly try: number;
    readonly text: string;
    readonly usage: {
      readonly inputTokens: number;
      readonly cachedInputTokens: number;
      readonly cacheWriteTokens?: number;
      readonly outputTokens: number;
      readonly reasoningTokens: number;
      readonly estimated: boolean;
    };
    readonly costMicroUsd: number | null;
    readonly decision: {
      readonly effect: "allow" | "ask" | "deny";
      readonly ruleId: string;
      readonly reason?: string;
    };
    readonly durationMs: number;
    readonly callId: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "judge.failed";
    readonly attempt: number;
    readonly try: number;
    readonly error: {
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly retryable: boolean;
      readonly details?: { readonly [name: string]: FollowRunEvent0 };
      readonly cause?: string;
    };
    readonly tokens: number;
    readonly costMicroUsd: number | null;
    readonly durationMs: number;
    readonly callId?: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "check.completed";
    readonly kind?: "command" | "schema" | "scorer" | "judge";
    readonly attempt: number;
    readonly passed: boolean;
    readonly output: string;
    readonly durationMs: number;
    readonly error?: {
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly retryable: boolean;
      readonly details?: { readonly [name: string]: FollowRunEvent0 };
      readonly cause?: string;
    };
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "run.parked";
    readonly approvalId: string;
    readonly ruleId?: string;
    readonly callId?: string;
    readonly toolName: string;
    readonly message: string;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "agent.stopped";
    readonly stop: 
      | {
        readonly reason: "done";
      }
      | {
        readonly reason: "limit";
        readonly limit: "steps" | "tool_calls_per_step" | "tokens" | "cost" | "time";
        readonly allowed: number;
      }
      | {
        readonly reason: "stuck";
        readonly kind: "repeat" | "same_error" | "ping_pong" | "polling" | "monologue" | "error_storm" | "condensation";
        readonly turns: number;
        readonly evidence: readonly number[];
      }
      | {
        readonly reason: "denied";
        readonly error: {
          readonly code: string;
          readonly message: string;
          readonly hint?: string;
          readonly retryable: boolean;
          readonly details?: { readonly [name: string]: FollowRunEvent0 };
          readonly cause?: string;
        };
      }
      | {
        readonly reason: "steered";
      }
      | {
        readonly reason: "cancelled";
        readonly abandoned?: true;
      }
      | {
        readonly reason: "error";
        readonly error: {
          readonly code: string;
          readonly message: string;
          readonly hint?: string;
          readonly retryable: boolean;
          readonly details?: { readonly [name: string]: FollowRunEvent0 };
          readonly cause?: string;
        };
      };
    readonly summary: string;
    readonly outcome?: "verified" | "unverified" | "refuted" | "failed" | "cancelled";
    readonly totals?: {
      readonly turns: number;
      readonly toolCalls: number;
      readonly inputTokens: number;
      readonly cachedInputTokens: number;
      readonly outputTokens: number;
      readonly failedTokens: number;
      readonly costMicroUsd: number;
      readonly unpricedCalls: number;
      readonly durationMs: number;
    };
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly type: "verification.completed";
    readonly reward: number | null;
    readonly passed: boolean;
    readonly durationMs: number;
    readonly output: string;
    readonly error?: {
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly retryable: boolean;
      readonly details?: { readonly [name: string]: FollowRunEvent0 };
      readonly cause?: string;
    };
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly type: "escalation.decided";
    readonly escalates: boolean;
    readonly reason: string;
    readonly from: "low" | "medium" | "high";
    readonly to: {
        readonly runId: string;
        readonly effort: "low" | "medium" | "high";
        readonly model: string;
      } | null;
    readonly needs: {
        readonly tokens: number;
        readonly costMicroUsd: number;
        readonly basis: "history" | "reserve";
      } | null;
    readonly left: {
        readonly tokens: number;
        readonly costMicroUsd: number;
      } | null;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly agentPath?: string;
    readonly type: "budget.reached";
    readonly budget: string;
    readonly limit: "costMicroUsd" | "tokens" | "calls" | "milliseconds";
    readonly percent: 50 | 80 | 95 | 100;
    readonly used: number;
    readonly allowed: number;
  }
  | {
    readonly seq: number;
    readonly runId: string;
    readonly at: number;
    readonly type: "run.finished";
    readonly outcome: "verified" | "unverified" | "refuted" | "failed" | "cancelled";
    readonly stop: 
      | {
        readonly reason: "done";
      }
      | {
        readonly reason: "limit";
        readonly limit: "steps" | "tool_calls_per_step" | "tokens" | "cost" | "time";
        readonly allowed: number;
      }
      | {
        readonly reason: "stuck";
        readonly kind: "repeat" | "same_error" | "ping_pong" | "polling" | "monologue" | "error_storm" | "condensation";
        readonly turns: number;
        readonly evidence: readonly number[];
      }
      | {
        readonly reason: "denied";
        readonly error: {
          readonly code: string;
          readonly message: string;
          readonly hint?: string;
          readonly retryable: boolean;
          readonly details?: { readonly [name: string]: FollowRunEvent0 };
          readonly cause?: string;
        };
      }
      | {
        readonly reason: "steered";
      }
      | {
        readonly reason: "cancelled";
        readonly abandoned?: true;
      }
      | {
        readonly reason: "error";
        readonly error: {
          readonly code: string;
          readonly message: string;
          readonly hint?: string;
          readonly retryable: boolean;
          readonly details?: { readonly [name: string]: FollowRunEvent0 };
          readonly cause?: string;
        };
      };
    readonly summary: string;
    readonly output?: { readonly [name: string]: FollowRunEvent0 };
    readonly totals: {
      readonly turns: number;
      readonly toolCalls: number;
      readonly inputTokens: number;
      readonly cachedInputTokens: number;
      readonly outputTokens: number;
      readonly failedTokens: number;
      readonly costMicroUsd: number;
      readonly unpricedCalls: number;
      readonly durationMs: number;
    };
    readonly attempts?: {
      readonly each: readonly ({
        readonly runId: string;
        readonly effort: "low" | "medium" | "high";
        readonly model: string;
        readonly outcome: string;
        readonly tokens: number;
        readonly costMicroUsd: number;
        readonly unpricedCalls: number;
        readonly durationMs: number;
        readonly keptWorkspace: string | null;
      })[];
      readonly costMicroUsd: number;
      readonly unpricedCalls: number;
    };
    readonly filesChanged: readonly ({
      readonly path: string;
      readonly change: "added" | "modified" | "deleted";
      readonly bytes: number;
    })[];
  };

export type SaidRule = {
  readonly ruleId: string;
  readonly effect: "allow" | "ask" | "deny";
  readonly match: { readonly [name: string]: unknown };
  readonly reason: string;
  readonly [name: string]: unknown;
};

export type Setting = {
  readonly name: string;
  readonly value: JsonValue;
  readonly origin: {
    readonly layer: "default" | "file" | "environment" | "flag";
    readonly name: string;
  };
  readonly description: string;
  readonly environmentName: string;
};

export type Signal = {
  readonly id: string;
  readonly type: "bug" | "incident" | "feedback" | "performance" | "security" | "process";
  readonly severity: "low" | "medium" | "high" | "critical";
  readonly summary: string;
  readonly details: string;
  /** who or what saw it */
  readonly source: string;
  readonly context: { readonly [name: string]: string };
  /** how much there is to work with */
  readonly quality: {
    readonly score: number;
    readonly label: "low" | "medium" | "high";
    readonly reasons: readonly ("summary_too_short" | "details_missing" | "source_missing" | "context_missing" | "well_formed_signal")[];
  };
  /** equal for repeats of each other */
  readonly fingerprint: string;
  /** how often it was seen */
  readonly occurrences: number;
  readonly recordedAt: number;
  readonly lastSeenAt: number;
  readonly state: "open" | "acknowledged" | "resolved" | "dismissed";
  readonly stateReason: string | null;
  readonly stateBy: string | null;
  readonly stateAt: number | null;
  /** the intake that was made of it */
  readonly intakeId: string | null;
  readonly provenance: "recorded" | "migrated";
};

export type SignalSummary = {
  readonly from: number;
  readonly to: number;
  /** signals that were recorded */
  readonly total: number;
  /** signals and their repeats */
  readonly occurrences: number;
  readonly averageQuality: number | null;
  readonly highQuality: number;
  readonly byType: { readonly [name: string]: {
    readonly signals: number;
    readonly occurrences: number;
  } };
  readonly bySeverity: { readonly [name: string]: {
    readonly signals: number;
    readonly occurrences: number;
  } };
  readonly bySource: {
    readonly top: readonly {
      readonly source: string;
      readonly signals: number;
      readonly occurrences: number;
    }[];
    readonly other: {
      readonly signals: number;
      readonly occurrences: number;
    };
  };
  readonly seriesBy: "day" | "week";
  /** every day or week of the window, those without a signal too */
  readonly series: readonly {
    readonly start: number;
    readonly label: string;
    readonly from: number;
    readonly to: number;
    readonly signals: number;
    readonly occurrences: number;
  }[];
  /** the window of the same length before this one */
  readonly previous: {
    readonly from: number;
    readonly to: number;
    /** signals that were recorded */
    readonly total: number;
    /** signals and their repeats */
    readonly occurrences: number;
  };
  readonly trend: {
    readonly delta: number;
    readonly direction: "up" | "down" | "stable";
  };
  readonly by: "day" | "week" | "type" | "severity" | "source";
  readonly groups: readonly {
    readonly key: string;
    readonly signals: number;
    readonly occurrences: number;
  }[];
};

export type Skill = {
  readonly name: string;
  readonly description: string;
  readonly digest: string;
  readonly version: string | null;
  readonly license: string | null;
  readonly compatibility: string | null;
  /** besides SKILL.md */
  readonly files: readonly string[];
  /** null where it does not limit that */
  readonly allowedTools: readonly string[] | null;
  readonly disallowedTools: readonly string[];
  readonly approvalTools: readonly string[];
  /** whether runs get it */
  readonly status: "enabled" | "disabled" | "hidden" | "shadowed";
  /** how it stands to what was taken for good */
  readonly pin: "same" | "changed" | "none";
};

export type SkillAdditions = {
  readonly added: boolean;
  readonly items: readonly ({
    readonly name: string;
    readonly description: string;
    readonly digest: string;
    readonly version: string | null;
    readonly license: string | null;
    readonly compatibility: string | null;
    /** besides SKILL.md */
    readonly files: readonly string[];
    /** null where it does not limit that */
    readonly allowedTools: readonly string[] | null;
    readonly disallowedTools: readonly string[];
    readonly approvalTools: readonly string[];
    readonly notices: readonly SkillNotice[];
    /** whether one of its name was or is there */
    readonly replaces: boolean;
    /** whether another of its name comes first */
    readonly shadowed: boolean;
  })[];
  /** how many folders were replaced, and are kept beside the new ones */
  readonly kept: number;
};

export type SkillCheck = {
  readonly ok: boolean;
  readonly checked: number;
  readonly faults: readonly ({
    readonly code: string;
    readonly folder: string;
    readonly file?: string;
    readonly line?: number;
    readonly message: string;
    readonly hint?: string;
    readonly severity: "error" | "warning";
  })[];
  readonly kinds: readonly {
    readonly code: string;
    readonly count: number;
  }[];
};

export type SkillMatch = {
  /** best first; empty where nothing fits */
  readonly chosen: readonly string[];
  /** whether a model looked at them */
  readonly checked: boolean;
  readonly searched: number;
  readonly by: readonly ("words" | "vectors")[];
  readonly skills: readonly {
    readonly name: string;
    readonly digest: string;
    readonly place: number;
    readonly score: number;
    readonly kept?: string;
    readonly fell?: {
      readonly stage: string;
      readonly reason: string;
      readonly why: string;
    };
    readonly [name: string]: unknown;
  }[];
  readonly notices: readonly string[];
};

export type SkillNotice = {
  readonly level: "notice" | "issue";
  readonly code: string;
  readonly folder: string;
  readonly file?: string;
  readonly line?: number;
  readonly message: string;
  readonly hint?: string;
};

export type Spend = {
  /** where what is counted really begins; null: at the beginning */
  readonly since: number | null;
  /** and before when it ends; null: now */
  readonly until: number | null;
  /** from when on hours are told apart; before, what begins within a day is of the day */
  readonly hoursFrom: number;
  readonly totals: SpendSums;
  /** those that cost most first */
  readonly items: readonly SpendItem[];
  /** what the groups beyond the limit came to */
  readonly others: {
      readonly groups: number;
      readonly calls: number;
      /** of the calls that have a price; 1 USD is 1,000,000 */
      readonly costMicroUsd: number;
      readonly tokens: number;
      /** calls of models without a known price: their money is in no sum */
      readonly unpricedCalls: number;
    } | null;
  /** steps in which there were calls, oldest first; the others are 0 */
  readonly series?: readonly SpendPoint[];
};

export type SpendItem = {
  /** null where a call has none: it was of no run, or asked no model */
  readonly group: {
    readonly tenant?: string | null;
    readonly model?: string | null;
    readonly effort?: string | null;
    readonly outcome?: string | null;
    readonly connector?: string | null;
  };
  readonly calls: number;
  /** of the calls that have a price; 1 USD is 1,000,000 */
  readonly costMicroUsd: number;
  readonly tokens: number;
  /** calls of models without a known price: their money is in no sum */
  readonly unpricedCalls: number;
  /** steps in which there were calls, oldest first; the others are 0 */
  readonly series?: readonly SpendPoint[];
};

export type SpendPoint = {
  readonly start: number;
  readonly end: number;
  readonly calls: number;
  /** of the calls that have a price; 1 USD is 1,000,000 */
  readonly costMicroUsd: number;
  readonly tokens: number;
  /** calls of models without a known price: their money is in no sum */
  readonly unpricedCalls: number;
};

export type SpendSums = {
  readonly calls: number;
  /** of the calls that have a price; 1 USD is 1,000,000 */
  readonly costMicroUsd: number;
  readonly tokens: number;
  /** calls of models without a known price: their money is in no sum */
  readonly unpricedCalls: number;
};

export type StoreCheck = {
  readonly at: number;
  readonly sound: boolean;
  readonly rows: number;
  /** what is wrong, or the first of it */
  readonly problems: readonly string[];
};

export type StoreLine = { readonly [name: string]: unknown };

export type StoreRecovery = {
  readonly at: number;
  readonly backup: string | null;
  readonly rows: { readonly [name: string]: number };
  readonly lost: readonly {
    readonly table: string;
    readonly id: string;
  }[];
  readonly orphans: number;
  readonly durationMs: number;
  readonly [name: string]: unknown;
};

export type StoreStanding = {
  readonly kind: string;
  readonly schemaVersion: number;
  /** the schema that this AGENT-33 knows */
  readonly knownVersion: number;
  /** of the database file */
  readonly bytes: number;
  /** by table, all tenants together */
  readonly rows: { readonly [name: string]: number } | null;
  /** the last reading of all of it */
  readonly lastCheck: StoreCheck | null;
  readonly backups: number;
  readonly newestBackup: Backup | null;
  readonly recoveries: number;
  /** as the settings say */
  readonly keeps: {
    readonly checkEveryHours: number;
    readonly backupEveryMinutes: number;
    /** backups of each kind that are kept */
    readonly backups: { readonly [name: string]: number };
    readonly journal: boolean;
    readonly journalDays: number;
    readonly onDamage: string;
  };
};

export type StoredSecret = {
  readonly name: string;
  /** how often it got a value */
  readonly version: number;
  /** which master key it is sealed under */
  readonly keyId: string;
  readonly createdAt: number;
  readonly changedAt: number;
};

export type Trajectory = {
  readonly schema_version: string;
  readonly steps: readonly { readonly [name: string]: unknown }[];
  readonly [name: string]: unknown;
};

export type WholeSkill = {
  readonly name: string;
  readonly description: string;
  readonly digest: string;
  readonly version: string | null;
  readonly license: string | null;
  readonly compatibility: string | null;
  /** besides SKILL.md */
  readonly files: readonly string[];
  /** null where it does not limit that */
  readonly allowedTools: readonly string[] | null;
  readonly disallowedTools: readonly string[];
  readonly approvalTools: readonly string[];
  /** whether runs get it */
  readonly status: "enabled" | "disabled" | "hidden" | "shadowed";
  /** how it stands to what was taken for good */
  readonly pin: "same" | "changed" | "none";
  readonly body: string;
};

export type CancelPolicyOperationAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type CancelStoreOperationAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type CheckStoreAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type FollowRunEvent0 = string | number | boolean | null | readonly FollowRunEvent0[] | { readonly [name: string]: FollowRunEvent0 };

export type ImportEvaluationAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type InvokeAgentAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type InvokeAgentIterativelyAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type ListPolicyOperationsAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type ListStoreOperationsAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type MakeBackupAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type RecountStoreAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type RecoverStoreAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type ReplayPoliciesAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type RestoreStoreAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type ShowPolicyOperationAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type ShowStoreOperationAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type VerifyBackupsAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type ListAgentsAnswer = {
  readonly items: readonly ({
    readonly name: string;
    readonly version: string;
    readonly role: string;
    readonly digest: string;
    /** whether its name alone means it */
    readonly isNewest: boolean;
    /** a run that used another definition under this name and version */
    readonly changedSince: string | null;
  })[];
  readonly broken: readonly {
    readonly file: string;
    readonly code: string;
  }[];
};

export interface ShowAgentInput {
  /** name or name@version */
  readonly name: string;
}

export type ShowAgentAnswer = {
  readonly digest: string;
  readonly agent: AgentDefinition;
};

export interface InvokeAgentInput {
  /** name or name@version */
  readonly name: string;
  readonly body?: {
    /** what the agent's definition says that it takes */
    readonly inputs?: { readonly [name: string]: JsonValue } | undefined;
    /** seconds that the answer is waited for; the run goes on after them */
    readonly waitSeconds?: number | undefined;
    /** provider:model; the settings' by default */
    readonly model?: string | undefined;
    /** how hard to think */
    readonly effort?: "low" | "medium" | "high" | undefined;
    /** what the work is about */
    readonly domain?: string | undefined;
    /** whether a failed attempt may be made again one tier up */
    readonly escalates?: boolean | undefined;
  } | undefined;
}

export interface InvokeAgentIterativelyInput {
  /** name or name@version */
  readonly name: string;
  readonly body?: {
    /** what the agent's definition says that it takes */
    readonly inputs?: { readonly [name: string]: JsonValue } | undefined;
    /** seconds that the answer is waited for; the run goes on after them */
    readonly waitSeconds?: number | undefined;
    /** provider:model; the settings' by default */
    readonly model?: string | undefined;
    /** how hard to think */
    readonly effort?: "low" | "medium" | "high" | undefined;
    /** what the work is about */
    readonly domain?: string | undefined;
    /** whether a failed attempt may be made again one tier up */
    readonly escalates?: boolean | undefined;
    /** a folder of the server in serve.workspaces, which the agent works in */
    readonly workspace?: string | undefined;
    /** whether the agent may run commands in the sandbox */
    readonly shell?: boolean | undefined;
    /** most skills that it gets */
    readonly matchSkills?: number | undefined;
  } | undefined;
}

export interface ListRunsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  /** only those that stand so; `running` has those that are queued too */
  readonly state?: "running" | "parked" | "finished" | undefined;
  /** only those that ended so */
  readonly outcome?: "verified" | "unverified" | "refuted" | "failed" | "cancelled" | undefined;
  /** only those with this in their id, task, agent or model */
  readonly text?: string | undefined;
  /** begun then or later; milliseconds since the Unix epoch */
  readonly since?: number | undefined;
}

export type ListRunsAnswer = {
  readonly items: readonly Run[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface StartRunInput {
  readonly body?: {
    /** what is to be done, in words */
    readonly task?: string | undefined;
    /** what the agent's definition says that it takes, instead of `task` */
    readonly inputs?: { readonly [name: string]: JsonValue } | undefined;
    /** name or name@version; the settings' by default */
    readonly agent?: string | undefined;
    /** provider:model; the settings' by default */
    readonly model?: string | undefined;
    /** how hard to think */
    readonly effort?: "low" | "medium" | "high" | undefined;
    /** what the work is about */
    readonly domain?: string | undefined;
    /** whether a failed attempt may be made again one tier up */
    readonly escalates?: boolean | undefined;
    /** a folder of the server in serve.workspaces, which the agent works in */
    readonly workspace?: string | undefined;
    /** whether the agent may run commands in the sandbox */
    readonly shell?: boolean | undefined;
    /** most skills that it gets */
    readonly matchSkills?: number | undefined;
  } | undefined;
}

export interface ShowRunInput {
  /** the run's id, or its beginning */
  readonly id: string;
}

export interface FollowRunInput {
  /** the run's id, or its beginning */
  readonly id: string;
  /** seq of the last event known */
  readonly after?: number | undefined;
}

export interface SendMessageInput {
  /** the run's id, or its beginning */
  readonly id: string;
  readonly body: {
    readonly text: string;
    readonly topic?: "steering" | "follow_up" | undefined;
    readonly key?: string | undefined;
  };
}

export type SendMessageAnswer = {
  readonly runId: string;
  readonly key: string;
  readonly fate: "waiting" | "kept" | "read" | "undelivered";
};

export interface CancelRunInput {
  /** the run's id, or its beginning */
  readonly id: string;
}

export interface ResumeRunInput {
  /** the run's id, or its beginning */
  readonly id: string;
}

export interface ReplayRunInput {
  /** the run's id, or its beginning */
  readonly id: string;
  readonly body?: {
    /** whether calls that leave the scratch copy are made */
    readonly live?: boolean | undefined;
  } | undefined;
}

export interface ShowReplayReportInput {
  /** the run's id, or its beginning */
  readonly id: string;
}

export interface ShowHandoffInput {
  /** the run's id, or its beginning */
  readonly id: string;
}

export interface ShowRunTraceInput {
  /** the run's id, or its beginning */
  readonly id: string;
}

export interface ShowRunTrajectoryInput {
  /** the run's id, or its beginning */
  readonly id: string;
}

export interface ListAlertSilencesInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  /** that hold longer; milliseconds since the Unix epoch */
  readonly endsAfter?: number | undefined;
}

export type ListAlertSilencesAnswer = {
  readonly items: readonly AlertSilence[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface CreateAlertSilenceInput {
  readonly body: {
    /** label to value, all have to be equal; rule, owner and severity count as labels */
    readonly matchers: { readonly [name: string]: string };
    readonly reason: string;
    /** now by default */
    readonly startsAt?: number | undefined;
    readonly endsAt: number;
  };
}

export interface ShowAlertSilenceInput {
  /** the silence's id, or its beginning */
  readonly id: string;
}

export interface EndAlertSilenceInput {
  /** the silence's id, or its beginning */
  readonly id: string;
}

export interface ListAlertsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  readonly state?: "pending" | "firing" | "resolved" | undefined;
  readonly rule?: string | undefined;
}

export type ListAlertsAnswer = {
  readonly items: readonly Alert[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export type ListAlertRulesAnswer = {
  readonly items: readonly AlertRule[];
};

export interface ListAlertHistoryInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  /** of one alert, by its id */
  readonly alert?: string | undefined;
}

export type ListAlertHistoryAnswer = {
  readonly items: readonly AlertHistoryEntry[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export type ExportAlertRulesAnswer = {
  readonly "rules.yml": string;
  readonly "alertmanager.yml": string;
};

export type CheckAlertsAnswer = {
  /** false where another process was at it */
  readonly looked: boolean;
  readonly firing: readonly Alert[];
};

export interface ShowAlertInput {
  /** the alert's id, or its beginning */
  readonly id: string;
}

export type ShowAlertAnswer = {
  readonly alert: Alert;
  readonly history: readonly AlertHistoryEntry[];
  readonly silences: readonly AlertSilence[];
  /** who is still to be told; for those who run the installation */
  readonly notices: readonly ({
    readonly receiver: string;
    readonly state: "due" | "told" | "done";
    readonly attempts: number;
    readonly toldAt: number | null;
    readonly lastError: string | null;
  })[];
};

export interface AcknowledgeAlertInput {
  /** the alert's id, or its beginning */
  readonly id: string;
  readonly body?: {
    readonly note?: string | undefined;
  } | undefined;
}

export interface UnacknowledgeAlertInput {
  /** the alert's id, or its beginning */
  readonly id: string;
}

export interface ListApprovalsInput {
  /** only those that stand so; all by default */
  readonly state?: "pending" | "approved" | "denied" | "consumed" | "expired" | undefined;
}

export type ListApprovalsAnswer = {
  readonly items: readonly Approval[];
};

export interface ShowApprovalInput {
  /** the question's id, or its beginning */
  readonly id: string;
}

export type ShowApprovalAnswer = {
  readonly approval: Approval;
  readonly question: Elicitation | null;
};

export interface ApproveCallInput {
  /** the question's id, or its beginning */
  readonly id: string;
  readonly body?: {
    /** why; it stays with the approval and in the audit, the agent is not told */
    readonly note?: string | undefined;
  } | undefined;
}

export type ApproveCallAnswer = {
  readonly id: string;
  /** the run that goes on now */
  readonly runId: string | null;
};

export interface DenyCallInput {
  /** the question's id, or its beginning */
  readonly id: string;
  readonly body?: {
    /** why; it stays with the approval and in the audit, the agent is not told */
    readonly note?: string | undefined;
  } | undefined;
}

export type DenyCallAnswer = {
  readonly id: string;
  /** the run that goes on now */
  readonly runId: string | null;
};

export interface AnswerQuestionInput {
  /** the question's id, or its beginning */
  readonly id: string;
  readonly body: {
      readonly action: "accept";
      /** as the question's form says */
      readonly content?: { readonly [name: string]: JsonValue } | undefined;
    } | {
      readonly action: "decline" | "cancel";
    };
}

export type AnswerQuestionAnswer = {
  readonly id: string;
  /** the run that goes on now */
  readonly runId: string | null;
};

export interface ListKeysInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
}

export type ListKeysAnswer = {
  readonly items: readonly ApiKey[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface CreateKeyInput {
  readonly body: {
    /** what it is for */
    readonly name: string;
    readonly scopes: readonly ("admin" | "agents:read" | "agents:invoke" | "alerts:read" | "alerts:write" | "approvals:read" | "approvals:decide" | "keys:read" | "keys:write" | "runs:read" | "runs:write" | "evaluations:read" | "evaluations:write" | "gates:read" | "gates:write" | "releases:read" | "metrics:read" | "policy:read" | "policy:write" | "audit:read" | "audit:export" | "connectors:read" | "connectors:write" | "skills:read" | "skills:match" | "skills:write" | "secrets:read" | "secrets:write" | "learning:read" | "learning:write" | "routing:read" | "budgets:read" | "spend:read" | "store:read" | "store:write" | "store:export" | "settings:read")[];
    /** the caller's by default */
    readonly user?: string | undefined;
    /** the caller's by default; another only for admins of the installation's tenant */
    readonly tenant?: string | undefined;
    /** how long it holds */
    readonly seconds?: number | undefined;
  };
}

export interface ShowKeyInput {
  /** the key's id */
  readonly id: string;
}

export interface RevokeKeyInput {
  /** the key's id */
  readonly id: string;
}

export interface RotateKeyInput {
  /** the key's id */
  readonly id: string;
  readonly body?: {
    /** how long the former secret holds besides */
    readonly graceSeconds?: number | undefined;
  } | undefined;
}

export interface ListVersionsInput {
  readonly name: string;
}

export type ListVersionsAnswer = {
  readonly items: readonly AgentVersion[];
};

export interface ValidateAgentInput {
  readonly body: {
    /** YAML as a text, or the definition itself */
    readonly definition: string | { readonly [name: string]: JsonValue };
  };
}

export interface ListAuditInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  /** of this run, by its id or its beginning */
  readonly run?: string | undefined;
  /** of this connector, in full */
  readonly connector?: string | undefined;
  /** that ended so: ok, or an error's code */
  readonly outcome?: string | undefined;
  readonly decision?: "allow" | "ask" | "deny" | undefined;
  /** begun then or later; milliseconds since the Unix epoch */
  readonly since?: number | undefined;
  /** begun before */
  readonly until?: number | undefined;
}

export type ListAuditAnswer = {
  readonly items: readonly AuditEntry[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ShowAuditEntryInput {
  /** the call's id, or its beginning */
  readonly id: string;
}

export interface ShowCallLineageInput {
  /** the call's id, or its beginning */
  readonly id: string;
}

export interface ShowRunLineageInput {
  /** the run's id, or its beginning */
  readonly id: string;
}

export interface CheckAuditInput {
  /** POSITION:HASH that was noted elsewhere; may be given again */
  readonly head?: string | readonly string[] | undefined;
}

export type ListBudgetsAnswer = {
  readonly items: readonly Budget[];
};

export interface ListBudgetUsesInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  /** of this budget only */
  readonly budget?: string | undefined;
  /** of this tenant, person or agent only */
  readonly who?: string | undefined;
}

export type ListBudgetUsesAnswer = {
  readonly items: readonly BudgetUse[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export type ListConnectorsAnswer = {
  readonly items: readonly Connector[];
};

export interface ShowConnectorInput {
  /** its id or its name */
  readonly name: string;
}

export type ShowConnectorAnswer = {
  readonly items: readonly Connector[];
};

export interface CheckConnectorsInput {
  readonly body?: {
    /** ids or names; all by default */
    readonly names?: readonly string[] | undefined;
  } | undefined;
}

export type ListBreakersAnswer = {
  readonly items: readonly Breaker[];
};

export interface ForceBreakerInput {
  readonly body: {
    /** the breaker's key, as the list shows it */
    readonly key: string;
    /** `open` lets nothing through */
    readonly state: "open" | "closed";
    /** why; callers are told */
    readonly reason: string;
    /** default: until reset */
    readonly seconds?: number | undefined;
  };
}

export interface ResetBreakerInput {
  readonly body: {
    /** the breaker's key, as the list shows it */
    readonly key: string;
  };
}

export interface RecordSignalInput {
  readonly body: {
    readonly type: "bug" | "incident" | "feedback" | "performance" | "security" | "process";
    readonly severity: "low" | "medium" | "high" | "critical";
    readonly summary: string;
    readonly details?: string | undefined;
    readonly source?: string | undefined;
    readonly context?: { readonly [name: string]: string } | undefined;
    readonly idempotencyKey?: string | undefined;
    readonly at?: number | undefined;
    /** the run that it is about: its id, or the id's beginning */
    readonly run?: string | undefined;
  };
}

export interface ListSignalsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  readonly type?: "bug" | "incident" | "feedback" | "performance" | "security" | "process" | undefined;
  readonly severity?: "low" | "medium" | "high" | "critical" | undefined;
  readonly state?: "open" | "acknowledged" | "resolved" | "dismissed" | undefined;
  /** in full */
  readonly source?: string | undefined;
  /** recorded then or later; milliseconds since the Unix epoch */
  readonly since?: number | undefined;
  /** recorded before */
  readonly until?: number | undefined;
}

export type ListSignalsAnswer = {
  readonly items: readonly Signal[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface RecordSignalsInput {
  readonly body: {
    /** each as in `POST /v1/improvements/learning/signals` */
    readonly signals: readonly { readonly [name: string]: unknown }[];
  };
}

export type RecordSignalsAnswer = {
  readonly items: readonly ({
      readonly index: number;
      /** `repeated` adds to one that was seen before; `known` is a key that was */
      readonly outcome: "recorded" | "repeated" | "known";
      readonly signalId: string;
      readonly intakeId: string | null;
    } | {
      readonly index: number;
      readonly problem: {
        readonly status: number;
        /** what was wrong, and where */
        readonly detail: string;
        /** what programs branch on */
        readonly code: string;
        /** what to do */
        readonly hint?: string;
        /** whether the same request may succeed later */
        readonly retryable: boolean;
        readonly details?: { readonly [name: string]: JsonValue };
      };
    })[];
};

export interface ShowSignalInput {
  /** the record's id, or its beginning */
  readonly id: string;
}

export interface MoveSignalInput {
  /** the record's id, or its beginning */
  readonly id: string;
  readonly body: {
    readonly state: "open" | "acknowledged" | "resolved" | "dismissed";
    /** why, for those who ask later */
    readonly reason: string;
  };
}

export interface SummarizeSignalsInput {
  /** the last days; 30 where neither is given */
  readonly days?: number | undefined;
  /** the last hours, besides the days if both are given */
  readonly hours?: number | undefined;
  /** what `groups` are of */
  readonly by?: "day" | "week" | "type" | "severity" | "source" | undefined;
}

export type CatchUpAnswer = {
  /** how many that gave */
  readonly signals: number;
};

export interface GenerateIntakesInput {
  readonly body?: {
    readonly minSeverity?: "low" | "medium" | "high" | "critical" | undefined;
    /** least quality */
    readonly minScore?: number | undefined;
    /** how many at most; 3 by default */
    readonly limit?: number | undefined;
  } | undefined;
}

export type GenerateIntakesAnswer = {
  readonly items: readonly Intake[];
};

export interface SubmitIntakeInput {
  readonly body: {
    readonly classification: {
      readonly researchType: "external" | "internal" | "competitive" | "user" | "technical";
      readonly category?: string | undefined;
      readonly urgency?: "low" | "medium" | "high" | undefined;
    };
    readonly content: {
      readonly title: string;
      readonly summary?: string | undefined;
      readonly source?: string | undefined;
      readonly sourceDate?: string | undefined;
    };
    readonly relevance?: {
      readonly impactAreas?: readonly string[] | undefined;
      readonly affectedPhases?: readonly string[] | undefined;
      readonly affectedAgents?: readonly string[] | undefined;
      readonly priority?: number | undefined;
    } | undefined;
    /** any JSON object */
    readonly analysis?: { readonly [name: string]: JsonValue } | undefined;
    /** signals that it is about */
    readonly signalIds?: readonly string[] | undefined;
  };
}

export interface ListIntakesInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  readonly state?: "submitted" | "triaged" | "analyzing" | "accepted" | "deferred" | "rejected" | "tracked" | undefined;
  readonly urgency?: "low" | "medium" | "high" | undefined;
  readonly researchType?: "external" | "internal" | "competitive" | "user" | "technical" | undefined;
  /** whether the rules made it of a signal */
  readonly automatic?: "true" | "false" | undefined;
}

export type ListIntakesAnswer = {
  readonly items: readonly Intake[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ShowIntakeInput {
  /** the record's id, or its beginning */
  readonly id: string;
}

export interface UpdateIntakeInput {
  /** the record's id, or its beginning */
  readonly id: string;
  readonly body: {
    /** any JSON object */
    readonly analysis?: { readonly [name: string]: JsonValue } | undefined;
    readonly tracking?: {
      readonly backlogRefs?: readonly string[] | undefined;
      readonly roadmapImpact?: string | undefined;
      readonly implementationTarget?: string | undefined;
    } | undefined;
  };
}

export interface MoveIntakeInput {
  /** the record's id, or its beginning */
  readonly id: string;
  readonly body: {
    readonly state: "submitted" | "triaged" | "analyzing" | "accepted" | "deferred" | "rejected" | "tracked";
    /** why, for those who ask later */
    readonly rationale?: string | undefined;
    /** what is to be done */
    readonly actionItems?: readonly string[] | undefined;
  };
}

export interface RecordLessonInput {
  readonly body: {
    readonly eventType: "success" | "failure" | "observation";
    readonly title: string;
    readonly what?: string | undefined;
    readonly insight?: string | undefined;
    readonly recommendation?: string | undefined;
    readonly actions?: readonly ({
      readonly description: string;
      readonly state?: "pending" | "in_progress" | "completed" | "wont_fix" | undefined;
      readonly owner?: string | null | undefined;
      readonly targetDate?: string | null | undefined;
    })[] | undefined;
    readonly intakeIds?: readonly string[] | undefined;
    readonly signalIds?: readonly string[] | undefined;
  };
}

export interface ListLessonsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  readonly eventType?: "success" | "failure" | "observation" | undefined;
  readonly state?: "open" | "implemented" | undefined;
}

export type ListLessonsAnswer = {
  readonly items: readonly Lesson[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ShowLessonInput {
  /** the record's id, or its beginning */
  readonly id: string;
}

export interface ChangeActionInput {
  /** the record's id, or its beginning */
  readonly id: string;
  /** its place in the lesson, from 0 */
  readonly index: number;
  readonly body: {
    readonly state?: "pending" | "in_progress" | "completed" | "wont_fix" | undefined;
    readonly owner?: string | null | undefined;
    readonly targetDate?: string | null | undefined;
  };
}

export interface VerifyLessonInput {
  /** the record's id, or its beginning */
  readonly id: string;
  readonly body: {
    /** what shows that it worked */
    readonly evidence: string;
  };
}

export interface BeginChecklistInput {
  readonly body: {
    readonly period: "per_release" | "monthly" | "quarterly";
    readonly reference: string;
  };
}

export interface ListChecklistsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  readonly period?: "per_release" | "monthly" | "quarterly" | undefined;
  readonly state?: "open" | "complete" | undefined;
}

export type ListChecklistsAnswer = {
  readonly items: readonly Checklist[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ShowChecklistInput {
  /** the record's id, or its beginning */
  readonly id: string;
}

export interface EvaluateChecklistInput {
  /** the record's id, or its beginning */
  readonly id: string;
}

export interface CompleteItemInput {
  /** the record's id, or its beginning */
  readonly id: string;
  readonly body: {
    /** the item's id: CI-01 */
    readonly item: string;
    /** what was found */
    readonly notes?: string | undefined;
  };
}

export interface ReopenItemInput {
  /** the record's id, or its beginning */
  readonly id: string;
  readonly body: {
    /** the item's id: CI-01 */
    readonly item: string;
  };
}

export type ShowMetricsAnswer = {
  /** null before the first */
  readonly snapshot: MetricSnapshot | null;
};

export interface ListSnapshotsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  /** only those of this period */
  readonly period?: string | undefined;
}

export type ListSnapshotsAnswer = {
  readonly items: readonly MetricSnapshot[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export type ListMetricDefinitionsAnswer = {
  readonly items: readonly MetricDefinition[];
};

export interface ShowSnapshotInput {
  /** the record's id, or its beginning */
  readonly id: string;
}

export interface TakeSnapshotInput {
  readonly body: {
    readonly period: string;
    readonly metrics: readonly ({
      readonly id: string;
      readonly value: number;
      readonly name?: string | undefined;
      readonly unit?: string | undefined;
      readonly polarity?: "higher" | "lower" | undefined;
      readonly target?: number | null | undefined;
      readonly baseline?: number | null | undefined;
    })[];
  };
}

export interface ListMetricValuesInput {
  /** the metric: IM-01, or one of your own */
  readonly id: string;
  readonly limit?: number | undefined;
}

export type ListMetricValuesAnswer = {
  readonly metric: string;
  readonly items: readonly {
    readonly snapshotId: string;
    readonly period: string;
    readonly takenAt: number;
    readonly value: number;
  }[];
};

export interface ShowTrendInput {
  /** the metric: IM-01, or one of your own */
  readonly id: string;
  /** how many values */
  readonly periods?: number | undefined;
}

export interface PlanRefreshInput {
  readonly body: {
    readonly scope: "micro" | "minor" | "major" | "ad_hoc";
    readonly title: string;
    readonly reason?: string | undefined;
    readonly participants?: readonly string[] | undefined;
  };
}

export interface ListRefreshesInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  readonly scope?: "micro" | "minor" | "major" | "ad_hoc" | undefined;
  readonly state?: "planned" | "complete" | undefined;
}

export type ListRefreshesAnswer = {
  readonly items: readonly Refresh[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ShowRefreshInput {
  /** the record's id, or its beginning */
  readonly id: string;
}

export interface CompleteRefreshInput {
  /** the record's id, or its beginning */
  readonly id: string;
  readonly body: {
    /** what was decided */
    readonly outcome: string;
    /** what changed on the roadmap */
    readonly changes?: readonly string[] | undefined;
  };
}

export type ListServersAnswer = {
  readonly items: readonly McpServer[];
};

export interface InspectServersInput {
  readonly body?: {
    /** servers by their names; all of the settings by default */
    readonly names?: readonly string[] | undefined;
  } | undefined;
}

export interface PinServersInput {
  readonly body?: {
    /** servers by their names; all of the settings by default */
    readonly names?: readonly string[] | undefined;
  } | undefined;
}

export interface SearchToolsInput {
  readonly body: {
    readonly query: string;
    readonly limit?: number | undefined;
    /** servers by their names; all of the settings by default */
    readonly names?: readonly string[] | undefined;
  };
}

export type ListEvaluationTasksAnswer = {
  readonly items: readonly EvaluationTask[];
  /** what looks like a task and cannot be tried */
  readonly refused: readonly {
    readonly set: string;
    readonly path: string;
    readonly error: ErrorData;
  }[];
};

export interface ListEvaluationJobsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
}

export type ListEvaluationJobsAnswer = {
  readonly items: readonly EvaluationJob[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface StartEvaluationJobInput {
  readonly body?: {
    /** the time by default */
    readonly name?: string | undefined;
    /** names of folders of tasks in the settings; all of them by default */
    readonly sets?: readonly string[] | undefined;
    /** only tasks of these names, * for any characters */
    readonly include?: readonly string[] | undefined;
    /** no tasks of these names */
    readonly exclude?: readonly string[] | undefined;
    /** `oracle`, `nop`, or agents by name or name@version; the settings' by default */
    readonly agents?: readonly string[] | undefined;
    readonly models?: readonly string[] | undefined;
    readonly efforts?: readonly ("low" | "medium" | "high")[] | undefined;
    readonly skills?: readonly ("none" | "own" | "matched" | "library")[] | undefined;
    /** of each task under each condition */
    readonly trials?: number | undefined;
    /** after the infrastructure failed */
    readonly retries?: number | undefined;
    readonly timeoutMultiplier?: number | undefined;
    /** whether each task is tried with its own solution first; it is by default */
    readonly oracleGate?: boolean | undefined;
    /** whether each is tried with nobody, too */
    readonly nopGate?: boolean | undefined;
    /** of the figures */
    readonly seed?: number | undefined;
    /** trials at once */
    readonly parallel?: number | undefined;
  } | undefined;
}

export interface ShowEvaluationJobInput {
  readonly job: string;
}

export interface ListEvaluationTrialsInput {
  readonly job: string;
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  /** of this task */
  readonly task?: string | undefined;
  readonly state?: "open" | "begun" | "done" | undefined;
}

export type ListEvaluationTrialsAnswer = {
  readonly items: readonly EvaluationTrial[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ResumeEvaluationJobInput {
  readonly job: string;
  readonly body?: {
    /** whether what has no verdict is begun anew, too */
    readonly errors?: boolean | undefined;
    /** trials at once */
    readonly parallel?: number | undefined;
  } | undefined;
}

export interface CancelEvaluationJobInput {
  readonly job: string;
}

export interface ShowEvaluationReportInput {
  readonly job: string;
  /** instead of what the Accept header asks for; JSON by default */
  readonly format?: "markdown" | "html" | "ctrf" | "json" | undefined;
  /** how sure intervals are */
  readonly level?: number | undefined;
  readonly seed?: number | undefined;
  readonly resamples?: number | undefined;
  /** the reward that passes, instead of each trial's own */
  readonly passAt?: string | undefined;
  /** the arm that is not expected to pass, by a part of its name */
  readonly control?: string | undefined;
}

export type ShowEvaluationReportAnswer = string;

export interface CompareEvaluationsInput {
  /** instead of what the Accept header asks for; JSON by default */
  readonly format?: "markdown" | "html" | "ctrf" | "json" | undefined;
  /** how sure intervals are */
  readonly level?: number | undefined;
  readonly seed?: number | undefined;
  readonly resamples?: number | undefined;
  /** the reward that passes, instead of each trial's own */
  readonly passAt?: string | undefined;
  /** the job that is compared with */
  readonly a: string;
  /** the job that is compared */
  readonly b: string;
  /** which condition of the first, by a part of its name */
  readonly first?: string | undefined;
  /** which condition of the second */
  readonly second?: string | undefined;
}

export type CompareEvaluationsAnswer = string;

export interface ShowTrialTrajectoryInput {
  readonly job: string;
  readonly trial: string;
}

export interface ImportEvaluationInput {
  readonly body: {
    readonly text: string;
  };
}

export interface ListGateVerdictsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  /** on this job */
  readonly job?: string | undefined;
  /** the gate's name in the gates file */
  readonly gate?: string | undefined;
  readonly outcome?: "passed" | "warned" | "failed" | undefined;
}

export type ListGateVerdictsAnswer = {
  readonly items: readonly GateVerdictSummary[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ShowGateVerdictInput {
  readonly job: string;
  /** the gate's name in the gates file */
  readonly gate: string;
}

export interface ListGateBaselinesInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  readonly branch?: string | undefined;
}

export type ListGateBaselinesAnswer = {
  readonly items: readonly GateBaselineSummary[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface SaveGateBaselineInput {
  readonly body: {
    readonly job: string;
    readonly branch: string;
  };
}

export interface ShowGateBaselineInput {
  readonly id: string;
}

export interface ListRegressionsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  readonly state?: "new" | "investigating" | "identified" | "fixing" | "resolved" | "wontfix" | undefined;
  /** true: neither resolved nor left as they are */
  readonly open?: "true" | "false" | undefined;
  readonly owner?: string | undefined;
  /** compared with this branch */
  readonly against?: string | undefined;
}

export type ListRegressionsAnswer = {
  readonly items: readonly Regression[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ShowRegressionInput {
  /** the regression's id, or its beginning */
  readonly id: string;
}

export interface TakeRegressionInput {
  /** the regression's id, or its beginning */
  readonly id: string;
  readonly body?: {
    readonly note?: string | undefined;
  } | undefined;
}

export interface TriageRegressionInput {
  /** the regression's id, or its beginning */
  readonly id: string;
  readonly body: {
    readonly state?: "new" | "investigating" | "identified" | "fixing" | "resolved" | "wontfix" | undefined;
    readonly owner?: string | undefined;
    /** the reason; kept in the history */
    readonly note?: string | undefined;
  };
}

export interface ListReleaseSnapshotsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  /** of this commit */
  readonly commit?: string | undefined;
}

export type ListReleaseSnapshotsAnswer = {
  readonly items: readonly ReleaseSnapshotSummary[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ShowReleaseSnapshotInput {
  readonly id: string;
}

export interface CheckReleaseSnapshotInput {
  readonly id: string;
}

export interface ListReleasePacketsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  /** of this commit */
  readonly head?: string | undefined;
  /** made later; milliseconds since the Unix epoch */
  readonly madeAfter?: number | undefined;
}

export type ListReleasePacketsAnswer = {
  readonly items: readonly ReleasePacketSummary[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ShowReleasePacketInput {
  /** the first twelve digits of its commit */
  readonly id: string;
  readonly format?: "json" | "markdown" | undefined;
}

export type ShowReleasePacketAnswer = string;

export interface CheckReleasePacketInput {
  /** the first twelve digits of its commit */
  readonly id: string;
}

export type ReadMetricsAnswer = string;

export interface ListModelsInput {
  /** provider:model; may be given again; those that the settings name by default */
  readonly name?: string | readonly string[] | undefined;
}

export type ListModelsAnswer = {
  readonly items: readonly Model[];
};

export interface CheckModelsInput {
  readonly body?: {
    /** provider:model; those that the settings name by default */
    readonly names?: readonly string[] | undefined;
  } | undefined;
}

export interface ExplainPolicyInput {
  readonly body: {
    /** for example mcp:filesystem, model:anthropic, tool:workspace */
    readonly connector: string;
    readonly operation?: string | undefined;
    readonly effect?: "read" | "write" | "destructive" | "unknown" | undefined;
    readonly repeat?: "safe" | "keyed" | "once" | undefined;
    readonly entryPoint?: "cli" | "api" | "mcp" | undefined;
    readonly tool?: string | undefined;
    /** SHA-256 of the tool's definition */
    readonly toolDigest?: string | undefined;
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    /** orders of strangers that the agent has read by then */
    readonly injection?: "suspected" | "likely" | undefined;
    /** orders to models in the tool's own description */
    readonly toolInjection?: "suspected" | "likely" | undefined;
    readonly args?: { readonly [name: string]: JsonValue } | undefined;
    /** a call of this run: under its policy, with what it has used of limits */
    readonly run?: string | undefined;
    /** the call's name in its run, as turn-3-call-0 */
    readonly logicalCallId?: string | undefined;
    /** most that it would use */
    readonly tokens?: number | undefined;
    /** most that it would cost */
    readonly costMicroUsd?: number | undefined;
  };
}

export interface ShowPackInput {
  readonly name: string;
}

export interface LintPacksInput {
  readonly body?: {
    readonly packs?: readonly {
      /** the pack, in YAML */
      readonly text: string;
    }[] | undefined;
  } | undefined;
}

export interface TestPolicyInput {
  readonly body: {
    readonly packs?: readonly {
      /** the pack, in YAML */
      readonly text: string;
    }[] | undefined;
    /** packs that apply together */
    readonly policy?: readonly string[] | undefined;
    readonly cases: readonly ({
      readonly name?: string | undefined;
      readonly call: {
        readonly connector: string;
        readonly operation?: string | undefined;
        readonly effect?: "read" | "write" | "destructive" | "unknown" | undefined;
        readonly repeat?: "safe" | "keyed" | "once" | undefined;
        readonly tool?: string | undefined;
        readonly toolDigest?: string | undefined;
        readonly host?: string | undefined;
        readonly address?: string | undefined;
        readonly port?: number | undefined;
        readonly injection?: "suspected" | "likely" | undefined;
        readonly toolInjection?: "suspected" | "likely" | undefined;
        readonly private?: boolean | undefined;
        readonly args?: { readonly [name: string]: JsonValue } | undefined;
        readonly user?: string | undefined;
        readonly agent?: string | undefined;
      };
      readonly expect: {
        readonly effect: "allow" | "ask" | "deny";
        readonly rule?: string | undefined;
        readonly limits?: readonly string[] | undefined;
      };
    })[];
  };
}

export type ListSecretsAnswer = {
  readonly items: readonly StoredSecret[];
};

export interface KeepSecretInput {
  readonly body: {
    readonly name: string;
    /** never given out again */
    readonly value: string;
  };
}

export interface RotateSecretInput {
  /** the secret's name */
  readonly name: string;
  readonly body: {
    /** never given out again */
    readonly value: string;
  };
}

export interface RemoveSecretInput {
  /** the secret's name */
  readonly name: string;
}

export interface DiffPoliciesInput {
  readonly body?: {
    /** packs that apply together; without any, the policy of the settings */
    readonly before?: {
      /** names of packs that the settings can select */
      readonly packs?: readonly string[] | undefined;
      /** packs as text; each stands in for the one of its name */
      readonly sent?: readonly {
        /** the pack, in YAML */
        readonly text: string;
      }[] | undefined;
    } | undefined;
    /** packs that apply together; without any, the policy of the settings */
    readonly after?: {
      /** names of packs that the settings can select */
      readonly packs?: readonly string[] | undefined;
      /** packs as text; each stands in for the one of its name */
      readonly sent?: readonly {
        /** the pack, in YAML */
        readonly text: string;
      }[] | undefined;
    } | undefined;
  } | undefined;
}

export interface ReplayPoliciesInput {
  readonly body?: {
    /** packs that apply together; without any, the policy of the settings */
    readonly before?: {
      /** names of packs that the settings can select */
      readonly packs?: readonly string[] | undefined;
      /** packs as text; each stands in for the one of its name */
      readonly sent?: readonly {
        /** the pack, in YAML */
        readonly text: string;
      }[] | undefined;
    } | undefined;
    /** packs that apply together; without any, the policy of the settings */
    readonly after?: {
      /** names of packs that the settings can select */
      readonly packs?: readonly string[] | undefined;
      /** packs as text; each stands in for the one of its name */
      readonly sent?: readonly {
        /** the pack, in YAML */
        readonly text: string;
      }[] | undefined;
    } | undefined;
  } | undefined;
}

export interface ImportPolicyInput {
  readonly body: {
    readonly source: "claude-code" | "cedar";
    /** a settings.json with permissions, or Cedar policies */
    readonly text: string;
    /** of the pack; the source's by default */
    readonly name?: string | undefined;
  };
}

export interface ListPolicyOperationsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
}

export type ListPolicyOperationsAnswer = {
  readonly items: readonly Operation[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ShowPolicyOperationInput {
  readonly id: string;
}

export interface CancelPolicyOperationInput {
  readonly id: string;
}

export interface ListDecisionsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
  readonly tier?: "low" | "medium" | "high" | undefined;
  /** who decided */
  readonly source?: string | undefined;
  /** in full */
  readonly model?: string | undefined;
  /** name@version */
  readonly agent?: string | undefined;
  /** runs that began then or later; milliseconds since the Unix epoch */
  readonly since?: number | undefined;
  /** runs that began before */
  readonly until?: number | undefined;
}

export type ListDecisionsAnswer = {
  readonly items: readonly RoutingDecision[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ExplainRoutingInput {
  readonly body?: {
    /** what is to be done, in words */
    readonly task?: string | undefined;
    /** what the agent's definition says that it takes, instead of `task` */
    readonly inputs?: { readonly [name: string]: JsonValue } | undefined;
    /** name or name@version; the settings' by default */
    readonly agent?: string | undefined;
    /** provider:model */
    readonly model?: string | undefined;
    readonly effort?: "low" | "medium" | "high" | undefined;
    /** what the work is about */
    readonly domain?: string | undefined;
    /** `once`: one turn, without tools */
    readonly mode?: "iterative" | "once" | undefined;
  } | undefined;
}

export type ListSettingsAnswer = {
  readonly items: readonly Setting[];
};

export type ExamineMachineAnswer = {
  readonly ok: boolean;
  readonly findings: readonly DoctorFinding[];
};

export interface ApplyRetentionInput {
  readonly body?: {
    /** whether it is only said what would go */
    readonly dryRun?: boolean | undefined;
  } | undefined;
}

export type ListSkillsAnswer = {
  readonly items: readonly Skill[];
  readonly notices: readonly SkillNotice[];
};

export interface AddSkillsInput {
  readonly body: {
    /** a .zip, .skill, .tar or .tar.gz of skills, in Base64; serve.maxBodyKilobytes holds */
    readonly archive: string;
    /** what it is called; a skill at its root takes its folder's name from it */
    readonly fileName?: string | undefined;
    /** only these of its skills */
    readonly names?: readonly string[] | undefined;
    /** whether skills that are there may give way */
    readonly replace?: boolean | undefined;
  };
}

export interface ValidateSkillsInput {
  /** `lenient` tells what a run would put up with */
  readonly how?: "strict" | "lenient" | undefined;
}

export interface ShowSkillInput {
  readonly name: string;
}

export interface RemoveSkillInput {
  readonly name: string;
}

export interface ValidateArchiveInput {
  readonly body: {
    /** a .zip, .skill, .tar or .tar.gz of skills, in Base64; serve.maxBodyKilobytes holds */
    readonly archive: string;
    /** what it is called; a skill at its root takes its folder's name from it */
    readonly fileName?: string | undefined;
    /** `lenient` tells what a run would put up with */
    readonly how?: "strict" | "lenient" | undefined;
  };
}

export interface MatchSkillsInput {
  readonly body: {
    readonly task: string;
    /** skills at most */
    readonly top?: number | undefined;
    /** the model that is asked, null for none; default: that of the settings */
    readonly model?: string | null | undefined;
  };
}

export interface PreviewSkillsInput {
  readonly body: {
    /** a .zip, .skill, .tar or .tar.gz of skills, in Base64; serve.maxBodyKilobytes holds */
    readonly archive: string;
    /** what it is called; a skill at its root takes its folder's name from it */
    readonly fileName?: string | undefined;
    /** only these of its skills */
    readonly names?: readonly string[] | undefined;
  };
}

export interface PinSkillsInput {
  readonly body?: {
    /** all that runs get by default */
    readonly names?: readonly string[] | undefined;
  } | undefined;
}

export type PinSkillsAnswer = {
  readonly items: readonly Skill[];
};

export interface ShowSpendInput {
  /** calls that began then or later; milliseconds since the Unix epoch */
  readonly since?: number | undefined;
  /** calls that began before */
  readonly until?: number | undefined;
  /** what calls are put together by; may be given again, three at most */
  readonly by?: "tenant" | "model" | "effort" | "outcome" | "connector" | readonly ("tenant" | "model" | "effort" | "outcome" | "connector")[] | undefined;
  /** each group as a series of these, too */
  readonly every?: "hour" | "day" | undefined;
  /** of this tenant only */
  readonly tenant?: string | undefined;
  /** of this model only: provider:model */
  readonly model?: string | undefined;
  readonly effort?: string | undefined;
  /** that ended so: ok, or an error's code */
  readonly outcome?: string | undefined;
  readonly connector?: string | undefined;
  /** groups at most */
  readonly limit?: number | undefined;
}

export interface ShowStoreInput {
  /** whether rows are counted, table by table */
  readonly rows?: "no" | "yes" | undefined;
}

export interface ListBackupsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
}

export type ListBackupsAnswer = {
  readonly items: readonly Backup[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface VerifyBackupsInput {
  readonly body?: {
    /** its id, the beginning of one, or its kind for the newest of it; all by default */
    readonly backup?: string | undefined;
  } | undefined;
}

export interface ListRecoveriesInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
}

export type ListRecoveriesAnswer = {
  readonly items: readonly StoreRecovery[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ListQuarantineInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
}

export type ListQuarantineAnswer = {
  readonly items: readonly QuarantineItem[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ShowQuarantinedInput {
  readonly id: string;
}

export interface RecountStoreInput {
  readonly body?: {
    /** whether it is only said where they are wrong */
    readonly dryRun?: boolean | undefined;
  } | undefined;
}

export interface ListStoreOperationsInput {
  /** how many at most */
  readonly limit?: number | undefined;
  /** nextCursor of the page before */
  readonly cursor?: string | undefined;
}

export type ListStoreOperationsAnswer = {
  readonly items: readonly Operation[];
  /** goes into `cursor` for the next page */
  readonly nextCursor: string | null;
  /** what is there and cannot be read, each with what is wrong */
  readonly damaged?: readonly string[];
};

export interface ShowStoreOperationInput {
  readonly id: string;
}

export interface CancelStoreOperationInput {
  readonly id: string;
}

/** Every operation of the API. */
export interface Operations {
  /**
   * List agent definitions, each version of them.
   * `GET /v1/agents`, scope `agents:read`.
   */
  readonly listAgents: Call<NoInput | undefined, Result<ListAgentsAnswer>>;
  /**
   * Look at an agent's definition, with what it leaves out.
   * `GET /v1/agents/{name}`, scope `agents:read`.
   */
  readonly showAgent: Call<ShowAgentInput, Result<ShowAgentAnswer>>;
  /**
   * Ask an agent once, as a function from JSON to JSON.
   * It has one turn, without tools. What it did is the log of the run.
   * `POST /v1/agents/{name}/invoke`, scope `agents:invoke`.
   */
  readonly invokeAgent: Call<InvokeAgentInput, Result<InvokeResult>>;
  /**
   * Let an agent work with tools and checks until it is done.
   * `POST /v1/agents/{name}/invoke-iterative`, scope `agents:invoke`.
   */
  readonly invokeAgentIteratively: Call<InvokeAgentIterativelyInput, Result<InvokeResult>>;
  /**
   * List runs, newest first.
   * `GET /v1/runs`, scope `runs:read`.
   */
  readonly listRuns: Call<ListRunsInput | undefined, Result<ListRunsAnswer>>;
  /**
   * Start a run.
   * It is written down at once and worked on in the background; follow its events.
   * `POST /v1/runs`, scope `runs:write`.
   */
  readonly startRun: Call<StartRunInput | undefined, Result<Run>>;
  /**
   * Look at a run.
   * `GET /v1/runs/{id}`, scope `runs:read`.
   */
  readonly showRun: Call<ShowRunInput, Result<Run>>;
  /**
   * Follow a run's events.
   * Server-sent events, from the beginning or after the place in `after` or `Last-Event-ID`. The id of each is its `seq`, which has no gaps. The stream ends with the run; after its last event the answer is 204.
   * `GET /v1/runs/{id}/events`, scope `runs:read`.
   */
  readonly followRun: Follow<FollowRunInput, RunEvent>;
  /**
   * Say something to a run's agent.
   * `steering` is heard after the step that the agent is at, `follow_up` when it would stop. The same key twice is one message.
   * `POST /v1/runs/{id}/messages`, scope `runs:write`.
   */
  readonly sendMessage: Call<SendMessageInput, Result<SendMessageAnswer>>;
  /**
   * Ask a run to stop.
   * It stops at its next step; one that nobody works on is cancelled at once.
   * `POST /v1/runs/{id}/cancel`, scope `runs:write`.
   */
  readonly cancelRun: Call<CancelRunInput, Result<Run>>;
  /**
   * Take a run up again.
   * For one that is parked or was interrupted. It goes on in the background.
   * `POST /v1/runs/{id}/resume`, scope `runs:write`.
   */
  readonly resumeRun: Call<ResumeRunInput, Result<Run>>;
  /**
   * Replay a run.
   * Makes a run that plays what models and people said again, and makes the calls anew. Its report is under `/v1/runs/{id}/report` of the new run.
   * `POST /v1/runs/{id}/replay`, scope `runs:write`.
   */
  readonly replayRun: Call<ReplayRunInput, Result<Run>>;
  /**
   * Look at what a replay found so far.
   * `GET /v1/runs/{id}/report`, scope `runs:read`.
   */
  readonly showReplayReport: Call<ShowReplayReportInput, Result<ReplayReport>>;
  /**
   * Look at what a run leaves to whoever goes on with its work.
   * `GET /v1/runs/{id}/handoff`, scope `runs:read`.
   */
  readonly showHandoff: Call<ShowHandoffInput, Result<Handoff>>;
  /**
   * Look at a run's log as a trace.
   * As a collector takes it: an export request of the OpenTelemetry protocol in JSON. Of a run that goes on it has what is over.
   * `GET /v1/runs/{id}/trace`, scope `runs:read`.
   */
  readonly showRunTrace: Call<ShowRunTraceInput, Result<OtlpTrace>>;
  /**
   * Look at a run's log as a trajectory (ATIF v1.7).
   * `GET /v1/runs/{id}/trajectory`, scope `runs:read`.
   */
  readonly showRunTrajectory: Call<ShowRunTrajectoryInput, Result<Trajectory>>;
  /**
   * List silences, newest first.
   * `GET /v1/alerts/silences`, scope `alerts:read`.
   */
  readonly listAlertSilences: Call<ListAlertSilencesInput | undefined, Result<ListAlertSilencesAnswer>>;
  /**
   * Tell nobody of some alerts for a time.
   * `POST /v1/alerts/silences`, scope `alerts:write`.
   */
  readonly createAlertSilence: Call<CreateAlertSilenceInput, Result<AlertSilence>>;
  /**
   * Look at a silence.
   * `GET /v1/alerts/silences/{id}`, scope `alerts:read`.
   */
  readonly showAlertSilence: Call<ShowAlertSilenceInput, Result<AlertSilence>>;
  /**
   * End a silence now.
   * `DELETE /v1/alerts/silences/{id}`, scope `alerts:write`.
   */
  readonly endAlertSilence: Call<EndAlertSilenceInput, Result<AlertSilence>>;
  /**
   * List alerts, newest first.
   * `GET /v1/alerts`, scope `alerts:read`.
   */
  readonly listAlerts: Call<ListAlertsInput | undefined, Result<ListAlertsAnswer>>;
  /**
   * List the alerts that are on, with their owners and thresholds.
   * `GET /v1/alerts/rules`, scope `alerts:read`.
   */
  readonly listAlertRules: Call<NoInput | undefined, Result<ListAlertRulesAnswer>>;
  /**
   * List what became of alerts, newest first.
   * `GET /v1/alerts/history`, scope `alerts:read`.
   */
  readonly listAlertHistory: Call<ListAlertHistoryInput | undefined, Result<ListAlertHistoryAnswer>>;
  /**
   * Get the rules for Prometheus and the routes for Alertmanager.
   * `GET /v1/alerts/files`, scope `alerts:write`.
   */
  readonly exportAlertRules: Call<NoInput | undefined, Result<ExportAlertRulesAnswer>>;
  /**
   * Look at all alerts now, and tell of them.
   * `POST /v1/alerts/check`, scope `alerts:write`.
   */
  readonly checkAlerts: Call<NoInput | undefined, Result<CheckAlertsAnswer>>;
  /**
   * Look at an alert: who was told, what became of it.
   * `GET /v1/alerts/{id}`, scope `alerts:read`.
   */
  readonly showAlert: Call<ShowAlertInput, Result<ShowAlertAnswer>>;
  /**
   * Take an alert on: it is not told again while it fires.
   * `POST /v1/alerts/{id}/acknowledge`, scope `alerts:write`.
   */
  readonly acknowledgeAlert: Call<AcknowledgeAlertInput, Result<Alert>>;
  /**
   * Give an alert back: it is told again.
   * `POST /v1/alerts/{id}/unacknowledge`, scope `alerts:write`.
   */
  readonly unacknowledgeAlert: Call<UnacknowledgeAlertInput, Result<Alert>>;
  /**
   * List questions to people, oldest first.
   * `GET /v1/approvals`, scope `approvals:read`.
   */
  readonly listApprovals: Call<ListApprovalsInput | undefined, Result<ListApprovalsAnswer>>;
  /**
   * Look at a question, with what a server asks where one does.
   * `GET /v1/approvals/{id}`, scope `approvals:read`.
   */
  readonly showApproval: Call<ShowApprovalInput, Result<ShowApprovalAnswer>>;
  /**
   * Allow one call.
   * The same answer twice is one, with the note of the first. The run that waits for it goes on.
   * `POST /v1/approvals/{id}/approve`, scope `approvals:decide`.
   */
  readonly approveCall: Call<ApproveCallInput, Result<ApproveCallAnswer>>;
  /**
   * Refuse one call.
   * The same answer twice is one, with the note of the first. The run that waits for it goes on.
   * `POST /v1/approvals/{id}/deny`, scope `approvals:decide`.
   */
  readonly denyCall: Call<DenyCallInput, Result<DenyCallAnswer>>;
  /**
   * Answer what an MCP server asked.
   * `POST /v1/approvals/{id}/answer`, scope `approvals:decide`.
   */
  readonly answerQuestion: Call<AnswerQuestionInput, Result<AnswerQuestionAnswer>>;
  /**
   * List API keys, newest first.
   * `GET /v1/keys`, scope `keys:read`.
   */
  readonly listKeys: Call<ListKeysInput | undefined, Result<ListKeysAnswer>>;
  /**
   * Make an API key.
   * `POST /v1/keys`, scope `keys:write`.
   */
  readonly createKey: Call<CreateKeyInput, Result<MadeApiKey>>;
  /**
   * Look at an API key.
   * `GET /v1/keys/{id}`, scope `keys:read`.
   */
  readonly showKey: Call<ShowKeyInput, Result<ApiKey>>;
  /**
   * End an API key at once and for good.
   * `DELETE /v1/keys/{id}`, scope `keys:write`.
   */
  readonly revokeKey: Call<RevokeKeyInput, Result<ApiKey>>;
  /**
   * Give an API key another secret.
   * `POST /v1/keys/{id}/rotate`, scope `keys:write`.
   */
  readonly rotateKey: Call<RotateKeyInput, Result<MadeApiKey>>;
  /**
   * List the versions of an agent's definition.
   * `GET /v1/agents/{name}/versions`, scope `agents:read`.
   */
  readonly listVersions: Call<ListVersionsInput, Result<ListVersionsAnswer>>;
  /**
   * See whether a definition is one.
   * With all that is wrong, each with its line. Nothing is kept.
   * `POST /v1/agents/validate`, scope `agents:read`.
   */
  readonly validateAgent: Call<ValidateAgentInput, Result<AgentCheck>>;
  /**
   * List calls, the last written first.
   * Denied ones too, and what was changed by the API. Reads are written up to a second late.
   * `GET /v1/audit`, scope `audit:read`.
   */
  readonly listAudit: Call<ListAuditInput | undefined, Result<ListAuditAnswer>>;
  /**
   * Look at one call.
   * `GET /v1/audit/calls/{id}`, scope `audit:read`.
   */
  readonly showAuditEntry: Call<ShowAuditEntryInput, Result<AuditEntry>>;
  /**
   * See what led to a call, and what came of it.
   * Made of the audit, the log of the call's run and what was learned. It names things and has nothing of what was said; `unknown` says what cannot be derived.
   * `GET /v1/audit/calls/{id}/lineage`, scope `audit:read`.
   */
  readonly showCallLineage: Call<ShowCallLineageInput, Result<Lineage>>;
  /**
   * See what led to a run, and what came of it.
   * The words, the attempt before it or the run that it replays; then agents, questions, files, the next attempt, and what was learned.
   * `GET /v1/runs/{id}/lineage`, scope `runs:read`.
   */
  readonly showRunLineage: Call<ShowRunLineageInput, Result<Lineage>>;
  /**
   * Find every record that is not what it was.
   * Changed, removed, inserted, reordered or cut off. Goes through the whole chain. Keep the `end` elsewhere and give it in `head` later: it shows a chain that was made anew. Files with heads and keys are given to `agent33 audit verify`, which looks at an export anywhere.
   * `GET /v1/audit/check`, scope `audit:read`.
   */
  readonly checkAudit: Call<CheckAuditInput | undefined, Result<AuditCheck>>;
  /**
   * Take the whole audit away.
   * With its chain and public key, so that `agent33 audit verify --file` can check it anywhere. The end of the chain is signed for it.
   * `POST /v1/audit/export`, scope `audit:export`.
   */
  readonly exportAudit: Call<NoInput | undefined, Result<AsyncIterable<AuditLine>>>;
  /**
   * List the budgets, and what is used of each in the period that goes on.
   * They are set under `budgets` in the settings. A budget that nobody has used in its period has no uses.
   * `GET /v1/budgets`, scope `budgets:read`.
   */
  readonly listBudgets: Call<NoInput | undefined, Result<ListBudgetsAnswer>>;
  /**
   * List what was used of budgets, period by period, the newest first.
   * Of the own tenant. Budgets that the settings no longer have are among them.
   * `GET /v1/budgets/uses`, scope `budgets:read`.
   */
  readonly listBudgetUses: Call<ListBudgetUsesInput | undefined, Result<ListBudgetUsesAnswer>>;
  /**
   * List everything that a run could go out through.
   * With what policy says of it, and how it stands. Nothing is called. Connectors are added and imported on the server only: the settings' file names programs of its machine and the variables of secrets.
   * `GET /v1/connectors`, scope `connectors:read`.
   */
  readonly listConnectors: Call<NoInput | undefined, Result<ListConnectorsAnswer>>;
  /**
   * Look at one of them.
   * A name can stand for several, as a model and a server of that name.
   * `GET /v1/connectors/{name}`, scope `connectors:read`.
   */
  readonly showConnector: Call<ShowConnectorInput, Result<ShowConnectorAnswer>>;
  /**
   * See whether connectors work.
   * By a call of each that changes nothing over there. Servers that are programs are started and ended.
   * `POST /v1/connectors/check`, scope `connectors:write`.
   */
  readonly checkConnectors: Call<CheckConnectorsInput | undefined, Result<ConnectorChecks>>;
  /**
   * List circuit breakers that have been used or forced.
   * `GET /v1/breakers`, scope `connectors:read`.
   */
  readonly listBreakers: Call<NoInput | undefined, Result<ListBreakersAnswer>>;
  /**
   * Open or close a breaker, whatever it has seen.
   * In every process that shares the store, for this tenant's calls.
   * `POST /v1/breakers/force`, scope `connectors:write`.
   */
  readonly forceBreaker: Call<ForceBreakerInput, Result<ForcedBreaker>>;
  /**
   * Take back what was forced, and forget what failed.
   * `POST /v1/breakers/reset`, scope `connectors:write`.
   */
  readonly resetBreaker: Call<ResetBreakerInput, Result<ResetBreaker>>;
  /**
   * Record something that was seen.
   * A signal like one that was seen a short while ago counts to that one, and one with a key that was used before changes nothing: `outcome` says so. Grave ones get an intake at once, as `learning.automaticIntakes` says.
   * `POST /v1/improvements/learning/signals`, scope `learning:write`.
   */
  readonly recordSignal: Call<RecordSignalInput, Result<RecordedSignal>>;
  /**
   * List signals, newest first.
   * What runs have taught since somebody last looked is read with `POST /v1/improvements/learning/catch-up`.
   * `GET /v1/improvements/learning/signals`, scope `learning:read`.
   */
  readonly listSignals: Call<ListSignalsInput | undefined, Result<ListSignalsAnswer>>;
  /**
   * Record many signals, each judged alone.
   * What came of each is in `items`, in their order. With an `idempotencyKey` a signal may be handed over again.
   * `POST /v1/improvements/learning/signals/batch`, scope `learning:write`.
   */
  readonly recordSignals: Call<RecordSignalsInput, Result<RecordSignalsAnswer>>;
  /**
   * Look at a signal.
   * `GET /v1/improvements/learning/signals/{id}`, scope `learning:read`.
   */
  readonly showSignal: Call<ShowSignalInput, Result<Signal>>;
  /**
   * Say what becomes of a signal.
   * What was closed can be opened again. Who did it and why is kept.
   * `POST /v1/improvements/learning/signals/{id}/transition`, scope `learning:write`.
   */
  readonly moveSignal: Call<MoveSignalInput, Result<Signal>>;
  /**
   * See how many signals there were, of what kind, and whether they become more.
   * All that was recorded in the window counts. It makes no intakes.
   * `GET /v1/improvements/learning/summary`, scope `learning:read`.
   */
  readonly summarizeSignals: Call<SummarizeSignalsInput | undefined, Result<SignalSummary>>;
  /**
   * Read what runs have taught since somebody last looked.
   * Runs that end here are read by themselves; this is for those whose process died, or that ended while the team's store was away.
   * `POST /v1/improvements/learning/catch-up`, scope `learning:write`.
   */
  readonly catchUp: Call<NoInput | undefined, Result<CatchUpAnswer>>;
  /**
   * Make intakes of the gravest signals that have none.
   * What runs have taught is read first. Asked twice, it makes none the second time. The settings' `learning.automaticIntakes` hold where nothing else is said.
   * `POST /v1/improvements/learning/intakes`, scope `learning:write`.
   */
  readonly generateIntakes: Call<GenerateIntakesInput | undefined, Result<GenerateIntakesAnswer>>;
  /**
   * See how much there is of what was learned, and how far it is.
   * `GET /v1/improvements/analytics`, scope `learning:read`.
   */
  readonly showOverview: Call<NoInput | undefined, Result<LearningOverview>>;
  /**
   * Submit something to look into and decide on.
   * With an `Idempotency-Key` header it is made once, however often it is asked for; the same key with other contents is a conflict.
   * `POST /v1/improvements/intakes`, scope `learning:write`.
   */
  readonly submitIntake: Call<SubmitIntakeInput, Result<Intake>>;
  /**
   * List intakes, newest first.
   * `GET /v1/improvements/intakes`, scope `learning:read`.
   */
  readonly listIntakes: Call<ListIntakesInput | undefined, Result<ListIntakesAnswer>>;
  /**
   * Look at an intake, its signals and its history.
   * `GET /v1/improvements/intakes/{id}`, scope `learning:read`.
   */
  readonly showIntake: Call<ShowIntakeInput, Result<Intake>>;
  /**
   * Note what was found out about an intake, and what became of it.
   * An analysis takes the place of the one before; of the tracking, only what is given changes.
   * `PATCH /v1/improvements/intakes/{id}`, scope `learning:write`.
   */
  readonly updateIntake: Call<UpdateIntakeInput, Result<Intake>>;
  /**
   * Take an intake to its next state.
   * Who decided, when and why is kept. The problem names the states that it can take.
   * `POST /v1/improvements/intakes/{id}/transition`, scope `learning:write`.
   */
  readonly moveIntake: Call<MoveIntakeInput, Result<Intake>>;
  /**
   * Record what something that happened teaches.
   * With an `Idempotency-Key` header it is made once, however often it is asked for; the same key with other contents is a conflict.
   * `POST /v1/improvements/lessons`, scope `learning:write`.
   */
  readonly recordLesson: Call<RecordLessonInput, Result<Lesson>>;
  /**
   * List lessons, newest first.
   * `GET /v1/improvements/lessons`, scope `learning:read`.
   */
  readonly listLessons: Call<ListLessonsInput | undefined, Result<ListLessonsAnswer>>;
  /**
   * Look at a lesson and its actions.
   * `GET /v1/improvements/lessons/{id}`, scope `learning:read`.
   */
  readonly showLesson: Call<ShowLessonInput, Result<Lesson>>;
  /**
   * Say how far one of a lesson's actions is.
   * Null takes an owner or a day away.
   * `PATCH /v1/improvements/lessons/{id}/actions/{index}`, scope `learning:write`.
   */
  readonly changeAction: Call<ChangeActionInput, Result<Lesson>>;
  /**
   * Close a lesson whose actions are done or given up.
   * `POST /v1/improvements/lessons/{id}/verify`, scope `learning:write`.
   */
  readonly verifyLesson: Call<VerifyLessonInput, Result<Lesson>>;
  /**
   * Begin a checklist.
   * There is one for each period and reference; the problem names the one there is.
   * `POST /v1/improvements/checklists`, scope `learning:write`.
   */
  readonly beginChecklist: Call<BeginChecklistInput, Result<Checklist>>;
  /**
   * List checklists, newest first.
   * `GET /v1/improvements/checklists`, scope `learning:read`.
   */
  readonly listChecklists: Call<ListChecklistsInput | undefined, Result<ListChecklistsAnswer>>;
  /**
   * Look at a checklist, item by item.
   * `GET /v1/improvements/checklists/{id}`, scope `learning:read`.
   */
  readonly showChecklist: Call<ShowChecklistInput, Result<Checklist>>;
  /**
   * See what is left to do of a checklist.
   * `GET /v1/improvements/checklists/{id}/evaluate`, scope `learning:read`.
   */
  readonly evaluateChecklist: Call<EvaluateChecklistInput, Result<ChecklistEvaluation>>;
  /**
   * Tick an item off.
   * One that is done keeps who did it first.
   * `POST /v1/improvements/checklists/{id}/complete`, scope `learning:write`.
   */
  readonly completeItem: Call<CompleteItemInput, Result<Checklist>>;
  /**
   * Take a tick back.
   * `POST /v1/improvements/checklists/{id}/reopen`, scope `learning:write`.
   */
  readonly reopenItem: Call<ReopenItemInput, Result<Checklist>>;
  /**
   * Look at the newest snapshot of the metrics.
   * `GET /v1/improvements/metrics`, scope `learning:read`.
   */
  readonly showMetrics: Call<NoInput | undefined, Result<ShowMetricsAnswer>>;
  /**
   * List snapshots of the metrics, newest first.
   * `GET /v1/improvements/metrics/history`, scope `learning:read`.
   */
  readonly listSnapshots: Call<ListSnapshotsInput | undefined, Result<ListSnapshotsAnswer>>;
  /**
   * See what each metric means.
   * Those built in, and those of the newest snapshot.
   * `GET /v1/improvements/metrics/definitions`, scope `learning:read`.
   */
  readonly listMetricDefinitions: Call<NoInput | undefined, Result<ListMetricDefinitionsAnswer>>;
  /**
   * Look at one snapshot.
   * `GET /v1/improvements/metrics/history/{id}`, scope `learning:read`.
   */
  readonly showSnapshot: Call<ShowSnapshotInput, Result<MetricSnapshot>>;
  /**
   * Note what metrics stand at.
   * The first value of a metric of your own declares it, with its unit and polarity. With an `Idempotency-Key` header it is made once, however often it is asked for; the same key with other contents is a conflict.
   * `POST /v1/improvements/metrics/snapshot`, scope `learning:write`.
   */
  readonly takeSnapshot: Call<TakeSnapshotInput, Result<MetricSnapshot>>;
  /**
   * List the values of a metric, newest first.
   * `GET /v1/improvements/metrics/values/{id}`, scope `learning:read`.
   */
  readonly listMetricValues: Call<ListMetricValuesInput, Result<ListMetricValuesAnswer>>;
  /**
   * See whether a metric improves.
   * The mean of the older half of its last values against that of the newer half; which way is better is the metric's polarity.
   * `GET /v1/improvements/metrics/trend/{id}`, scope `learning:read`.
   */
  readonly showTrend: Call<ShowTrendInput, Result<MetricTrend>>;
  /**
   * Plan a look at the roadmap in the light of what was learned.
   * With an `Idempotency-Key` header it is made once, however often it is asked for; the same key with other contents is a conflict.
   * `POST /v1/improvements/refreshes`, scope `learning:write`.
   */
  readonly planRefresh: Call<PlanRefreshInput, Result<Refresh>>;
  /**
   * List refreshes of the roadmap, newest first.
   * `GET /v1/improvements/refreshes`, scope `learning:read`.
   */
  readonly listRefreshes: Call<ListRefreshesInput | undefined, Result<ListRefreshesAnswer>>;
  /**
   * Look at a refresh and what came of it.
   * `GET /v1/improvements/refreshes/{id}`, scope `learning:read`.
   */
  readonly showRefresh: Call<ShowRefreshInput, Result<Refresh>>;
  /**
   * Note what came of a refresh.
   * `POST /v1/improvements/refreshes/{id}/complete`, scope `learning:write`.
   */
  readonly completeRefresh: Call<CompleteRefreshInput, Result<Refresh>>;
  /**
   * List the MCP servers of the settings.
   * None is started or asked. Their commands, addresses and keys stay in the settings. Logging in to one is done on the server's machine, where the page is opened that ends it.
   * `GET /v1/mcp/servers`, scope `connectors:read`.
   */
  readonly listServers: Call<NoInput | undefined, Result<ListServersAnswer>>;
  /**
   * Ask servers what they offer now.
   * Servers that are programs are started and ended.
   * `POST /v1/mcp/inspect`, scope `connectors:write`.
   */
  readonly inspectServers: Call<InspectServersInput | undefined, Result<McpInspection>>;
  /**
   * Take servers' tools for good as they are.
   * From then on a changed one asks. The lock file belongs to the installation.
   * `POST /v1/mcp/pin`, scope `connectors:write`.
   */
  readonly pinServers: Call<PinServersInput | undefined, Result<McpInspection>>;
  /**
   * Find tools of servers by what they do.
   * As a run's `find_tools` ranks them. The servers are asked what they offer, and programs among them started for it.
   * `POST /v1/tools/search`, scope `connectors:write`.
   */
  readonly searchTools: Call<SearchToolsInput, Result<FoundTools>>;
  /**
   * List the tasks that agents may be tried on.
   * Those of the folders that the settings name under `serve.evaluations.tasks`.
   * `GET /v1/evaluations/tasks`, scope `evaluations:read`.
   */
  readonly listEvaluationTasks: Call<NoInput | undefined, Result<ListEvaluationTasksAnswer>>;
  /**
   * List jobs of trials and how far they are, newest first.
   * Those in the folder `serve.evaluations.jobs`, whoever made them.
   * `GET /v1/evaluations/jobs`, scope `evaluations:read`.
   */
  readonly listEvaluationJobs: Call<ListEvaluationJobsInput | undefined, Result<ListEvaluationJobsAnswer>>;
  /**
   * Try agents on tasks, every task under every condition.
   * It is written down at once and worked on in the background, where the settings say. What is worked on ends with the server and is resumed by `resume`.
   * `POST /v1/evaluations/jobs`, scope `evaluations:write`.
   */
  readonly startEvaluationJob: Call<StartEvaluationJobInput | undefined, Result<EvaluationJob>>;
  /**
   * Look at a job and how far it is.
   * `GET /v1/evaluations/jobs/{job}`, scope `evaluations:read`.
   */
  readonly showEvaluationJob: Call<ShowEvaluationJobInput, Result<EvaluationJob>>;
  /**
   * List a job's trials, in the order in which they begin.
   * `GET /v1/evaluations/jobs/{job}/trials`, scope `evaluations:read`.
   */
  readonly listEvaluationTrials: Call<ListEvaluationTrialsInput, Result<ListEvaluationTrialsAnswer>>;
  /**
   * Go on with a job that was stopped.
   * What has its result is left alone. All that it hangs on must be what it was.
   * `POST /v1/evaluations/jobs/{job}/resume`, scope `evaluations:write`.
   */
  readonly resumeEvaluationJob: Call<ResumeEvaluationJobInput, Result<EvaluationJob>>;
  /**
   * Ask a job to stop.
   * Trials at work are left undone, to be made when it is resumed.
   * `POST /v1/evaluations/jobs/{job}/cancel`, scope `evaluations:write`.
   */
  readonly cancelEvaluationJob: Call<CancelEvaluationJobInput, Result<EvaluationJob>>;
  /**
   * Look at what came of a job's trials.
   * As JSON, Markdown, a page in HTML or CTRF, by `format` or the Accept header. Of a job that goes on it has the trials that are done.
   * `GET /v1/evaluations/jobs/{job}/report`, scope `evaluations:read`.
   */
  readonly showEvaluationReport: Call<ShowEvaluationReportInput, Result<ShowEvaluationReportAnswer>>;
  /**
   * Compare two conditions task by task, with intervals.
   * Of two jobs, or of one: the difference, how sure it is, and what was hurt.
   * `GET /v1/evaluations/compare`, scope `evaluations:read`.
   */
  readonly compareEvaluations: Call<CompareEvaluationsInput, Result<CompareEvaluationsAnswer>>;
  /**
   * Look at what a trial's agent did, as a trajectory (ATIF).
   * As the agent left it, else of its run's log.
   * `GET /v1/evaluations/jobs/{job}/trials/{trial}/trajectory`, scope `evaluations:read`.
   */
  readonly showTrialTrajectory: Call<ShowTrialTrajectoryInput, Result<Trajectory>>;
  /**
   * Read a report of tests or a trajectory of another program.
   * CTRF, JUnit or ATIF, by its content. It is given back and kept nowhere.
   * `POST /v1/evaluations/import`, scope `evaluations:read`.
   */
  readonly importEvaluation: Call<ImportEvaluationInput, Result<EvaluationImport>>;
  /**
   * List what gates said of jobs, newest first.
   * The last verdict of each gate on each job in the folder `serve.evaluations.jobs`.
   * `GET /v1/gates/verdicts`, scope `gates:read`.
   */
  readonly listGateVerdicts: Call<ListGateVerdictsInput | undefined, Result<ListGateVerdictsAnswer>>;
  /**
   * Look at what a gate said of a job: each golden task and each check.
   * `GET /v1/gates/verdicts/{job}/{gate}`, scope `gates:read`.
   */
  readonly showGateVerdict: Call<ShowGateVerdictInput, Result<GateVerdict>>;
  /**
   * List what branches could do, newest first.
   * `GET /v1/gates/baselines`, scope `gates:read`.
   */
  readonly listGateBaselines: Call<ListGateBaselinesInput | undefined, Result<ListGateBaselinesAnswer>>;
  /**
   * Keep what a finished job came to as its branch's baseline.
   * Earlier ones stay. The commit is known of the branch that the server's folder has.
   * `POST /v1/gates/baselines`, scope `gates:write`.
   */
  readonly saveGateBaseline: Call<SaveGateBaselineInput, Result<GateBaseline>>;
  /**
   * Look at a baseline, task by task.
   * `GET /v1/gates/baselines/{id}`, scope `gates:read`.
   */
  readonly showGateBaseline: Call<ShowGateBaselineInput, Result<GateBaseline>>;
  /**
   * List what got worse, the latest change first.
   * `GET /v1/gates/regressions`, scope `gates:read`.
   */
  readonly listRegressions: Call<ListRegressionsInput | undefined, Result<ListRegressionsAnswer>>;
  /**
   * Look at a regression and its history.
   * `GET /v1/gates/regressions/{id}`, scope `gates:read`.
   */
  readonly showRegression: Call<ShowRegressionInput, Result<Regression>>;
  /**
   * Take a regression on: it is one's own, and looked into.
   * `POST /v1/gates/regressions/{id}/take`, scope `gates:write`.
   */
  readonly takeRegression: Call<TakeRegressionInput, Result<Regression>>;
  /**
   * Say how it stands with a regression: its state, owner, and why.
   * An end (`resolved`, `wontfix`) needs a note. What has ended becomes `investigating` before anything else; only a new sighting makes one `new`.
   * `POST /v1/gates/regressions/{id}/triage`, scope `gates:write`.
   */
  readonly triageRegression: Call<TriageRegressionInput, Result<Regression>>;
  /**
   * List what declared tests came to at commits, newest first.
   * Those in the folder `serve.releases`.
   * `GET /v1/releases/snapshots`, scope `releases:read`.
   */
  readonly listReleaseSnapshots: Call<ListReleaseSnapshotsInput | undefined, Result<ListReleaseSnapshotsAnswer>>;
  /**
   * Look at a snapshot with its seal.
   * `GET /v1/releases/snapshots/{id}`, scope `releases:read`.
   */
  readonly showReleaseSnapshot: Call<ShowReleaseSnapshotInput, Result<ReleaseSnapshot>>;
  /**
   * See whether a snapshot holds: its seal, and what it says itself.
   * `GET /v1/releases/snapshots/{id}/check`, scope `releases:read`.
   */
  readonly checkReleaseSnapshot: Call<CheckReleaseSnapshotInput, Result<ReleaseStanding>>;
  /**
   * List review packets of changes, newest first.
   * Those in the folder `serve.releases`.
   * `GET /v1/releases/packets`, scope `releases:read`.
   */
  readonly listReleasePackets: Call<ListReleasePacketsInput | undefined, Result<ListReleasePacketsAnswer>>;
  /**
   * Look at a review packet: as JSON with its seal, or as Markdown.
   * `GET /v1/releases/packets/{id}`, scope `releases:read`.
   */
  readonly showReleasePacket: Call<ShowReleasePacketInput, Result<ShowReleasePacketAnswer>>;
  /**
   * See whether a packet stands, by the evidence that is there.
   * Its seal, its own problems, and its evidence against the snapshots that are kept. No command is run: `agent33 release packet verify` runs the groups again.
   * `GET /v1/releases/packets/{id}/check`, scope `releases:read`.
   */
  readonly checkReleasePacket: Call<CheckReleasePacketInput, Result<ReleaseStanding>>;
  /**
   * Read the figures that Prometheus takes.
   * What `agent33 metrics` prints, over all tenants: for whoever runs the installation. Sums come from the store, so every server of one store says the same. With `Accept: application/openmetrics-text` it is OpenMetrics 1.0, in which series of calls have the newest call as their exemplar.
   * `GET /metrics`, scope `metrics:read`.
   */
  readonly readMetrics: Call<NoInput | undefined, Result<ReadMetricsAnswer>>;
  /**
   * List the models that runs may ask.
   * Where each is, its key, its window and its price. Nothing is called.
   * `GET /v1/models`, scope `connectors:read`.
   */
  readonly listModels: Call<ListModelsInput | undefined, Result<ListModelsAnswer>>;
  /**
   * See whether models are served where they should be.
   * By a call of each provider that costs nothing.
   * `POST /v1/models/check`, scope `connectors:write`.
   */
  readonly checkModels: Call<CheckModelsInput | undefined, Result<ModelChecks>>;
  /**
   * Ask what the policy says about a call.
   * Rule by rule, and what else would stop the call now: breakers, limits, budgets, a person who has to be asked. Nothing is called, asked or taken.
   * `POST /v1/policy/explain`, scope `policy:read`.
   */
  readonly explainPolicy: Call<ExplainPolicyInput, Result<PolicyExplanation>>;
  /**
   * List the packs that can be selected.
   * Their files are written on the server only.
   * `GET /v1/policy/packs`, scope `policy:read`.
   */
  readonly listPacks: Call<NoInput | undefined, Result<PackList>>;
  /**
   * Look at a pack and its rules.
   * `GET /v1/policy/packs/{name}`, scope `policy:read`.
   */
  readonly showPack: Call<ShowPackInput, Result<Pack>>;
  /**
   * Find every problem of packs.
   * Of those that are sent, or of all that the settings name. A pack that is sent stands in for one of its name, so that it can be looked at before it takes the other's place.
   * `POST /v1/policy/lint`, scope `policy:read`.
   */
  readonly lintPacks: Call<LintPacksInput | undefined, Result<PolicyLint>>;
  /**
   * See whether policies decide as cases say.
   * Without `policy`, that of the settings decides, together with the packs that are sent. Files of the server cannot be named: send what stands in them.
   * `POST /v1/policy/test`, scope `policy:read`.
   */
  readonly testPolicy: Call<TestPolicyInput, Result<PolicyTestReport>>;
  /**
   * Have the policy's files read now.
   * They are looked at each second anyway. What is wrong with them leaves the policy as it is. Runs that are open keep theirs.
   * `POST /v1/policy/reload`, scope `policy:write`.
   */
  readonly reloadPolicy: Call<NoInput | undefined, Result<PolicyReload>>;
  /**
   * List stored secrets, without their values.
   * `GET /v1/secrets`, scope `secrets:read`.
   */
  readonly listSecrets: Call<NoInput | undefined, Result<ListSecretsAnswer>>;
  /**
   * Keep a new secret, sealed; the server takes it up at once.
   * `POST /v1/secrets`, scope `secrets:write`.
   */
  readonly keepSecret: Call<KeepSecretInput, Result<StoredSecret>>;
  /**
   * Give a secret another value; the server takes it up at once.
   * `POST /v1/secrets/{name}/rotate`, scope `secrets:write`.
   */
  readonly rotateSecret: Call<RotateSecretInput, Result<StoredSecret>>;
  /**
   * Forget a secret for good; the server uses it no more.
   * `DELETE /v1/secrets/{name}`, scope `secrets:write`.
   */
  readonly removeSecret: Call<RemoveSecretInput, Result<StoredSecret>>;
  /**
   * See what two policies say differently, rule by rule.
   * `POST /v1/policy/diff`, scope `policy:read`.
   */
  readonly diffPolicies: Call<DiffPoliciesInput | undefined, Result<PolicyChanges>>;
  /**
   * Decide again about the calls in the audit, by two policies.
   * It goes through the whole audit of the tenant in the background; look at the operation for what came of it. No call is made.
   * `POST /v1/policy/replay`, scope `policy:write`.
   */
  readonly replayPolicies: Call<ReplayPoliciesInput | undefined, Result<Operation>>;
  /**
   * Make a pack of another product's policy.
   * It is given back and put nowhere. What packs cannot say is refused, each with its place, and then there is no pack.
   * `POST /v1/policy/import`, scope `policy:read`.
   */
  readonly importPolicy: Call<ImportPolicyInput, Result<PolicyImport>>;
  /**
   * List what goes on and what was done lately, newest first.
   * What this server did itself since it was started, the newest of it. What came of it is kept where such things are.
   * `GET /v1/policy/operations`, scope `policy:read`.
   */
  readonly listPolicyOperations: Call<ListPolicyOperationsInput | undefined, Result<ListPolicyOperationsAnswer>>;
  /**
   * Look at how far something is, and at what came of it.
   * `GET /v1/policy/operations/{id}`, scope `policy:read`.
   */
  readonly showPolicyOperation: Call<ShowPolicyOperationInput, Result<Operation>>;
  /**
   * Ask something that goes on to end.
   * `POST /v1/policy/operations/{id}/cancel`, scope `policy:write`.
   */
  readonly cancelPolicyOperation: Call<CancelPolicyOperationInput, Result<Operation>>;
  /**
   * List what tier and model each run was given, why, and what it used, newest first.
   * With `source` a page may have fewer than `limit`, even none, and go on: `nextCursor` says so.
   * `GET /v1/routing/decisions`, scope `routing:read`.
   */
  readonly listDecisions: Call<ListDecisionsInput | undefined, Result<ListDecisionsAnswer>>;
  /**
   * See what tier, model and limits a task would be given now, and what it may cost.
   * No run is made, no model is asked and nothing is paid. What a run would be refused for is refused here too.
   * `POST /v1/routing/explain`, scope `routing:read`.
   */
  readonly explainRouting: Call<ExplainRoutingInput | undefined, Result<RoutingExplanation>>;
  /**
   * List the settings, each with where it came from.
   * Values that are secrets are not shown; they are no settings but variables. They belong to the whole installation.
   * `GET /v1/settings`, scope `settings:read`.
   */
  readonly listSettings: Call<NoInput | undefined, Result<ListSettingsAnswer>>;
  /**
   * See what works on the server's machine.
   * And what to do about what does not. Local model servers are asked for their models.
   * `GET /v1/doctor`, scope `settings:read`.
   */
  readonly examineMachine: Call<NoInput | undefined, Result<ExamineMachineAnswer>>;
  /**
   * Remove what is older than the settings say.
   * Of all tenants, class by class; nothing where the settings keep all. What goes is noted in the audit, which stays verifiable. A dry run removes nothing.
   * `POST /v1/store/retention`, scope `store:write`.
   */
  readonly applyRetention: Call<ApplyRetentionInput | undefined, Result<RetentionReport>>;
  /**
   * List skills.
   * What is odd about their folders is told to the tenant that runs the installation.
   * `GET /v1/skills`, scope `skills:read`.
   */
  readonly listSkills: Call<NoInput | undefined, Result<ListSkillsAnswer>>;
  /**
   * Add the skills of an archive.
   * They are taken for good as they are: a run asks about one that has changed since. All tenants share them, but for what the settings say. Folders of the server cannot be named, neither to add from nor to add to: the first of `skills.folders` gets them.
   * `POST /v1/skills`, scope `skills:write`.
   */
  readonly addSkills: Call<AddSkillsInput, Result<SkillAdditions>>;
  /**
   * Hold the installation's skills to the specification.
   * `GET /v1/skills/faults`, scope `skills:read`.
   */
  readonly validateSkills: Call<ValidateSkillsInput | undefined, Result<SkillCheck>>;
  /**
   * Look at a skill and its text.
   * `GET /v1/skills/{name}`, scope `skills:read`.
   */
  readonly showSkill: Call<ShowSkillInput, Result<WholeSkill>>;
  /**
   * Take a skill away.
   * Its folder is kept beside the others, and can be added again.
   * `DELETE /v1/skills/{name}`, scope `skills:write`.
   */
  readonly removeSkill: Call<RemoveSkillInput, Result<RemovedSkill>>;
  /**
   * Hold the skills of an archive to the specification.
   * Nothing of it is added or run.
   * `POST /v1/skills/validate`, scope `skills:read`.
   */
  readonly validateArchive: Call<ValidateArchiveInput, Result<SkillCheck>>;
  /**
   * See which skills fit a task.
   * Stage by stage, and why the others do not. A model is asked where one is named.
   * `POST /v1/skills/match`, scope `skills:match`.
   */
  readonly matchSkills: Call<MatchSkillsInput, Result<SkillMatch>>;
  /**
   * See what an archive would add.
   * `POST /v1/skills/preview`, scope `skills:read`.
   */
  readonly previewSkills: Call<PreviewSkillsInput, Result<SkillAdditions>>;
  /**
   * Take skills for good as they are.
   * From then on a run asks about a changed one.
   * `POST /v1/skills/pin`, scope `skills:write`.
   */
  readonly pinSkills: Call<PinSkillsInput | undefined, Result<PinSkillsAnswer>>;
  /**
   * See what calls cost, by whom, by what and over time.
   * From the same sums as the metrics, which are those of the audit: money in whole micro-USD, every call that is over. The tenant that runs the installation sees all tenants, every other one its own. What was changed over the API counts as calls, too, of the connector `api`. Moments count by whole hours, longer than two weeks ago by whole days (UTC).
   * `GET /v1/spend`, scope `spend:read`.
   */
  readonly showSpend: Call<ShowSpendInput | undefined, Result<Spend>>;
  /**
   * See how the store stands.
   * `GET /v1/store`, scope `store:read`.
   */
  readonly showStore: Call<ShowStoreInput | undefined, Result<StoreStanding>>;
  /**
   * Read all of the store, and see whether it is sound.
   * In the background. What is found stands in the store's standing, too.
   * `POST /v1/store/check`, scope `store:write`.
   */
  readonly checkStore: Call<NoInput | undefined, Result<Operation>>;
  /**
   * List the store's backups, newest first.
   * By their manifests; nothing else of them is read.
   * `GET /v1/store/backups`, scope `store:read`.
   */
  readonly listBackups: Call<ListBackupsInput | undefined, Result<ListBackupsAnswer>>;
  /**
   * Make a backup of the store.
   * It goes on in the background; the operation's result names the backup. A backup that was asked for is never removed by AGENT-33.
   * `POST /v1/store/backups`, scope `store:write`.
   */
  readonly makeBackup: Call<NoInput | undefined, Result<Operation>>;
  /**
   * Read backups and the journal from end to end.
   * In the background; the operation's result says what of them is whole.
   * `POST /v1/store/backups/verify`, scope `store:write`.
   */
  readonly verifyBackups: Call<VerifyBackupsInput | undefined, Result<Operation>>;
  /**
   * List what was recovered of a damaged store, newest first.
   * `GET /v1/store/recoveries`, scope `store:read`.
   */
  readonly listRecoveries: Call<ListRecoveriesInput | undefined, Result<ListRecoveriesAnswer>>;
  /**
   * List records that could not be taken over, newest first.
   * Of all tenants, without secrets.
   * `GET /v1/store/quarantine`, scope `store:read`.
   */
  readonly listQuarantine: Call<ListQuarantineInput | undefined, Result<ListQuarantineAnswer>>;
  /**
   * Look at one of them, with all that is kept of it.
   * `GET /v1/store/quarantine/{id}`, scope `store:read`.
   */
  readonly showQuarantined: Call<ShowQuarantinedInput, Result<Quarantined>>;
  /**
   * Make the counts behind summaries anew, of the signals, where they are wrong.
   * Who writes waits meanwhile.
   * `POST /v1/store/recount`, scope `store:write`.
   */
  readonly recountStore: Call<RecountStoreInput | undefined, Result<Operation>>;
  /**
   * Take the whole store away, of all tenants.
   * As `agent33 store export` writes it, all of one moment; `agent33 store migrate --from` takes it in. Its last line says that it is whole.
   * `POST /v1/store/export`, scope `store:export`.
   */
  readonly exportStore: Call<NoInput | undefined, Result<AsyncIterable<StoreLine>>>;
  /**
   * Be told how to put a backup in the store's place.
   * Always refused (409, `store.in_use`): a server has the store open that this replaces. Stop every server and worker, then run `agent33 store restore`.
   * `POST /v1/store/restore`, scope `store:write`.
   */
  readonly restoreStore: Call<NoInput | undefined, Result<Operation>>;
  /**
   * Be told how to make the store anew.
   * Always refused (409, `store.in_use`): a server has the store open that this replaces. Stop every server and worker, then run `agent33 store recover`.
   * `POST /v1/store/recover`, scope `store:write`.
   */
  readonly recoverStore: Call<NoInput | undefined, Result<Operation>>;
  /**
   * List what goes on and what was done lately, newest first.
   * What this server did itself since it was started, the newest of it. What came of it is kept where such things are.
   * `GET /v1/store/operations`, scope `store:read`.
   */
  readonly listStoreOperations: Call<ListStoreOperationsInput | undefined, Result<ListStoreOperationsAnswer>>;
  /**
   * Look at how far something is, and at what came of it.
   * `GET /v1/store/operations/{id}`, scope `store:read`.
   */
  readonly showStoreOperation: Call<ShowStoreOperationInput, Result<Operation>>;
  /**
   * Ask something that goes on to end.
   * `POST /v1/store/operations/{id}/cancel`, scope `store:write`.
   */
  readonly cancelStoreOperation: Call<CancelStoreOperationInput, Result<Operation>>;
}

/** Where each operation is, and what goes where. */
export const operations = {
  listAgents: { method: "GET", path: "/v1/agents", query: [], answer: "json" },
  showAgent: { method: "GET", path: "/v1/agents/{name}", query: [], answer: "json" },
  invokeAgent: { method: "POST", path: "/v1/agents/{name}/invoke", query: [], answer: "json", seconds: 630 },
  invokeAgentIteratively: { method: "POST", path: "/v1/agents/{name}/invoke-iterative", query: [], answer: "json", seconds: 630 },
  listRuns: { method: "GET", path: "/v1/runs", query: ["limit","cursor","state","outcome","text","since"], answer: "json" },
  startRun: { method: "POST", path: "/v1/runs", query: [], answer: "json" },
  showRun: { method: "GET", path: "/v1/runs/{id}", query: [], answer: "json" },
  followRun: { method: "GET", path: "/v1/runs/{id}/events", query: ["after"], answer: "events" },
  sendMessage: { method: "POST", path: "/v1/runs/{id}/messages", query: [], answer: "json" },
  cancelRun: { method: "POST", path: "/v1/runs/{id}/cancel", query: [], answer: "json" },
  resumeRun: { method: "POST", path: "/v1/runs/{id}/resume", query: [], answer: "json" },
  replayRun: { method: "POST", path: "/v1/runs/{id}/replay", query: [], answer: "json" },
  showReplayReport: { method: "GET", path: "/v1/runs/{id}/report", query: [], answer: "json" },
  showHandoff: { method: "GET", path: "/v1/runs/{id}/handoff", query: [], answer: "json" },
  showRunTrace: { method: "GET", path: "/v1/runs/{id}/trace", query: [], answer: "json" },
  showRunTrajectory: { method: "GET", path: "/v1/runs/{id}/trajectory", query: [], answer: "json" },
  listAlertSilences: { method: "GET", path: "/v1/alerts/silences", query: ["limit","cursor","endsAfter"], answer: "json" },
  createAlertSilence: { method: "POST", path: "/v1/alerts/silences", query: [], answer: "json" },
  showAlertSilence: { method: "GET", path: "/v1/alerts/silences/{id}", query: [], answer: "json" },
  endAlertSilence: { method: "DELETE", path: "/v1/alerts/silences/{id}", query: [], answer: "json" },
  listAlerts: { method: "GET", path: "/v1/alerts", query: ["limit","cursor","state","rule"], answer: "json" },
  listAlertRules: { method: "GET", path: "/v1/alerts/rules", query: [], answer: "json" },
  listAlertHistory: { method: "GET", path: "/v1/alerts/history", query: ["limit","cursor","alert"], answer: "json" },
  exportAlertRules: { method: "GET", path: "/v1/alerts/files", query: [], answer: "json" },
  checkAlerts: { method: "POST", path: "/v1/alerts/check", query: [], answer: "json", seconds: 120 },
  showAlert: { method: "GET", path: "/v1/alerts/{id}", query: [], answer: "json" },
  acknowledgeAlert: { method: "POST", path: "/v1/alerts/{id}/acknowledge", query: [], answer: "json" },
  unacknowledgeAlert: { method: "POST", path: "/v1/alerts/{id}/unacknowledge", query: [], answer: "json" },
  listApprovals: { method: "GET", path: "/v1/approvals", query: ["state"], answer: "json" },
  showApproval: { method: "GET", path: "/v1/approvals/{id}", query: [], answer: "json" },
  approveCall: { method: "POST", path: "/v1/approvals/{id}/approve", query: [], answer: "json" },
  denyCall: { method: "POST", path: "/v1/approvals/{id}/deny", query: [], answer: "json" },
  answerQuestion: { method: "POST", path: "/v1/approvals/{id}/answer", query: [], answer: "json" },
  listKeys: { method: "GET", path: "/v1/keys", query: ["limit","cursor"], answer: "json" },
  createKey: { method: "POST", path: "/v1/keys", query: [], answer: "json" },
  showKey: { method: "GET", path: "/v1/keys/{id}", query: [], answer: "json" },
  revokeKey: { method: "DELETE", path: "/v1/keys/{id}", query: [], answer: "json" },
  rotateKey: { method: "POST", path: "/v1/keys/{id}/rotate", query: [], answer: "json" },
  listVersions: { method: "GET", path: "/v1/agents/{name}/versions", query: [], answer: "json" },
  validateAgent: { method: "POST", path: "/v1/agents/validate", query: [], answer: "json" },
  listAudit: { method: "GET", path: "/v1/audit", query: ["limit","cursor","run","connector","outcome","decision","since","until"], answer: "json" },
  showAuditEntry: { method: "GET", path: "/v1/audit/calls/{id}", query: [], answer: "json" },
  showCallLineage: { method: "GET", path: "/v1/audit/calls/{id}/lineage", query: [], answer: "json" },
  showRunLineage: { method: "GET", path: "/v1/runs/{id}/lineage", query: [], answer: "json" },
  checkAudit: { method: "GET", path: "/v1/audit/check", query: ["head"], answer: "json", seconds: 300 },
  exportAudit: { method: "POST", path: "/v1/audit/export", query: [], answer: "lines" },
  listBudgets: { method: "GET", path: "/v1/budgets", query: [], answer: "json" },
  listBudgetUses: { method: "GET", path: "/v1/budgets/uses", query: ["limit","cursor","budget","who"], answer: "json" },
  listConnectors: { method: "GET", path: "/v1/connectors", query: [], answer: "json" },
  showConnector: { method: "GET", path: "/v1/connectors/{name}", query: [], answer: "json" },
  checkConnectors: { method: "POST", path: "/v1/connectors/check", query: [], answer: "json", seconds: 120 },
  listBreakers: { method: "GET", path: "/v1/breakers", query: [], answer: "json" },
  forceBreaker: { method: "POST", path: "/v1/breakers/force", query: [], answer: "json" },
  resetBreaker: { method: "POST", path: "/v1/breakers/reset", query: [], answer: "json" },
  recordSignal: { method: "POST", path: "/v1/improvements/learning/signals", query: [], answer: "json" },
  listSignals: { method: "GET", path: "/v1/improvements/learning/signals", query: ["limit","cursor","type","severity","state","source","since","until"], answer: "json" },
  recordSignals: { method: "POST", path: "/v1/improvements/learning/signals/batch", query: [], answer: "json" },
  showSignal: { method: "GET", path: "/v1/improvements/learning/signals/{id}", query: [], answer: "json" },
  moveSignal: { method: "POST", path: "/v1/improvements/learning/signals/{id}/transition", query: [], answer: "json" },
  summarizeSignals: { method: "GET", path: "/v1/improvements/learning/summary", query: ["days","hours","by"], answer: "json" },
  catchUp: { method: "POST", path: "/v1/improvements/learning/catch-up", query: [], answer: "json", seconds: 120 },
  generateIntakes: { method: "POST", path: "/v1/improvements/learning/intakes", query: [], answer: "json", seconds: 120 },
  showOverview: { method: "GET", path: "/v1/improvements/analytics", query: [], answer: "json" },
  submitIntake: { method: "POST", path: "/v1/improvements/intakes", query: [], answer: "json" },
  listIntakes: { method: "GET", path: "/v1/improvements/intakes", query: ["limit","cursor","state","urgency","researchType","automatic"], answer: "json" },
  showIntake: { method: "GET", path: "/v1/improvements/intakes/{id}", query: [], answer: "json" },
  updateIntake: { method: "PATCH", path: "/v1/improvements/intakes/{id}", query: [], answer: "json" },
  moveIntake: { method: "POST", path: "/v1/improvements/intakes/{id}/transition", query: [], answer: "json" },
  recordLesson: { method: "POST", path: "/v1/improvements/lessons", query: [], answer: "json" },
  listLessons: { method: "GET", path: "/v1/improvements/lessons", query: ["limit","cursor","eventType","state"], answer: "json" },
  showLesson: { method: "GET", path: "/v1/improvements/lessons/{id}", query: [], answer: "json" },
  changeAction: { method: "PATCH", path: "/v1/improvements/lessons/{id}/actions/{index}", query: [], answer: "json" },
  verifyLesson: { method: "POST", path: "/v1/improvements/lessons/{id}/verify", query: [], answer: "json" },
  beginChecklist: { method: "POST", path: "/v1/improvements/checklists", query: [], answer: "json" },
  listChecklists: { method: "GET", path: "/v1/improvements/checklists", query: ["limit","cursor","period","state"], answer: "json" },
  showChecklist: { method: "GET", path: "/v1/improvements/checklists/{id}", query: [], answer: "json" },
  evaluateChecklist: { method: "GET", path: "/v1/improvements/checklists/{id}/evaluate", query: [], answer: "json" },
  completeItem: { method: "POST", path: "/v1/improvements/checklists/{id}/complete", query: [], answer: "json" },
  reopenItem: { method: "POST", path: "/v1/improvements/checklists/{id}/reopen", query: [], answer: "json" },
  showMetrics: { method: "GET", path: "/v1/improvements/metrics", query: [], answer: "json" },
  listSnapshots: { method: "GET", path: "/v1/improvements/metrics/history", query: ["limit","cursor","period"], answer: "json" },
  listMetricDefinitions: { method: "GET", path: "/v1/improvements/metrics/definitions", query: [], answer: "json" },
  showSnapshot: { method: "GET", path: "/v1/improvements/metrics/history/{id}", query: [], answer: "json" },
  takeSnapshot: { method: "POST", path: "/v1/improvements/metrics/snapshot", query: [], answer: "json" },
  listMetricValues: { method: "GET", path: "/v1/improvements/metrics/values/{id}", query: ["limit"], answer: "json" },
  showTrend: { method: "GET", path: "/v1/improvements/metrics/trend/{id}", query: ["periods"], answer: "json" },
  planRefresh: { method: "POST", path: "/v1/improvements/refreshes", query: [], answer: "json" },
  listRefreshes: { method: "GET", path: "/v1/improvements/refreshes", query: ["limit","cursor","scope","state"], answer: "json" },
  showRefresh: { method: "GET", path: "/v1/improvements/refreshes/{id}", query: [], answer: "json" },
  completeRefresh: { method: "POST", path: "/v1/improvements/refreshes/{id}/complete", query: [], answer: "json" },
  listServers: { method: "GET", path: "/v1/mcp/servers", query: [], answer: "json" },
  inspectServers: { method: "POST", path: "/v1/mcp/inspect", query: [], answer: "json", seconds: 120 },
  pinServers: { method: "POST", path: "/v1/mcp/pin", query: [], answer: "json", seconds: 120 },
  searchTools: { method: "POST", path: "/v1/tools/search", query: [], answer: "json", seconds: 120 },
  listEvaluationTasks: { method: "GET", path: "/v1/evaluations/tasks", query: [], answer: "json" },
  listEvaluationJobs: { method: "GET", path: "/v1/evaluations/jobs", query: ["limit","cursor"], answer: "json" },
  startEvaluationJob: { method: "POST", path: "/v1/evaluations/jobs", query: [], answer: "json" },
  showEvaluationJob: { method: "GET", path: "/v1/evaluations/jobs/{job}", query: [], answer: "json" },
  listEvaluationTrials: { method: "GET", path: "/v1/evaluations/jobs/{job}/trials", query: ["limit","cursor","task","state"], answer: "json" },
  resumeEvaluationJob: { method: "POST", path: "/v1/evaluations/jobs/{job}/resume", query: [], answer: "json" },
  cancelEvaluationJob: { method: "POST", path: "/v1/evaluations/jobs/{job}/cancel", query: [], answer: "json" },
  showEvaluationReport: { method: "GET", path: "/v1/evaluations/jobs/{job}/report", query: ["format","level","seed","resamples","passAt","control"], answer: "text" },
  compareEvaluations: { method: "GET", path: "/v1/evaluations/compare", query: ["format","level","seed","resamples","passAt","a","b","first","second"], answer: "text" },
  showTrialTrajectory: { method: "GET", path: "/v1/evaluations/jobs/{job}/trials/{trial}/trajectory", query: [], answer: "json" },
  importEvaluation: { method: "POST", path: "/v1/evaluations/import", query: [], answer: "json" },
  listGateVerdicts: { method: "GET", path: "/v1/gates/verdicts", query: ["limit","cursor","job","gate","outcome"], answer: "json" },
  showGateVerdict: { method: "GET", path: "/v1/gates/verdicts/{job}/{gate}", query: [], answer: "json" },
  listGateBaselines: { method: "GET", path: "/v1/gates/baselines", query: ["limit","cursor","branch"], answer: "json" },
  saveGateBaseline: { method: "POST", path: "/v1/gates/baselines", query: [], answer: "json" },
  showGateBaseline: { method: "GET", path: "/v1/gates/baselines/{id}", query: [], answer: "json" },
  listRegressions: { method: "GET", path: "/v1/gates/regressions", query: ["limit","cursor","state","open","owner","against"], answer: "json" },
  showRegression: { method: "GET", path: "/v1/gates/regressions/{id}", query: [], answer: "json" },
  takeRegression: { method: "POST", path: "/v1/gates/regressions/{id}/take", query: [], answer: "json" },
  triageRegression: { method: "POST", path: "/v1/gates/regressions/{id}/triage", query: [], answer: "json" },
  listReleaseSnapshots: { method: "GET", path: "/v1/releases/snapshots", query: ["limit","cursor","commit"], answer: "json" },
  showReleaseSnapshot: { method: "GET", path: "/v1/releases/snapshots/{id}", query: [], answer: "json" },
  checkReleaseSnapshot: { method: "GET", path: "/v1/releases/snapshots/{id}/check", query: [], answer: "json" },
  listReleasePackets: { method: "GET", path: "/v1/releases/packets", query: ["limit","cursor","head","madeAfter"], answer: "json" },
  showReleasePacket: { method: "GET", path: "/v1/releases/packets/{id}", query: ["format"], answer: "text" },
  checkReleasePacket: { method: "GET", path: "/v1/releases/packets/{id}/check", query: [], answer: "json" },
  readMetrics: { method: "GET", path: "/metrics", query: [], answer: "text" },
  listModels: { method: "GET", path: "/v1/models", query: ["name"], answer: "json" },
  checkModels: { method: "POST", path: "/v1/models/check", query: [], answer: "json", seconds: 120 },
  explainPolicy: { method: "POST", path: "/v1/policy/explain", query: [], answer: "json" },
  listPacks: { method: "GET", path: "/v1/policy/packs", query: [], answer: "json" },
  showPack: { method: "GET", path: "/v1/policy/packs/{name}", query: [], answer: "json" },
  lintPacks: { method: "POST", path: "/v1/policy/lint", query: [], answer: "json" },
  testPolicy: { method: "POST", path: "/v1/policy/test", query: [], answer: "json" },
  reloadPolicy: { method: "POST", path: "/v1/policy/reload", query: [], answer: "json" },
  listSecrets: { method: "GET", path: "/v1/secrets", query: [], answer: "json" },
  keepSecret: { method: "POST", path: "/v1/secrets", query: [], answer: "json" },
  rotateSecret: { method: "POST", path: "/v1/secrets/{name}/rotate", query: [], answer: "json" },
  removeSecret: { method: "DELETE", path: "/v1/secrets/{name}", query: [], answer: "json" },
  diffPolicies: { method: "POST", path: "/v1/policy/diff", query: [], answer: "json" },
  replayPolicies: { method: "POST", path: "/v1/policy/replay", query: [], answer: "json" },
  importPolicy: { method: "POST", path: "/v1/policy/import", query: [], answer: "json" },
  listPolicyOperations: { method: "GET", path: "/v1/policy/operations", query: ["limit","cursor"], answer: "json" },
  showPolicyOperation: { method: "GET", path: "/v1/policy/operations/{id}", query: [], answer: "json" },
  cancelPolicyOperation: { method: "POST", path: "/v1/policy/operations/{id}/cancel", query: [], answer: "json" },
  listDecisions: { method: "GET", path: "/v1/routing/decisions", query: ["limit","cursor","tier","source","model","agent","since","until"], answer: "json" },
  explainRouting: { method: "POST", path: "/v1/routing/explain", query: [], answer: "json" },
  listSettings: { method: "GET", path: "/v1/settings", query: [], answer: "json" },
  examineMachine: { method: "GET", path: "/v1/doctor", query: [], answer: "json", seconds: 120 },
  applyRetention: { method: "POST", path: "/v1/store/retention", query: [], answer: "json", seconds: 300 },
  listSkills: { method: "GET", path: "/v1/skills", query: [], answer: "json" },
  addSkills: { method: "POST", path: "/v1/skills", query: [], answer: "json" },
  validateSkills: { method: "GET", path: "/v1/skills/faults", query: ["how"], answer: "json" },
  showSkill: { method: "GET", path: "/v1/skills/{name}", query: [], answer: "json" },
  removeSkill: { method: "DELETE", path: "/v1/skills/{name}", query: [], answer: "json" },
  validateArchive: { method: "POST", path: "/v1/skills/validate", query: [], answer: "json" },
  matchSkills: { method: "POST", path: "/v1/skills/match", query: [], answer: "json", seconds: 120 },
  previewSkills: { method: "POST", path: "/v1/skills/preview", query: [], answer: "json" },
  pinSkills: { method: "POST", path: "/v1/skills/pin", query: [], answer: "json" },
  showSpend: { method: "GET", path: "/v1/spend", query: ["since","until","by","every","tenant","model","effort","outcome","connector","limit"], answer: "json" },
  showStore: { method: "GET", path: "/v1/store", query: ["rows"], answer: "json" },
  checkStore: { method: "POST", path: "/v1/store/check", query: [], answer: "json" },
  listBackups: { method: "GET", path: "/v1/store/backups", query: ["limit","cursor"], answer: "json" },
  makeBackup: { method: "POST", path: "/v1/store/backups", query: [], answer: "json" },
  verifyBackups: { method: "POST", path: "/v1/store/backups/verify", query: [], answer: "json" },
  listRecoveries: { method: "GET", path: "/v1/store/recoveries", query: ["limit","cursor"], answer: "json" },
  listQuarantine: { method: "GET", path: "/v1/store/quarantine", query: ["limit","cursor"], answer: "json" },
  showQuarantined: { method: "GET", path: "/v1/store/quarantine/{id}", query: [], answer: "json" },
  recountStore: { method: "POST", path: "/v1/store/recount", query: [], answer: "json" },
  exportStore: { method: "POST", path: "/v1/store/export", query: [], answer: "lines" },
  restoreStore: { method: "POST", path: "/v1/store/restore", query: [], answer: "json" },
  recoverStore: { method: "POST", path: "/v1/store/recover", query: [], answer: "json" },
  listStoreOperations: { method: "GET", path: "/v1/store/operations", query: ["limit","cursor"], answer: "json" },
  showStoreOperation: { method: "GET", path: "/v1/store/operations/{id}", query: [], answer: "json" },
  cancelStoreOperation: { method: "POST", path: "/v1/store/operations/{id}/cancel", query: [], answer: "json" },
} as const;
