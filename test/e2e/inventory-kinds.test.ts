import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { InventoryItem } from "../../src/engine.ts";
import { type HttpPeer, httpPeer } from "../connectors/http-peer.ts";
import { runInProcess } from "../support/cli.ts";
import { grantTests, loopback } from "../support/egress.ts";

grantTests("the other sides of these connectors", { connect: loopback });

const key = "not-a-real-key-5d1c";
let peer: HttpPeer;
let folder = "";

beforeAll(async () => {
  // A server that repeats what it was sent, as some do in their errors.
  peer = await httpPeer(({ headers }) => ({
    status: 400,
    body: JSON.stringify({ error: { message: `bad: ${headers["authorization"]}` } }),
  }));
  folder = mkdtempSync(join(tmpdir(), "inventory-kinds-"));
  writeFileSync(
    join(folder, "own.yaml"),
    `pack: own
version: 1
description: Nobody is told anything, and nothing is read aloud.
default: allow
extends: [default]
rules:
  - id: no-messages
    deny: { operation: message.send }
    reason: Nobody is to be told.
  - id: no-sounds
    deny: { operation: speak }
    reason: It is night.
`,
  );
  writeFileSync(join(folder, "turns.yaml"), "name: done\nturns: [{ text: Done. }]\n");
  writeFileSync(
    join(folder, "agent33.config.yaml"),
    `model: "scripted:turns.yaml"
policy: { packs: [own], files: [own.yaml] }
connectors:
  team: { kind: slack, tokenVariable: KEY, channels: ["#ops"] }
  voice: { kind: speech, tokenVariable: KEY, transcribeModel: a, speakModel: b, baseUrl: "${peer.url}/v1" }
  eyes: { kind: vision, model: a, baseUrl: "${peer.url}/v1" }
  deaf: { kind: speech, tokenVariable: UNSET, transcribeModel: a }
  mute: { kind: slack, tokenVariable: UNSET, channels: ["#ops"] }
  blind: { kind: vision, tokenVariable: TWO_LINES, model: a }
`,
  );
});
afterAll(async () => {
  await peer.close();
  rmSync(folder, { recursive: true });
});

const connectors = (...words: string[]) =>
  runInProcess(["connectors", ...words], folder, { KEY: key, TWO_LINES: "line-one\nline-two" });
const items = async (): Promise<ReadonlyMap<string, InventoryItem>> => {
  const { stdout } = await connectors("list", "--json");
  const { items: all } = JSON.parse(stdout) as { items: readonly InventoryItem[] };
  return new Map(all.map((item) => [item.name, item]));
};

test("what policy says is said of the operations that the calls really have", async () => {
  const found = await items();
  expect(found.get("team")?.policy).toMatchObject([
    { effect: "write", decision: "deny", rule: "own/no-messages", call: "team__send" },
  ]);
  expect(found.get("voice")?.policy).toMatchObject([
    { effect: "read", decision: "allow", call: "transcribe" },
    { effect: "write", decision: "deny", rule: "own/no-sounds", call: "speak" },
  ]);
  expect(found.get("eyes")?.policy).toMatchObject([
    { effect: "read", decision: "allow", rule: "default/configured-nearby", call: "describe" },
  ]);
});

test("what needs a workspace says so, and a script is no hosted model", async () => {
  const found = await items();
  expect(found.get("voice")?.note).toBe("with --workspace");
  expect(found.get("eyes")?.note).toBe("with --workspace");
  expect(found.get("team")?.note).toBeNull();
  const { stdout } = await connectors("check", "model:scripted");
  expect(stdout).toContain("model:scripted  No model is called: the turns are written down.");
});

test("a connector that cannot be opened has the id that it would have", async () => {
  const found = await items();
  expect(found.get("deaf")).toMatchObject({
    id: "media:deaf",
    problem: { code: "config.missing_secret" },
  });
  expect(found.get("mute")).toMatchObject({ id: "messaging:mute" });
  expect((await connectors("show", "messaging:mute")).code).toBe(0);
});

test("neither a check nor a list shows a secret", async () => {
  const { stdout } = await connectors("check", "voice", "blind");
  expect(stdout).toContain("bad: Bearer [secret:KEY]");
  expect(stdout).toContain("TWO_LINES");
  const shown = await connectors("show", "blind");
  const json = await connectors("check", "--json");
  for (const text of [stdout, shown.stdout, json.stdout]) {
    expect(text).not.toContain(key);
    expect(text).not.toContain("line-one");
  }
});
