import { markdownTable } from "../../bench/report.ts";
import { type OutageOptions, type OutageReport, watchOutage } from "../support/outage.ts";
import type { HeavySuite } from "./suite.ts";

const scenario: OutageOptions = {
  phases: [
    { name: "well", ms: 3_000 },
    { name: "slow", ms: 4_000 },
    { name: "failing", ms: 8_000 },
    { name: "well", ms: 10_000 },
  ],
  callsPerSecond: 200,
  attemptMs: 250,
  slowMs: 1_500,
  breaker: {
    window: 20,
    minimumAttempts: 5,
    failureRate: 0.5,
    cooldownMs: 1_000,
    maxCooldownMs: 4_000,
    probes: 2,
  },
};
/** The same without a breaker: one that never has seen enough. */
const unguarded: OutageOptions = { ...scenario, breaker: { window: 20, minimumAttempts: 1_000 } };

const codes = [
  "ok",
  "circuit_open",
  "timeout",
  "upstream_5xx",
  "deadline_exceeded",
  "bulkhead_full",
];

function phaseTable({ phases }: OutageReport): readonly string[] {
  const header = ["phase", "calls", ...codes, "requests that reached it"];
  const rows = phases.map(({ phase, calls, outcomes, reached }) => [
    phase,
    String(calls),
    ...codes.map((code) => String(outcomes[code] ?? 0)),
    String(reached),
  ]);
  return markdownTable(header, rows, [0]);
}

function transitionTable({ transitions }: OutageReport): readonly string[] {
  const rows = transitions.map(({ ms, state, reached }, index) => [
    state,
    (ms / 1000).toFixed(2),
    String(reached - (transitions[index - 1]?.reached ?? 0)),
  ]);
  return markdownTable(["breaker", "s", "requests since the last change"], rows, [0]);
}

const millisecondsAt = (phase: number): number =>
  scenario.phases.slice(0, phase).reduce((sum, { ms }) => sum + ms, 0);

/** What must hold, whatever the machine's speed. */
function checks({ phases, transitions, mostProbes }: OutageReport) {
  const [before, slow, failing, after] = phases;
  const opened = transitions.find(({ state, ms }) => state === "open" && ms >= millisecondsAt(1));
  const closed = transitions.findLast(({ state }) => state === "closed");
  const during = (slow?.calls ?? 0) + (failing?.calls ?? 0);
  const reached = (slow?.reached ?? 0) + (failing?.reached ?? 0);
  return {
    opened,
    closed,
    held: {
      "most calls before it were answered":
        (before?.outcomes["ok"] ?? 0) > (before?.calls ?? 0) / 2,
      "the breaker opened": opened !== undefined,
      "fewer than a tenth of the calls' number reached it during the outage": reached < during / 10,
      "no more than 2 probes at once": mostProbes <= 2,
      "it closed when all was well": transitions.at(-1)?.state === "closed",
      "most calls after it were answered": (after?.outcomes["ok"] ?? 0) > (after?.calls ?? 0) / 2,
    },
  };
}

export const outage: HeavySuite = {
  about: "watches a breaker through an outage of a loopback upstream, at 200 calls a second",
  defaultRounds: 1,
  run: async (rounds, say) => {
    let [passed, failed] = [0, 0];
    for (let round = 1; round <= rounds; round += 1) {
      const report = await watchOutage(scenario);
      const { opened, closed, held } = checks(report);
      say("With its breaker:");
      for (const line of [...phaseTable(report), "", ...transitionTable(report), ""]) say(line);
      say(
        `Opened ${Math.round((opened?.ms ?? 0) - millisecondsAt(1))} ms after the upstream became slow.`,
      );
      say(
        `Closed ${Math.round((closed?.ms ?? 0) - millisecondsAt(3))} ms after the upstream was well.`,
      );
      say(`Probes at once: ${report.mostProbes} at most.`);
      say("\nWithout a breaker:");
      for (const line of phaseTable(await watchOutage(unguarded))) say(line);
      say("");
      for (const [what, holds] of Object.entries(held)) {
        say(`${holds ? "held" : "FAILED"}: ${what}`);
        if (holds) passed += 1;
        else failed += 1;
      }
    }
    return { passed, failed };
  },
};
