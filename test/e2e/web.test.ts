import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type HttpPeer, httpPeer } from "../connectors/http-peer.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

grantTests("a site and a search engine", { connect: loopback });

let peer: HttpPeer;
beforeAll(async () => {
  peer = await httpPeer(({ path }) =>
    path.startsWith("/search")
      ? { body: JSON.stringify({ results: [{ title: "The page", url: `${peer.url}/page` }] }) }
      : {
          headers: { "content-type": "text/html" },
          body: "<title>The page</title><p>Forty-two, with <b>emphasis</b>.</p>",
        },
  );
});
afterAll(() => peer.close());

const pack = `pack: nearby
version: 1
description: The site of the test is on this machine.
extends: [default]
default: allow
rules:
  - id: pages-nearby
    allow: { connector: "web:*", private: true }
    reason: It is the test's own.
`;

test("an agent searches, reads a page, and both calls are in the log and in the audit", async () => {
  const folder = temporaryFolder("web");
  writeFileSync(join(folder, "nearby.yaml"), pack);
  const { engine, run } = testEngine(
    {
      "policy.packs": ["nearby"],
      "policy.files": [join(folder, "nearby.yaml")],
      connectors: {
        find: { kind: "search", provider: "searxng", baseUrl: peer.url },
        web: { kind: "web" },
      },
    },
    folder,
  );
  try {
    const { events } = await run([
      { tool_calls: [{ name: "find__search", arguments: { query: "the answer" } }] },
      { tool_calls: [{ name: "web__fetch", arguments: { url: `${peer.url}/page` } }] },
      { text: "Forty-two." },
    ]);
    const told = JSON.stringify(events.filter(({ type }) => type === "tool.completed"));
    expect(told).toContain("1. The page");
    expect(told).toContain("Forty-two, with **emphasis**.");
    const calls = engine.store.audit.list({ connector: "web:web" }).items;
    expect(calls).toMatchObject([
      { operation: "web.get", outcome: "ok", record: { host: "127.0.0.1", port: peer.port } },
    ]);
    expect(engine.store.audit.list({ connector: "search:find" }).items).toHaveLength(1);
  } finally {
    await engine.close();
  }
});
