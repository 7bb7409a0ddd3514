import { escapeProbes } from "../../src/sandbox/escape-probes.cases.ts";
import { escapeWorld } from "../../src/sandbox/escape-world.fixture.ts";
import { realBubblewrap, realGvisor } from "../../src/sandbox/sandbox.fixture.ts";
import type { HeavySuite } from "./suite.ts";

/** The table of the verification page: every probe against every driver that works here. */
export const sandboxEscape: HeavySuite = {
  about: "ways out of the sandbox, each tried in bubblewrap and in gVisor; prints a table",
  defaultRounds: 1,
  run: async (rounds, say) => {
    const canary = "canary-heavy-7f2";
    process.env["AGENT33_TEST_CANARY"] = canary;
    const world = await escapeWorld(canary);
    const drivers = [await realBubblewrap(), await realGvisor()];
    let passed = 0;
    let failed = 0;
    say("| what is tried | bubblewrap | gVisor |");
    say("| --- | --- | --- |");
    for (let round = 0; round < rounds; round += 1) {
      for (const probe of escapeProbes) {
        const cells: string[] = [];
        for (const { sandbox, probed } of drivers) {
          const escaped = probed.available
            ? await world.tryProbe(sandbox, probe)
            : `not tried: ${probed.reason}`;
          if (escaped === undefined) passed += 1;
          else failed += 1;
          cells.push(escaped === undefined ? "held" : `**${escaped}**`);
        }
        say(`| ${probe.name} | ${cells.join(" | ")} |`);
      }
    }
    world.close();
    return { passed, failed };
  },
};
