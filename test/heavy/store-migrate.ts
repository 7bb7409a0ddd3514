import { benchFolder, quantile, removeFolder } from "./store-bench.ts";
import { importControls, importRound, makeImportBench } from "./store-import-rounds.ts";
import type { MigrateTotals } from "./store-migrate-report.ts";
import { makeUpgradeBench, upgradeControls, upgradeRound } from "./store-upgrade-rounds.ts";
import type { HeavySuite } from "./suite.ts";

/** With the intakes of a tenth of them about ten thousand records. */
const manySignals = 9000;
/** A short look must be short: with fewer rounds than these there are fewer signals. */
const fewRounds = 20;
const fewSignals = 2000;

/** What one half of the rounds adds up to. */
interface Half {
  readonly name: string;
  readonly totals: MigrateTotals;
  readonly tookMs: number[];
}

function half(name: string): Half {
  return { name, totals: { found: { old: 0, begun: 0, new: 0 }, partials: 0 }, tookMs: [] };
}

export const storeMigrate: HeavySuite = {
  about: "kills upgrades of old stores and takeovers of the Python engine's state with SIGKILL",
  defaultRounds: 200,
  run: async (rounds, say, seed) => {
    const folder = benchFolder("store-migrate");
    const upgrade = await makeUpgradeBench(folder);
    const takeover = await makeImportBench(folder, rounds < fewRounds ? fewSignals : manySignals);
    const { all, copy, schema } = upgrade.takes;
    say(
      `an upgrade takes ${all.toFixed(0)} ms, of them the backup's copying ${copy.toFixed(0)} and the schema ${schema.toFixed(0)}; rows ${JSON.stringify(upgrade.contents.rows)}`,
    );
    const records = takeover.wanted.size - takeover.before.size;
    say(`a takeover of ${records} records takes ${takeover.takesMs.toFixed(0)} ms`);
    const [upgrades, takeovers] = [half("upgrades"), half("takeovers")];
    const controls = [...upgradeControls(upgrade), ...importControls(takeover)];
    for (const { name, seen } of controls) say(`${seen ? "ok    " : "FAILED"} control: ${name}`);
    let failed = controls.every(({ seen }) => seen) ? 0 : 1;
    const began = performance.now();
    for (let number = 1; number <= rounds; number += 1) {
      const start = performance.now();
      const { line, faults } =
        number % 2 === 1
          ? await upgradeRound(upgrade, seed + number, upgrades.totals)
          : await importRound(takeover, seed + number, takeovers.totals);
      (number % 2 === 1 ? upgrades : takeovers).tookMs.push(performance.now() - start);
      if (faults.length > 0) failed += 1;
      say(`${faults.length === 0 ? "ok    " : "FAILED"} ${line}`);
      for (const fault of faults) say(`         ${fault.slice(0, 500)}`);
    }
    upgrade.close();
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    for (const { name, totals, tookMs } of [upgrades, takeovers]) {
      const { old, begun, new: done } = totals.found;
      say(
        `${tookMs.length} ${name}, p50 ${(quantile(tookMs, 0.5) / 1000).toFixed(1)} s a round: after the kill ${old} as before, ${begun} begun, ${done} done`,
      );
    }
    say(
      `${rounds} rounds in ${seconds} s; ${upgrades.totals.partials} unfinished copies of killed backups are left behind`,
    );
    if (failed === 0) removeFolder(folder);
    else say(`The files are in ${folder}.`);
    return { passed: rounds + 1 - failed, failed };
  },
};
