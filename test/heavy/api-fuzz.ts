import { fuzzApi } from "../support/api-fuzz/fuzz.ts";
import type { HeavySuite } from "./suite.ts";

/** Rounds of one world: what fuzzing makes there does not grow without end. */
const roundsOfAWorld = 3;

/** Every operation of the API, asked for what its reference says and for what it does not. */
export const apiFuzz: HeavySuite = {
  about: "fuzzes every operation of the API: bodies, headers, ids, tokens",
  defaultRounds: 30,
  run: async (rounds, say, seed) => {
    let passed = 0;
    let failed = 0;
    for (let done = 0; done < rounds; done += roundsOfAWorld) {
      const asking = (done / roundsOfAWorld) % 2 === 0 ? "one" : "home";
      const now = Math.min(roundsOfAWorld, rounds - done);
      const { operations, requests, statuses, faults } = await fuzzApi(asking, now, seed + done);
      for (const fault of faults) say(fault);
      const counts = Object.entries(statuses).map(([status, count]) => `${status}: ${count}`);
      say(
        `as ${asking}: ${now} rounds, ${operations} operations, ${requests} requests; ${counts.join(", ")}`,
      );
      passed += requests - faults.length;
      failed += faults.length;
    }
    return { passed, failed };
  },
};
