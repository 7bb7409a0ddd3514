import { type Random, systemRandom } from "../../src/base/random.ts";
import { compilePolicy, loadPacks } from "../../src/boundary/policy/index.ts";
import type { CallFacts } from "../../src/boundary/types.ts";

/** What every contender is asked to fetch. */
export interface Ask {
  readonly id: number;
  readonly fields: readonly string[];
  /** Where it is; the default policy forbids {@link forbiddenHost}. */
  readonly host: string;
}

export const ask: Ask = { id: 17, fields: ["name", "price"], host: "mcp.example.org" };
/** A cloud metadata service: the shipped default pack denies it. */
export const forbiddenHost = "169.254.169.254";

/** The work behind every chain: does nothing, asynchronously. */
export type Handler = (ask: Ask, attempt: { readonly signal: AbortSignal }) => Promise<Ask>;
export const noop: Handler = async (input) => input;

/** The other side failed: may be tried again and counts against the breaker. */
export class ServerError extends Error {}
/** The other side refused: neither. */
export class ClientError extends Error {}
/** The policy refused. */
export class DeniedError extends Error {}

/** The limits that each contender gets as far as it knows them. */
export interface Settings {
  readonly attemptMs: number;
  readonly totalMs: number;
  readonly maxAttempts: number;
  /** Bound of the first wait between attempts, with full jitter. */
  readonly retryDelayMs: number;
  readonly maxConcurrent: number;
  readonly random: Random;
}

/** The chain's own defaults. */
export const usualSettings: Settings = {
  attemptMs: 30_000,
  totalMs: 120_000,
  maxAttempts: 3,
  retryDelayMs: 250,
  maxConcurrent: 64,
  random: systemRandom,
};

/** The same with hardly any waiting, for the checks before the measuring. */
export const hastySettings: Settings = {
  ...usualSettings,
  attemptMs: 20,
  totalMs: 1_000,
  retryDelayMs: 1,
  random: { next: () => 0.004, bytes: systemRandom.bytes },
};

/** The breaker that all contenders get: half of at least 5 of the last 20 attempts failed. */
export const breakerSettings = {
  window: 20,
  minimumAttempts: 5,
  failureRate: 0.5,
  cooldownMs: 5_000,
  probes: 2,
} as const;

export const connectorId = "mcp:bench";
const toolDigest = "5d41402abc4b2a76b9719d911017c592ae1f7b6b9d7e3c4f5a60718293a4b5c6";

/** What an MCP tool call over HTTP says of itself. */
export function toolFacts(effect: "read" | "write", { host, id, fields }: Ask): CallFacts {
  return {
    operation: "tools/call",
    effect,
    repeat: effect === "read" ? "safe" : "keyed",
    tool: effect === "read" ? "items_get" : "items_put",
    toolDigest,
    host,
    port: 443,
    args: { id, fields },
  };
}

export const principal = { tenant: "acme", user: "ada" } as const;

/** The shipped `default` pack, compiled. */
export const policy = compilePolicy(loadPacks({ select: ["default"] }));

/** @throws DeniedError for what the policy does not allow outright */
export function demandAllowed(input: Ask): void {
  const { effect, ruleId } = policy.decide(toolFacts("read", input), connectorId, principal);
  if (effect !== "allow") throw new DeniedError(`${effect} by ${ruleId}`);
}
