import { realBubblewrap } from "../../src/sandbox/sandbox.fixture.ts";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { InventoryCheck, InventoryItem } from "../../src/engine.ts";
import { type HttpPeer, httpPeer } from "../connectors/http-peer.ts";
import { projectRoot, runInProcess } from "../support/cli.ts";
import { grantTests, loopback } from "../support/egress.ts";

grantTests("the other sides of six connectors", { connect: loopback, spawn: true });

const answers: Readonly<Record<string, string>> = {
  "/v1/models": '{"data":[{"id":"small"}]}',
  "/v1/embeddings":
    '{"object":"list","model":"vectors","data":[{"object":"embedding","index":0,"embedding":[0.1,0.2,0.3]}],"usage":{"prompt_tokens":1,"total_tokens":1}}',
  "/page": "hello",
  "/shop": "{}",
};
let peer: HttpPeer;
let folder = "";

beforeAll(async () => {
  peer = await httpPeer(({ path }) => ({
    body: answers[path] ?? (path.startsWith("/search") ? '{"results":[]}' : "{}"),
  }));
  folder = mkdtempSync(join(tmpdir(), "inventory-"));
  const server = join(projectRoot, "test/support/mcp-servers/odd-tools.mjs");
  writeFileSync(
    join(folder, "nearby.yaml"),
    `pack: nearby
version: 1
description: Pages and the shop are on this machine here.
default: allow
extends: [default]
rules:
  - id: pages-nearby
    allow: { connector: ["web:*", "http:shop"], private: true }
    reason: They run on this machine.
`,
  );
  writeFileSync(
    join(folder, "agent33.config.yaml"),
    `model: openai-compatible:small
baseUrl: ${peer.url}/v1
embeddings: { model: openai-compatible:vectors, baseUrl: "${peer.url}/v1" }
policy: { packs: [nearby], files: [nearby.yaml] }
mcpServers:
  files: { command: ${process.execPath}, args: ["${server}"], tools: { read_note: { effect: read, repeat: safe } } }
  broken: { command: no-such-program }
connectors:
  pages: { kind: web, checkUrl: "${peer.url}/page" }
  finder: { kind: search, provider: searxng, baseUrl: "${peer.url}" }
  shop: { kind: http, baseUrl: "${peer.url}/shop", methods: [GET, DELETE] }
`,
  );
});
afterAll(async () => {
  await peer.close();
  rmSync(folder, { recursive: true });
});

const connectors = (...words: string[]) => runInProcess(["connectors", ...words], folder);
const bubblewrap = await realBubblewrap();

const items = async <T>(...words: string[]): Promise<ReadonlyMap<string, T>> => {
  const { stdout } = await connectors(...words, "--json");
  const { items } = JSON.parse(stdout) as { items: readonly (T & { id: string })[] };
  return new Map(items.map((item) => [item.id, item]));
};

describe("six connectors, one broken and one whose breaker is open", () => {
  const key = (id: string): string => `${id}|127.0.0.1:${peer.port}|read`;

  test("are checked side by side, and none keeps the others from it", async () => {
    await connectors("breakers", "open", key("http:shop"), "--reason", "it is moving");
    const { code } = await connectors("check", "--json");
    expect(code).toBe(1);
    const found = await items<InventoryCheck>("check");
    expect(new Map([...found].map(([id, { state }]) => [id, state]))).toEqual(
      new Map([
        ["model:openai-compatible", "ok"],
        ["embedding:openai-compatible", "ok"],
        ["mcp:files", "ok"],
        ["mcp:broken", "failed"],
        ["web:pages", "ok"],
        ["search:finder", "ok"],
        ["http:shop", "failed"],
        ["tool:workspace", "not checked"],
        ["shell:sandbox", expect.stringMatching(/^(ok|failed)$/)],
      ]),
    );
    expect(found.get("embedding:openai-compatible")?.detail).toBe("vectors of 3 numbers");
    expect(found.get("mcp:files")?.detail).toMatch(/^\d+ tools$/);
    expect(found.get("http:shop")?.error).toMatchObject({ code: "boundary.circuit_open" });
    expect((await connectors("check", "pages", "search:finder")).code).toBe(0);
  });

  test("are listed with what policy says, their breakers and their last errors", async () => {
    const found = await items<InventoryItem>("list");
    expect([...found.keys()].slice(0, 7)).toEqual([
      "model:openai-compatible",
      "embedding:openai-compatible",
      "mcp:files",
      "mcp:broken",
      "web:pages",
      "search:finder",
      "http:shop",
    ]);
    const shop = found.get("http:shop");
    expect(shop).toMatchObject({ breaker: "open", problem: null, confined: null });
    expect(shop?.policy).toEqual([
      { effect: "read", decision: "allow", rule: "nearby/pages-nearby", call: "shop__request" },
      { effect: "destructive", decision: "ask", rule: expect.any(String), call: "shop__request" },
    ]);
    expect(shop?.lastError).toMatchObject({ code: "boundary.circuit_open", operation: "check" });
    expect(found.get("mcp:broken")).toMatchObject({
      problem: { code: "sandbox.command_not_found" },
      confined: null,
    });
    expect(found.get("mcp:files")?.confined).toBe(bubblewrap.probed.available);
    expect(found.get("web:pages")).toMatchObject({ breaker: "closed", lastError: null });
  });

  test("are shown to a person", async () => {
    const { stdout } = await connectors();
    expect(stdout).toMatch(/^mcp:broken +mcp .* +- +cannot be used/m);
    expect(stdout).toMatch(
      /^http:shop +http +read allow, destructive ask +open +- +boundary\.circuit_open/m,
    );
    const shown = await connectors("show", "shop");
    expect(shown.stdout).toMatch(/policy +read allow by nearby\/pages-nearby/);
  });

  test("are not mistaken for others", async () => {
    const { code, stderr } = await connectors("check", "shopp");
    expect(code).not.toBe(0);
    expect(stderr).toContain("shop");
  });

  test("a check that policy asks a person about is not made, and leaves no question", async () => {
    writeFileSync(
      join(folder, "nearby.yaml"),
      `pack: nearby
version: 2
description: A person is asked about pages.
default: allow
rules:
  - id: ask-pages
    ask: { connector: "web:*", private: true }
    reason: Somebody wants to know.
`,
    );
    const found = await items<InventoryCheck>("check", "pages");
    expect(found.get("web:pages")).toMatchObject({ state: "not checked" });
    const { stdout } = await runInProcess(["approvals", "list", "--json"], folder);
    expect(JSON.parse(stdout)).toMatchObject({ items: [] });
  });
});
