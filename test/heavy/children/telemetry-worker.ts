import { loadConfig } from "../../../src/config/config.ts";
import { createEngine, thisHost } from "../../../src/engine.ts";
import { decideEffort, paidModel } from "../../support/decisions.ts";

/** An engine that makes decisions until it has made so many or is killed. */
const [folder = "", url = "", from = "0", to = "0"] = process.argv.slice(2);
const flag = (setting: string, value: string) => ({ setting, flag: `--${setting}`, value });
const config = loadConfig({
  cwd: folder,
  env: {},
  flags: [
    flag("store.synchronous", "normal"),
    flag("telemetry.jsonl", "told.jsonl"),
    flag("telemetry.otlp.url", url),
  ],
});
const host = {
  ...thisHost({ PATH: process.env["PATH"] ?? "" }),
  cwd: folder,
  warn: () => undefined,
};
const engine = createEngine(config, host);
const model = paidModel(engine);
const principal = { tenant: "default", user: "local" };
const runEvery = 20;

for (let at = Number(from); at < Number(to); at += 1) {
  // Denied ones and failed ones are decisions, too.
  await model.tryCall(((at * 7919) % 5_000) + 1, { principal, tier: "low" });
  if (at % runEvery === 0) decideEffort(engine, `run-${host.pid}-${at}`);
  if (at % 50 === 0) {
    // Reads are recorded within a second; what is said to be decided is on record.
    await engine.audit.flush();
    process.stdout.write(`${at}\n`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
await engine.close();
process.stdout.write("done\n");
