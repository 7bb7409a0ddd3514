import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import {
  type EscapeProbe,
  type EscapeTargets,
  probeProgram,
  whatEscaped,
} from "./escape-probes.cases.ts";
import type { Sandbox } from "./sandbox.ts";
import { makeWorkspace } from "./sandbox.fixture.ts";

/** A host with something to find on it. */
export interface EscapeWorld {
  readonly targets: EscapeTargets;
  /** @returns what got out, or undefined */
  tryProbe(sandbox: Sandbox, probe: EscapeProbe): Promise<string | undefined>;
  /** The same program without any sandbox. */
  programFor(probe: EscapeProbe): string;
  close(): void;
}

/** It listens, so that a test needs a grant for nothing but what it starts. */
export async function escapeWorld(canary: string): Promise<EscapeWorld> {
  const outside = makeWorkspace(true);
  writeFileSync(join(outside, "secret"), canary, { mode: 0o644 });
  const abstractName = `agent33-escape-${process.pid}`;
  const listen = (where: number | string): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer((socket) => socket.destroy());
      if (typeof where === "number") server.listen(where, "127.0.0.1", () => resolve(server));
      else server.listen(where, () => resolve(server));
    });
  const loopback = await listen(0);
  const abstract = await listen(`\0${abstractName}`);
  const address = loopback.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const targets = { outside, canary, port, abstractName, hostPid: process.pid };
  return {
    targets,
    programFor: (probe) => probeProgram(probe, targets),
    tryProbe: async (sandbox, probe) => {
      const workspace = makeWorkspace(true);
      try {
        writeFileSync(join(workspace, "probe.pl"), probeProgram(probe, targets));
        chmodSync(join(workspace, "probe.pl"), 0o666);
        const result = await sandbox.run({
          command: ["perl", "probe.pl"],
          workspace,
          timeoutMs: 30_000,
          outputLimitBytes: 8_192,
          fileSizeBytes: 8 * 1024 * 1024,
          processes: 64,
        });
        return whatEscaped(result);
      } finally {
        rmSync(workspace, { recursive: true });
      }
    },
    close: () => {
      loopback.close();
      abstract.close();
      rmSync(outside, { recursive: true });
    },
  };
}
