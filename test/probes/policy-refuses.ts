import { existsSync } from "node:fs";
import { join } from "node:path";
import { listWithin, ofType, probe, within } from "./support/bench.ts";
import { packWith, writing } from "./support/policy.ts";
import { says, script, writes } from "./support/scripts.ts";

// What a rule denies is not done, the agent is told, and the audit has the denial with its rule.
// Sabotaged: the rule allows it.
await probe(async ({ folder, sabotaged, put, agent33 }) => {
  const { pack, settings } = packWith(sabotaged ? { allow: writing } : { deny: writing });
  put("own.yaml", pack);
  put("agent33.config.yaml", settings);
  put("turns.yaml", script("m", writes("notes.txt", "x"), says("Then not.")));
  put("work/.keep", "");
  const words = ["--model", "scripted:turns.yaml", "--workspace", "work", "--json"];
  const events = (await agent33("run", "Write it down.", ...words)).lines();
  const denied = (await agent33("audit", "list", "--decision", "deny", "--json")).json();
  const [call] = ofType(events, "tool.completed");
  return {
    error: within(call, "error", "code"),
    rule: within(call, "decision", "ruleId"),
    written: existsSync(join(folder, "work/notes.txt")),
    auditedDenials: listWithin(denied, "items").length,
    auditedRule: within(denied, "items", 0, "ruleId"),
  };
});
