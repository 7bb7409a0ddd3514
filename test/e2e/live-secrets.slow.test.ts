import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { loadConfig } from "../../src/config/config.ts";
import { startServer } from "../../src/http/server.ts";
import { freshFolder, runInProcess, startCli } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";
import { testHost } from "../support/engine.ts";

grantTests("asks the service as its users do", { connect: ["127.0.0.1:*"] });

const env = { AGENT33_MASTER_KEY: Buffer.alloc(32, 1).toString("base64") };

/** A service that notes who asked, and the settings of connectors that ask it. */
async function desk() {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const { authorization, "x-api-key": key } = request.headers;
    seen.push(String(authorization ?? key ?? "nobody"));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ data: [{ id: "m" }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test("a served connector and a model's listing use what is stored now, and stop at what was removed", async () => {
  const { seen, url } = await desk();
  const folder = freshFolder();
  mkdirSync(join(folder, ".agent33"));
  const connectors = {
    desk: {
      kind: "http",
      baseUrl: url,
      methods: ["GET"],
      secretHeaders: { "x-api-key": "DESK_TOKEN" },
    },
  };
  const own = `openai-compatible:m@${url}/v1`;
  writeFileSync(
    join(folder, "agent33.config.yaml"),
    stringify({
      connectors,
      model: own,
      serve: { port: 0 },
      store: { synchronous: "normal" },
      policy: { packs: ["open"], files: ["open.yaml"] },
    }),
  );
  writeFileSync(
    join(folder, "open.yaml"),
    "pack: open\nversion: 1\ndescription: allows all\ndefault: allow\nrules:\n  - id: here\n    allow: { private: true }\n    reason: The service is on this machine.\n",
  );
  const server = await startServer(
    loadConfig({ cwd: folder, env: {}, flags: [] }),
    testHost(folder, env),
  );
  onTestFinished(() => server.close());
  const { address, firstKey: key } = server;
  const check = async (what: "connectors" | "models") => {
    const response = await fetch(`${address}/v1/${what}/check`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ names: [what === "models" ? own : "desk"] }),
    });
    return response.text();
  };
  const secrets =
    (...args: string[]) =>
    async (value: string) => {
      const done = await startCli(["secrets", ...args], { cwd: folder, env, input: value }).ended;
      expect(done.code).toBe(0);
    };

  expect(await check("connectors")).toContain("config.missing_secret");
  await secrets("set", "DESK_TOKEN")("desk-token-of-the-first-day");
  await secrets("set", "OPENAI_COMPATIBLE_API_KEY")("model-key-of-the-first-day");
  expect(await check("connectors")).toContain('"state":"ok"');
  await check("models");
  await secrets("rotate", "DESK_TOKEN")("desk-token-of-the-second-day");
  await secrets("rotate", "OPENAI_COMPATIBLE_API_KEY")("model-key-of-the-second-day");
  await check("connectors");
  await check("models");
  expect(seen).toEqual([
    "desk-token-of-the-first-day",
    "Bearer model-key-of-the-first-day",
    "desk-token-of-the-second-day",
    "Bearer model-key-of-the-second-day",
  ]);
  expect((await runInProcess(["secrets", "remove", "DESK_TOKEN"], folder, env)).code).toBe(0);
  expect(await check("connectors")).toContain("DESK_TOKEN");
  expect(seen).toHaveLength(4);
});
