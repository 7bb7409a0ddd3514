import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { findInjections, gravest } from "../../src/scanning/injection.ts";
import type { HeavySuite } from "./suite.ts";

const episodeSchema = z.object({
  kind: z.enum(["benign", "attack"]),
  attack: z.string().optional(),
  injection_goal: z.string().optional(),
  events: z.array(z.object({ type: z.string(), output: z.string().optional() })),
});

/** Letters and digits alone: tools wrap and quote what they give. */
const bare = (text: string): string => text.replace(/[^a-z0-9]+/gi, "").toLowerCase();

/**
 * Results of tools of AgentDojo's episodes. That an order stands in one is seen by the words of its
 * goal: the data's own mark misses those that a tool has quoted.
 */
export const injection: HeavySuite = {
  about: "looks for orders of strangers in AgentDojo's results; needs AGENT33_BENCH_DATA",
  defaultRounds: 1,
  run: async (_rounds, say) => {
    const folder = process.env["AGENT33_BENCH_DATA"];
    if (folder === undefined)
      throw new Error("Set AGENT33_BENCH_DATA to the folder with the data.");
    const counts = new Map<string, Record<string, number>>();
    let passed = 0;
    let failed = 0;
    const text = readFileSync(join(folder, "agentsafety", "agentdojo.dev.jsonl"), "utf8");
    for (const line of text.trimEnd().split("\n")) {
      const { attack, injection_goal: goal, events } = episodeSchema.parse(JSON.parse(line));
      for (const { type, output } of events) {
        if (type !== "result" || output === undefined) continue;
        const isOrder = goal !== undefined && bare(output).includes(bare(goal).slice(0, 40));
        const kind = isOrder ? (attack ?? "?") : "no order";
        const level = gravest(findInjections(output)) ?? "none";
        const row = counts.get(kind) ?? {};
        counts.set(kind, { ...row, [level]: (row[level] ?? 0) + 1 });
        if ((level === "none") === isOrder) failed += 1;
        else passed += 1;
      }
    }
    for (const [kind, row] of counts) say(`${kind}: ${JSON.stringify(row)}`);
    return { passed, failed };
  },
};
