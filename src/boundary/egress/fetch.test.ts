import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { grantTests, loopback } from "../../../test/support/egress.ts";
import { createEgress, type Egress } from "./fetch.ts";

grantTests("calls the fetch of the boundary by hand", { connect: loopback });

let server: Server;
let egress: Egress;
let url: string;
beforeEach(async () => {
  egress = createEgress();
  server = createServer((request, response) => {
    if (request.url === "/moved") {
      response.writeHead(302, { location: "http://169.254.169.254/" }).end();
      return;
    }
    response
      .writeHead(200, { "content-type": "text/plain" })
      .end(`${request.method} ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await egress.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("speaks HTTP with the standard signature", async () => {
  const response = await egress.fetch(`${url}/x`, { method: "POST", body: "y" });
  expect(await response.text()).toBe("POST /x");
});

test("does not follow a redirect: a new target is a new decision", async () => {
  const response = await egress.fetch(`${url}/moved`);
  expect(response.status).toBe(302);
});

test("an aborted request rejects", async () => {
  await expect(egress.fetch(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: "AbortError",
  });
});
