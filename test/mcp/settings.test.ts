import { afterEach, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { resultsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { startHttpServer } from "../support/mcp-servers/http-server.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function engineWith(mcpServers: JsonValue, env: Record<string, string> = {}): TestEngine {
  const made = testEngine({ mcpServers }, undefined, env);
  closing.push(() => made.engine.close());
  return made;
}

const secret = "open-Sesame-77";

test("a run gets the tools of a server over HTTP, with a secret that only the server sees", async () => {
  const server = await startHttpServer(({ headers, message }) =>
    message.method === "tools/call"
      ? { content: [{ type: "text", text: `You sent ${headers["authorization"] ?? "nothing"}` }] }
      : undefined,
  );
  const headers = { Authorization: "Bearer ${VAULT_PASS}" };
  const { run } = engineWith({ vault: { url: server.url, headers } }, { VAULT_PASS: secret });
  const { events, outcome } = await run([
    { tool_calls: [{ name: "vault__echo", arguments: {} }] },
    { text: "Done." },
  ]);
  expect(outcome).toBe("unverified");
  const [called] = resultsOf(events);
  expect(called?.content).toBe("You sent Bearer [secret:VAULT_PASS]");
  expect(JSON.stringify(events)).not.toContain(secret);
});

test("a run is not made where a server's variable is missing", async () => {
  const { run } = engineWith({
    vault: { url: "https://vault.example", headers: { key: "${NO}" } },
  });
  await expect(run([{ text: "Done." }])).rejects.toMatchObject({
    code: "config.missing_variable",
    message: expect.stringContaining('"vault" needs the variable NO'),
  });
});

test("an address given for one run is a server too", async () => {
  const server = await startHttpServer();
  const { run } = engineWith({});
  const { events } = await run(
    [{ tool_calls: [{ name: "127-0-0-1__echo", arguments: { a: 1 } }] }, { text: "Done." }],
    { mcpCommands: [server.url] },
  );
  expect(resultsOf(events)).toMatchObject([{ content: '{"a":1}', isError: false }]);
});
