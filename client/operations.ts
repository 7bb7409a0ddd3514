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

export type ForcedBreaker = {
  readonly key: string;
  readonly state: "open" | "closed";
  readonly until: number | null;
  /** false where no such breaker has opened: see how it is spelt */
  readonly known: boolean;
};

export type FoundTools = {
  readonly items: readonly {
    readonly name: string;
    readonly description: string;
    readonly effect: string;
    readonly repeat: string;
    /** how it stands to what was pinned */
    readonly state: string;
    readonly server: string;
    readonly score: number;
  }[];
  readonly searched: number;
  readonly failed: readonly {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly retryable: boolean;
    readonly name: string;
  }[];
};

export type Handoff = { readonly [name: string]: unknown };

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

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

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

export type RemovedSkill = {
  readonly name: string;
  readonly isKept: boolean;
};

export type ReplayReport = { readonly [name: string]: unknown };

export type ResetBreaker = {
  readonly key: string;
  readonly state: "closed";
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
    readonly attempts: number;
    readonly durationMs: number;
    readonly prompt?: {
      readonly tokens: number;
      readonly pieces: number;
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

export type FollowRunEvent0 = string | number | boolean | null | readonly FollowRunEvent0[] | { readonly [name: string]: FollowRunEvent0 };

export type InvokeAgentAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type InvokeAgentIterativelyAnswer0 = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

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
}

export type ApproveCallAnswer = {
  readonly id: string;
  /** the run that goes on now */
  readonly runId: string | null;
};

export interface DenyCallInput {
  /** the question's id, or its beginning */
  readonly id: string;
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
    readonly scopes: readonly ("admin" | "agents:read" | "agents:invoke" | "approvals:read" | "approvals:decide" | "keys:read" | "keys:write" | "runs:read" | "runs:write" | "policy:read" | "policy:write" | "audit:read" | "audit:export" | "connectors:read" | "connectors:write" | "skills:read" | "skills:match" | "skills:write" | "settings:read")[];
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

export interface CheckAuditInput {
  /** POSITION:HASH that was noted elsewhere; may be given again */
  readonly head?: string | readonly string[] | undefined;
}

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

export type ListSettingsAnswer = {
  readonly items: readonly Setting[];
};

export type ExamineMachineAnswer = {
  readonly ok: boolean;
  readonly findings: readonly DoctorFinding[];
};

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
   * The same answer twice is one. The run that waits for it goes on.
   * `POST /v1/approvals/{id}/approve`, scope `approvals:decide`.
   */
  readonly approveCall: Call<ApproveCallInput, Result<ApproveCallAnswer>>;
  /**
   * Refuse one call.
   * The same answer twice is one. The run that waits for it goes on.
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
   * They are written, imported and compared on the server only: these commands read and write its files.
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
}

/** Where each operation is, and what goes where. */
export const operations = {
  listAgents: { method: "GET", path: "/v1/agents", query: [], answer: "json" },
  showAgent: { method: "GET", path: "/v1/agents/{name}", query: [], answer: "json" },
  invokeAgent: { method: "POST", path: "/v1/agents/{name}/invoke", query: [], answer: "json" },
  invokeAgentIteratively: { method: "POST", path: "/v1/agents/{name}/invoke-iterative", query: [], answer: "json" },
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
  checkAudit: { method: "GET", path: "/v1/audit/check", query: ["head"], answer: "json" },
  exportAudit: { method: "POST", path: "/v1/audit/export", query: [], answer: "lines" },
  listConnectors: { method: "GET", path: "/v1/connectors", query: [], answer: "json" },
  showConnector: { method: "GET", path: "/v1/connectors/{name}", query: [], answer: "json" },
  checkConnectors: { method: "POST", path: "/v1/connectors/check", query: [], answer: "json" },
  listBreakers: { method: "GET", path: "/v1/breakers", query: [], answer: "json" },
  forceBreaker: { method: "POST", path: "/v1/breakers/force", query: [], answer: "json" },
  resetBreaker: { method: "POST", path: "/v1/breakers/reset", query: [], answer: "json" },
  listServers: { method: "GET", path: "/v1/mcp/servers", query: [], answer: "json" },
  inspectServers: { method: "POST", path: "/v1/mcp/inspect", query: [], answer: "json" },
  pinServers: { method: "POST", path: "/v1/mcp/pin", query: [], answer: "json" },
  searchTools: { method: "POST", path: "/v1/tools/search", query: [], answer: "json" },
  listModels: { method: "GET", path: "/v1/models", query: ["name"], answer: "json" },
  checkModels: { method: "POST", path: "/v1/models/check", query: [], answer: "json" },
  explainPolicy: { method: "POST", path: "/v1/policy/explain", query: [], answer: "json" },
  listPacks: { method: "GET", path: "/v1/policy/packs", query: [], answer: "json" },
  showPack: { method: "GET", path: "/v1/policy/packs/{name}", query: [], answer: "json" },
  lintPacks: { method: "POST", path: "/v1/policy/lint", query: [], answer: "json" },
  testPolicy: { method: "POST", path: "/v1/policy/test", query: [], answer: "json" },
  reloadPolicy: { method: "POST", path: "/v1/policy/reload", query: [], answer: "json" },
  listSettings: { method: "GET", path: "/v1/settings", query: [], answer: "json" },
  examineMachine: { method: "GET", path: "/v1/doctor", query: [], answer: "json" },
  listSkills: { method: "GET", path: "/v1/skills", query: [], answer: "json" },
  addSkills: { method: "POST", path: "/v1/skills", query: [], answer: "json" },
  validateSkills: { method: "GET", path: "/v1/skills/faults", query: ["how"], answer: "json" },
  showSkill: { method: "GET", path: "/v1/skills/{name}", query: [], answer: "json" },
  removeSkill: { method: "DELETE", path: "/v1/skills/{name}", query: [], answer: "json" },
  validateArchive: { method: "POST", path: "/v1/skills/validate", query: [], answer: "json" },
  matchSkills: { method: "POST", path: "/v1/skills/match", query: [], answer: "json" },
  previewSkills: { method: "POST", path: "/v1/skills/preview", query: [], answer: "json" },
  pinSkills: { method: "POST", path: "/v1/skills/pin", query: [], answer: "json" },
} as const;
