import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { freshFolder } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";
import { followPage } from "../support/page-session.ts";

grantTests("finds a free port", { connect: ["127.0.0.1:*"] });

const page = "docs/guides/first-hour.md";

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return String(port);
}

test("the first hour shows what its commands print", async () => {
  const results = followPage(page, freshFolder(), { "3333": await freePort() });
  expect(results.length).toBeGreaterThan(20);
  expect(results.filter(({ agrees }) => !agrees)).toEqual([]);
}, 300_000);
