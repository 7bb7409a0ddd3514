import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { keySetReader } from "../../src/engine/key-set.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

grantTests("a provider of keys on this machine", { connect: loopback });

const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "more than half a megabyte": (response) => response.end(`{"keys":["${"x".repeat(600_000)}"]}`),
  "what is no JSON": (response) => response.end("<html>"),
  "a page that is moved": (response) =>
    response.writeHead(302, { location: "http://127.0.0.1:9/evil" }).end(),
  "an error": (response) => response.writeHead(500).end(),
  "half an answer": (response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("{", () => response.destroy());
  },
};

test.each(Object.entries(answers))(
  "a provider that answers with %s gives no keys",
  async (_, answer) => {
    const server = createServer((_request, response) => answer(response));
    server.listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    onTestFinished(() => void server.close());
    const folder = temporaryFolder("keys");
    writeFileSync(
      join(folder, "near.yaml"),
      JSON.stringify({
        pack: "near",
        version: 1,
        description: "the provider is on this machine",
        default: "allow",
        rules: [{ id: "here", allow: { private: true }, reason: "x" }],
      }),
    );
    const { engine, host } = testEngine(
      { "policy.packs": ["near"], "policy.files": ["near.yaml"] },
      folder,
    );
    onTestFinished(() => engine.close());
    const { port } = server.address() as AddressInfo;
    const read = keySetReader(`http://127.0.0.1:${port}/keys`, {
      boundary: engine.boundary,
      principal: { tenant: "default", user: "local" },
      host,
    });
    await expect(read()).rejects.toMatchObject({
      code: expect.stringMatching(/^boundary\./) as string,
    });
  },
);
