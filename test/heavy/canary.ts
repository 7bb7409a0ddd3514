import { canaryRound } from "../support/canary/canary.ts";
import type { HeavySuite } from "./suite.ts";

/** Secrets through every surface: found nowhere but where they are given out. */
export const canary: HeavySuite = {
  about: "pushes secrets through every surface and looks for them in all that is kept and told",
  defaultRounds: 3,
  run: async (rounds, say) => {
    let passed = 0;
    let failed = 0;
    for (let round = 1; round <= rounds; round += 1) {
      const { leaks, faults, places, bytes, answers } = await canaryRound();
      for (const leak of leaks) say(`leak: ${leak}`);
      for (const fault of faults) say(`fault: ${fault}`);
      say(`round ${round}: ${places} places, ${bytes} bytes, ${answers} answers of the API`);
      if (leaks.length + faults.length === 0) passed += 1;
      else failed += 1;
    }
    return { passed, failed };
  },
};
