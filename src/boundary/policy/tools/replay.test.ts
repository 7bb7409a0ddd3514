import { describe, expect, test, vi } from "vitest";
import { err, ok } from "../../../base/result.ts";
import { compilePolicy } from "../compile.ts";
import { parsePack } from "../pack-file.ts";
import type { CompiledPolicy } from "../policy.ts";
import {
  type CallLog,
  type FoundArguments,
  readRecordedCall,
  type RecordedCall,
} from "./recorded-call.ts";
import { createReplay } from "./replay.ts";
import { ruleChanges } from "./rule-changes.ts";

/** Rules are `id: word: {match}`. */
function policy(rules: readonly string[], fallback = "allow"): CompiledPolicy {
  const lines = rules.map((rule) => {
    const [id = "", ...words] = rule.split(": ");
    return `  - { id: ${id}, ${words.join(": ")}, reason: x }`;
  });
  const list = lines.length === 0 ? "rules: []" : `rules:\n${lines.join("\n")}`;
  const text = `pack: p\nversion: 1\ndescription: d\ndefault: ${fallback}\n${list}\n`;
  return compilePolicy([parsePack(text, "p.yaml")]);
}

/** A policy that denies where an argument is large. */
function looking(at = "amount"): CompiledPolicy {
  const made = policy([]);
  return {
    ...made,
    decide: (facts, connector, principal) => {
      const said = made.decide(facts, connector, principal);
      const large = Number(facts.args?.[at] ?? 0) > 100;
      return large ? { ...said, effect: "deny", ruleId: "p/large" } : said;
    },
  };
}

function call(more: Readonly<Record<string, unknown>> = {}): RecordedCall {
  const read = readRecordedCall({
    callId: "c1",
    runId: "r1",
    logicalCallId: "turn-1-call-0",
    at: 1,
    principal: { tenant: "t", user: "u" },
    connector: "mcp:a",
    operation: "tools/call",
    effect: "write",
    repeat: "once",
    tool: "pay",
    decision: { effect: "allow", ruleId: "p/default", matched: [], policyVersion: "other" },
    attempts: [],
    outcome: "ok",
    ...more,
  });
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

/** A log of which only the arguments are asked. */
const logOf = (find: () => FoundArguments): CallLog => ({
  arguments: find,
  succeeded: () => undefined,
});
const nothing = logOf(() => ok(undefined));

describe("deciding about recorded calls again", () => {
  test("counts what changes by effect and by rule, with examples", () => {
    const replay = createReplay(
      policy(["wipe: deny: { tool: wipe }"]),
      policy(["pay: deny: { tool: pay }", "wipe: ask: { tool: wipe }"]),
    );
    for (const tool of ["pay", "wipe", "pay", "pay", "look", "pay"]) {
      replay.take(call({ tool, callId: `c-${tool}` }), nothing);
    }
    const report = replay.report();
    expect(report).toMatchObject({ calls: 6, same: 1, sameByAnotherRule: 0, notReplayed: {} });
    expect(report.changes).toEqual([
      {
        before: "allow",
        after: "deny",
        calls: 4,
        rules: [{ before: "p/default", after: "p/pay", calls: 4 }],
        examples: Array.from({ length: 3 }, () => ({
          callId: "c-pay",
          runId: "r1",
          at: 1,
          connector: "mcp:a",
          operation: "tools/call",
          tool: "pay",
          before: "p/default",
          after: "p/pay",
        })),
      },
      expect.objectContaining({ before: "deny", after: "ask", calls: 1 }),
    ]);
  });

  test("tells where the effect is the same and another rule decides", () => {
    const replay = createReplay(policy(["a: deny: { tool: pay }"]), policy([], "deny"));
    replay.take(call(), nothing);
    expect(replay.report()).toMatchObject({ same: 1, sameByAnotherRule: 1, changes: [] });
  });

  test("asks about the addresses that the call went to as well", () => {
    const deny = policy(["there: deny: { host: 93.184.216.34 }"]);
    const replay = createReplay(policy([]), deny);
    const web = { connector: "web:fetch", host: "example.org", tool: "get" };
    replay.take(call({ ...web, connectedTo: ["93.184.216.35:443", "93.184.216.34:443"] }), nothing);
    replay.take(call({ ...web, connectedTo: ["93.184.216.35:443"] }), nothing);
    replay.take(call({ ...web, connectedTo: ["[2606:2800:220::1]:443"] }), nothing);
    expect(replay.report()).toMatchObject({
      calls: 3,
      same: 2,
      changes: [{ before: "allow", after: "deny", rules: [{ after: "p/there" }] }],
    });
  });

  test("does not look for arguments that no policy asks for", () => {
    const find = vi.fn((): FoundArguments => ok(undefined));
    createReplay(policy([]), policy(["a: deny: { tool: pay }"])).take(call(), logOf(find));
    expect(find).not.toHaveBeenCalled();
  });

  test("looks for them once where a policy does, and decides by them", () => {
    const find = vi.fn((): FoundArguments => ok({ amount: 500 }));
    const replay = createReplay(looking(), looking("other"));
    replay.take(
      call({ argsDigest: "x", host: "a.test", connectedTo: ["93.184.216.34:1"] }),
      logOf(find),
    );
    expect(find).toHaveBeenCalledTimes(1);
    expect(replay.report().changes).toMatchObject([{ before: "deny", after: "allow" }]);
  });

  test("counts a call whose arguments are asked for and not there as not replayed", () => {
    const replay = createReplay(policy([]), looking());
    replay.take(
      call(),
      logOf(() => err("no_log")),
    );
    replay.take(
      call(),
      logOf(() => err("no_log")),
    );
    replay.take(
      call(),
      logOf(() => err("changed_arguments")),
    );
    replay.skip("unreadable");
    expect(replay.report()).toEqual({
      calls: 4,
      same: 0,
      sameByAnotherRule: 0,
      byUse: 0,
      changes: [],
      notReplayed: { no_log: 2, changed_arguments: 1, unreadable: 1 },
    });
  });

  test("does not trust itself where the old policy made the record and now says otherwise", () => {
    const before = policy([]);
    const decision = { effect: "deny", ruleId: "p/gone", policyVersion: before.version };
    const replay = createReplay(before, policy([], "deny"));
    replay.take(call({ decision }), nothing);
    replay.take(call({ decision: { ...decision, effect: "allow", ruleId: "p/default" } }), nothing);
    expect(replay.report()).toMatchObject({
      calls: 2,
      notReplayed: { not_reproduced: 1 },
      changes: [{ before: "allow", after: "deny", calls: 1 }],
    });
  });

  test("takes no record that says too little", () => {
    expect(readRecordedCall({ callId: "x" })).toEqual({ ok: false, error: "unreadable" });
    expect(readRecordedCall(undefined).ok).toBe(false);
  });
});

describe("the rules of two policies", () => {
  test("are compared by their ids, places aside", () => {
    const before = policy(["a: deny: { tool: x }", "b: allow: {}", "c: ask: { tool: y }"], "ask");
    const after = policy(["c: ask: { tool: y }", "d: deny: { tool: z }", "a: ask: { tool: x }"]);
    expect(ruleChanges(before, after)).toEqual({
      added: [{ ruleId: "p/d", effect: "deny", match: { tool: ["z"] }, reason: "x" }],
      removed: [{ ruleId: "p/b", effect: "allow", match: {}, reason: "x" }],
      changed: [
        {
          before: { ruleId: "p/a", effect: "deny", match: { tool: ["x"] }, reason: "x" },
          after: { ruleId: "p/a", effect: "ask", match: { tool: ["x"] }, reason: "x" },
        },
      ],
      default: { before: "ask", after: "allow" },
    });
    expect(ruleChanges(before, before)).toEqual({ added: [], removed: [], changed: [] });
  });
});
