import { parseArgs } from "node:util";
import { suggestName } from "../../src/base/nearest.ts";
import { crash } from "./crash.ts";
import type { HeavySuite } from "./suite.ts";

const suites: Readonly<Record<string, HeavySuite>> = { crash };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string" } },
});
const [name = ""] = positionals;
const suite = Object.hasOwn(suites, name) ? suites[name] : undefined;
if (suite === undefined) {
  console.error(`Usage: npm run test:heavy -- NAME [--rounds N]\n`);
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
  const { passed, failed } = await suite.run(rounds, (line) => console.log(line));
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}
