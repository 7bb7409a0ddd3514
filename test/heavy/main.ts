import { parseArgs } from "node:util";
import { suggestName } from "../../src/base/nearest.ts";
import { loopback, testGrant } from "../support/egress.ts";
import { alerts } from "./alerts.ts";
import { apiFuzz } from "./api-fuzz.ts";
import { backupKill } from "./backup-kill.ts";
import { canary } from "./canary.ts";
import { continuity } from "./continuity.ts";
import { corruption } from "./corruption.ts";
import { crash } from "./crash.ts";
import { demoKill } from "./demo-kill.ts";
import { evalKill } from "./eval-kill.ts";
import { injection } from "./injection.ts";
import { mcpConformance } from "./mcp-conformance.ts";
import { opsapi } from "./opsapi.ts";
import { outage } from "./outage.ts";
import { powerCut } from "./power-cut.ts";
import { recoverKill } from "./recover-kill.ts";
import { releaseFlow } from "./release-flow.ts";
import { runKill } from "./run-kill.ts";
import { sandboxEscape } from "./sandbox-escape.ts";
import { sandboxKill } from "./sandbox-kill.ts";
import { serveLoad } from "./serve-load.ts";
import { serveStop } from "./serve-stop.ts";
import { ssrf } from "./ssrf.ts";
import { spend } from "./spend.ts";
import { storeFaults } from "./store-faults.ts";
import { storeIo } from "./store-io.ts";
import { storeKill } from "./store-kill.ts";
import { storeLoss } from "./store-loss.ts";
import { storeMigrate } from "./store-migrate.ts";
import { storeStop } from "./store-stop.ts";
import { telemetryKill } from "./telemetry-kill.ts";
import { workerKill } from "./worker-kill.ts";
import type { HeavySuite } from "./suite.ts";

const suites: Readonly<Record<string, HeavySuite>> = {
  alerts,
  "api-fuzz": apiFuzz,
  "backup-kill": backupKill,
  canary,
  continuity,
  corruption,
  crash,
  "demo-kill": demoKill,
  "eval-kill": evalKill,
  injection,
  "mcp-conformance": mcpConformance,
  opsapi,
  outage,
  "power-cut": powerCut,
  "recover-kill": recoverKill,
  "release-flow": releaseFlow,
  "run-kill": runKill,
  "sandbox-escape": sandboxEscape,
  "sandbox-kill": sandboxKill,
  "serve-load": serveLoad,
  "serve-stop": serveStop,
  ssrf,
  spend,
  "store-faults": storeFaults,
  "store-io": storeIo,
  "store-kill": storeKill,
  "store-loss": storeLoss,
  "store-migrate": storeMigrate,
  "store-stop": storeStop,
  "telemetry-kill": telemetryKill,
  "worker-kill": workerKill,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string" }, seed: { type: "string", default: "1000" } },
});
const [name = ""] = positionals;
const suite = Object.hasOwn(suites, name) ? suites[name] : undefined;
if (suite === undefined) {
  console.error(`Usage: npm run test:heavy -- NAME [--rounds N] [--seed N]\n`);
  for (const [known, { about, defaultRounds }] of Object.entries(suites)) {
    console.error(`  ${known}: ${about} (${defaultRounds} rounds)`);
  }
  if (name !== "")
    console.error(`\nThere is no suite "${name}". ${suggestName(name, Object.keys(suites))}`);
  process.exitCode = 64;
} else {
  const rounds = values.rounds === undefined ? suite.defaultRounds : Number(values.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1)
    throw new Error(`--rounds takes a whole number above 0, not "${values.rounds}".`);
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed))
    throw new Error(`--seed takes a whole number, not "${values.seed}".`);
  const grant = testGrant("starts what the suite tries", { spawn: true, connect: loopback });
  const say = (line: string): void => console.log(line);
  const { passed, failed } = await grant.run(() => suite.run(rounds, say, seed));
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}
