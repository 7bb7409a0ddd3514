import { expect } from "vitest";
import { connectorConformance } from "../../../test/connectors/conformance.ts";
import type { PeerBehaviour } from "../../../test/connectors/peer.ts";
import { type WorkerPeer, workerPeer } from "../../../test/connectors/worker-peer.ts";
import { systemClock } from "../../base/clock.ts";
import type { ToolOutput } from "../../tools/tool.ts";
import { toolCallSpec } from "../tool-call.ts";
import { javascriptTool } from "./connector.ts";

const programs: Readonly<Record<PeerBehaviour, string>> = {
  well: "console.log('hi'); 6 * 7",
  failing: "throw new Error('down for a moment')",
  busy: "0",
  refusing: "import('node:fs').then(String)",
  silent: "for (;;) {}",
  cut: "console.log('half'); const all = []; for (;;) all.push('x'.repeat(8e6) + all.length)",
  malformed: "{ this is no program",
  huge: "for (;;) console.log('x'.repeat(10_000))",
};

/** How a program ends is an answer, which the model reads. */
const ends = (how: RegExp) => (output: ToolOutput) => {
  expect(output.isError).toBe(true);
  expect(output.content).toMatch(how);
};

let peer: WorkerPeer;
connectorConformance({
  name: "a program in JavaScript",
  peer: async () => {
    peer = await workerPeer();
    return peer;
  },
  spec: () => toolCallSpec(javascriptTool(systemClock)),
  // The program is the other side, so it is told how to behave by the input.
  get input() {
    const { behaviour } = peer;
    return { code: programs[behaviour], timeout_seconds: behaviour === "huge" ? 1 : 60 };
  },
  good: ({ content, isError }, { seen }) => {
    expect(isError).toBe(false);
    expect(content).toBe("Result: 42\n--- printed\nhi");
    expect(seen).toBe(1);
  },
  secrets: [],
  takes: {
    failing: ends(/^Error: Error: down for a moment$/),
    refusing: ends(/^Error: /),
    cut: ends(/^Error: InternalError: out of memory\n--- printed\nhalf$/),
    malformed: ends(/^Error: SyntaxError: /),
    huge: ({ content, isError, structured }) => {
      expect(isError).toBe(true);
      expect(structured).toEqual({ timedOut: true, truncated: true });
      expect(content.length).toBeLessThan(34_000);
    },
  },
  cannot: {
    busy: "a program has no word for how long to wait",
    gone: "its engine is a part of this program",
  },
});
