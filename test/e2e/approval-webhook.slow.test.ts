import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { resultsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

const key = Buffer.alloc(32, 7);
const secret = `whsec_${key.toString("base64")}`;
const secretVariable = "APPROVALS_SECRET";

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const engines: TestEngine[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const made of engines.splice(0)) await made.engine.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

/** A program that is told of questions and answers as it likes, one answer after the other. */
async function receiver(...answers: readonly { readonly status: number; readonly body: string }[]) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(pieces).toString() });
      const answer = answers[Math.min(received.length, answers.length) - 1];
      response.writeHead(answer?.status ?? 204).end(answer?.body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  servers.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/asked`, received };
}

function careful(url: string, mcpServers: JsonValue = {}): TestEngine {
  const first = testEngine();
  engines.push(first);
  const path = join(first.folder, "careful.yaml");
  writeFileSync(
    path,
    [
      "pack: careful",
      "version: 1",
      "description: asks before anything is written",
      "default: allow",
      "rules:",
      "  - id: writes",
      '    ask: { connector: "tool:workspace" }',
      "    reason: Writing needs a person.",
      "  - id: webhook",
      '    allow: { connector: "http:engine.approvals", private: true }',
      "    reason: Whoever decides is on this machine.",
    ].join("\n"),
  );
  const made = testEngine(
    {
      "policy.packs": ["careful"],
      "policy.files": [path],
      "approvals.webhook.url": url,
      "approvals.webhook.secretVariable": secretVariable,
      mcpServers,
    },
    first.folder,
    { [secretVariable]: secret },
  );
  engines.push(made);
  return made;
}

test("an MCP server's question is told with its form, and only an answer that fits is taken", async () => {
  const answer = (content: object) => ({
    status: 200,
    body: JSON.stringify({ decision: "approved", by: "desk", content }),
  });
  const { url, received } = await receiver(answer({ guests: "many" }), answer({ guests: 4 }));
  const script = join(import.meta.dirname, "../support/mcp-servers/asks-people.mjs");
  const made = careful(url, {
    books: {
      command: process.execPath,
      args: [script, join(temporaryFolder("asks"), "done.txt")],
      confine: false,
      tools: { book: { effect: "write", repeat: "safe" } },
    },
  });
  const book = { tool_calls: [{ name: "books__book", arguments: {} }] };
  const ask = () => made.run([book, { text: "Done." }]);
  await ask();
  await expect.poll(() => received.length).toBe(1);
  expect(JSON.parse(received[0]?.body ?? "{}")).toMatchObject({
    data: { rule: "mcp/elicitation", server: "books", form: { required: ["guests"] }, page: null },
  });
  const { runId, outcome } = await ask();
  await expect
    .poll(() => made.engine.store.approvals.list().map(({ decidedBy }) => decidedBy))
    .toEqual([null, "desk"]);
  // An answer that comes at once is there before the run parks.
  if (outcome === "parked") await made.engine.runs.resume(runId);
  expect(resultsOf(made.engine.store.runLog.read(runId))).toMatchObject([
    { content: '[{"action":"accept","content":{"guests":4}}]' },
  ]);
});

const turns = [
  { tool_calls: [{ name: "append_line", arguments: { path: "notes.txt", line: "asked" } }] },
  { text: "Done." },
];

test("whoever is told of a question can check the signature and approve with the answer", async () => {
  const { url, received } = await receiver({
    status: 200,
    body: JSON.stringify({ decision: "approved", by: "release bot" }),
  });
  const { run, engine, folder } = careful(url);
  const { runId, outcome } = await run(turns);
  expect(outcome).toBe("parked");
  await expect
    .poll(() => engine.store.approvals.list({ state: "approved" }))
    .toMatchObject([{ decidedBy: "release bot", runId }]);
  expect(await engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
  expect(readFileSync(join(folder, "notes.txt"), "utf8")).toBe("asked\n");

  expect(received).toHaveLength(1);
  const [{ headers, body } = { headers: {}, body: "" }] = received;
  const [question] = engine.store.approvals.list({ state: "consumed" });
  expect(headers["webhook-id"]).toBe(`approval-${question?.id}`);
  const header = (name: string): string => String(headers[name]);
  const signed = `${header("webhook-id")}.${header("webhook-timestamp")}.${body}`;
  const signature = createHmac("sha256", key).update(signed).digest("base64");
  expect(headers["webhook-signature"]).toBe(`v1,${signature}`);
  expect(JSON.parse(body)).toMatchObject({
    type: "approval.requested",
    data: { id: question?.id, run: runId, rule: "careful/writes", tenant: "default" },
  });
  const sent = engine.store.audit
    .list()
    .items.filter(({ connector }) => connector === "http:engine.approvals");
  expect(sent).toMatchObject([{ outcome: "ok", operation: "http.post" }]);
});

test("an answer that is no decision leaves the question open, and the next ask tells nobody again", async () => {
  const { url, received } = await receiver({ status: 200, body: "seen" });
  const { run, engine } = careful(url);
  const { runId } = await run(turns);
  await expect.poll(() => received.length).toBe(1);
  expect(await engine.runs.resume(runId)).toMatchObject({ outcome: "parked" });
  await engine.close();
  expect(received).toHaveLength(1);
});

test("a receiver that fails at first is told again under the same id", async () => {
  const denied = { status: 200, body: JSON.stringify({ decision: "denied", by: "ann" }) };
  const { url, received } = await receiver({ status: 503, body: "" }, denied);
  const { run, engine } = careful(url);
  await run(turns);
  await expect
    .poll(() => engine.store.approvals.list({ state: "denied" }), { timeout: 5_000 })
    .toMatchObject([{ decidedBy: "ann" }]);
  expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
});

test("no secret, or one that is none, is an error before anything runs", () => {
  const url = "http://127.0.0.1:1/asked";
  const settings = {
    "approvals.webhook.url": url,
    "approvals.webhook.secretVariable": secretVariable,
  };
  expect(() => testEngine(settings)).toThrow(
    expect.objectContaining({ code: "engine.no_webhook_secret" }),
  );
  expect(() => testEngine(settings, undefined, { [secretVariable]: "whsec_short" })).toThrow(
    expect.objectContaining({ code: "messaging.bad_webhook_secret" }),
  );
});
