import { expect } from "vitest";
import { connectorConformance } from "../../../test/connectors/conformance.ts";
import { type FolderPeer, folderPeer } from "../../../test/connectors/folder-peer.ts";
import type { ToolOutput } from "../../tools/tool.ts";
import { toolCallSpec } from "../tool-call.ts";
import { appendLineTool } from "./connector.ts";

/** What stands in the way is told to the model, which may name another file. */
const refuses = (why: RegExp) => (output: ToolOutput, peer: FolderPeer) => {
  expect(output.isError).toBe(true);
  expect(output.content).toMatch(why);
  expect(peer.outside()).toBe("untouched");
};

connectorConformance({
  name: "a line for a file of the workspace",
  peer: folderPeer,
  spec: ({ root }) => toolCallSpec(appendLineTool(root)),
  input: { path: "log.txt", line: "text" },
  good: ({ content }, peer) => {
    expect(content).toBe("Appended 1 line (5 bytes) to log.txt.");
    expect(peer.textOf()).toBe("text\n");
  },
  secrets: [],
  takes: {
    failing: refuses(/^Cannot append to "log\.txt": it is a folder\.$/),
    refusing: refuses(/^Cannot append to "log\.txt": it is a symbolic link\.$/),
    silent: refuses(/^Cannot append to "log\.txt": it is not a regular file\.$/),
    malformed: ({ isError }, peer) => {
      expect(isError).toBe(false);
      expect(peer.textOf()).toBe("\u00ff\u00fe\0\ntext\n");
    },
    huge: refuses(/^Cannot append to "log\.txt": it would grow beyond 16 MiB\.$/),
  },
  cannot: {
    busy: "a folder has no word for how long to wait",
    cut: "a line is written by one call of the system",
  },
});
