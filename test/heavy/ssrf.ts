import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { egressGuardFile } from "../../src/boundary/egress/guard.ts";
import type { HeavySuite } from "./suite.ts";

/** A network of its own, with its own files in /etc; where the caller may not, as the root of a user namespace. */
const own = ["--net", "--mount", "--propagation", "private"];
const ways = [own, [...own, "--map-root-user"]];

/** How a namespace is made here, or why none can be. */
function way(): { readonly args: readonly string[] } | { readonly reason: string } {
  if (process.platform !== "linux") return { reason: "network namespaces are Linux's" };
  const reasons: string[] = [];
  for (const args of ways) {
    const trial = [...args, "ip", "link", "set", "lo", "up"];
    const tried = spawnSync("unshare", trial, { encoding: "utf8" });
    if (tried.status === 0) return { args };
    reasons.push(tried.error?.message ?? tried.stderr.trim());
  }
  return { reason: `it needs iproute2 and the right to make namespaces (${reasons.join("; ")})` };
}

export const ssrf: HeavySuite = {
  about: "leads calls to private addresses in a network namespace, and none may arrive",
  defaultRounds: 1,
  run: async (rounds, say) => {
    const found = way();
    if ("reason" in found) {
      say(`skipped: ${found.reason}`);
      say("A reduced part of it runs in npm test: src/boundary/egress/fetch.test.ts");
      return { passed: 0, failed: 0 };
    }
    let [passed, failed] = [0, 0];
    for (let round = 1; round <= rounds; round += 1) {
      const matrix = join(import.meta.dirname, "ssrf-namespace.ts");
      const words = [process.execPath, "--require", egressGuardFile, matrix];
      const child = spawn("unshare", [...found.args, ...words], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let counts: RegExpExecArray | null = null;
      for await (const line of createInterface({ input: child.stdout })) {
        counts = /^(\d+) passed, (\d+) failed$/.exec(line);
        if (counts === null) say(line);
      }
      // A matrix that broke off has proved nothing.
      passed += Number(counts?.[1] ?? 0);
      failed += Number(counts?.[2] ?? 1);
    }
    return { passed, failed };
  },
};
