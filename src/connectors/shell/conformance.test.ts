import { describe, expect } from "vitest";
import { connectorConformance } from "../../../test/connectors/conformance.ts";
import { programPeer } from "../../../test/connectors/program-peer.ts";
import { testGrant } from "../../../test/support/egress.ts";
import { unwrap } from "../../base/result.ts";
import { createBwrapSandbox } from "../../sandbox/bwrap.ts";
import { createProcesses } from "../../sandbox/process.ts";
import { resolveCommand } from "../../sandbox/resolve-command.ts";
import type { ToolOutput } from "../../tools/tool.ts";
import { toolCallSpec } from "../tool-call.ts";
import { shellTool } from "./connector.ts";

const bubblewrap = resolveCommand("bwrap", {
  startFolder: "/",
  pathEntries: ["/usr/bin", "/usr/local/bin"],
});
const { spawn } = createProcesses();
const probe = await testGrant("finds out whether bubblewrap works here", { spawn: true }).run(() =>
  createBwrapSandbox({ spawn }).probe(),
);

/** How a command ends is an answer, which the model reads. */
const ends = (how: RegExp) => (output: ToolOutput) => {
  expect(output.isError).toBe(true);
  expect(output.content).toMatch(how);
};

const title = probe.available ? "in bubblewrap" : `in bubblewrap (skipped: ${probe.reason})`;
describe.skipIf(!probe.available)(title, () => {
  connectorConformance({
    name: "a command of the shell",
    peer: () => programPeer(unwrap(bubblewrap)),
    spec: ({ workspace, sandboxProgram, spawn: start }) => {
      const sandbox = createBwrapSandbox({ spawn: start, command: sandboxProgram });
      const available = {
        available: true,
        driver: "bubblewrap",
        version: "0",
        notices: [],
      } as const;
      return toolCallSpec(unwrap(shellTool({ chosen: { probe: available, sandbox }, workspace })));
    },
    input: { command: "exec sh ./peer", timeout_seconds: 600 },
    good: ({ content, isError }, peer) => {
      expect(isError).toBe(false);
      expect(content).toMatch(/^Exit code 0 \(.*\n--- stdout\ndone$/);
      expect(peer.seen).toBe(1);
    },
    secrets: [],
    takes: {
      failing: ends(/^Exit code 75 .*\n--- stderr\ndown for a moment$/),
      refusing: ends(/^Exit code 126 .*\n--- stderr\n.*Permission denied$/),
      cut: ends(/^Exit code 137, as after SIGKILL.*\n--- stdout\nhalf$/),
      malformed: ({ content, isError }) => {
        expect(isError).toBe(false);
        expect(content).toContain("\n--- stdout\n\ufffd");
      },
      huge: ({ content, structured }) => {
        expect(structured).toMatchObject({ exitCode: 0, truncated: true });
        expect(content.length).toBeLessThan(34_000);
      },
    },
    cannot: { busy: "a program has no word for how long to wait" },
  });
});
