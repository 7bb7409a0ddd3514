/**
 * The egress guard in a program of one's own: what it opens itself it opens under a grant with a
 * name, and a line that was forgotten is refused and named. The servers are real and listen on the
 * loopback interface only. Run it with: node examples/04-guard-a-program.ts
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { grantEgress, installEgressGuard, isAgent33Error } from "../src/index.ts";

// Before anything else. `node --require agent33/egress-guard` does the same without this line.
installEgressGuard();

/** Stands for the service that this program needs, and for the one that nobody knows about. */
const requests: string[] = [];
async function startServer(name: string) {
  const server = createServer((request, response) => {
    requests.push(`${name} ${request.url}`);
    response.setHeader("connection", "close").end("ok");
  });
  // Listening is not the guard's matter.
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { server, place: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}` };
}
const prices = await startServer("prices");
const telemetry = await startServer("telemetry");

try {
  // What the program opens itself has a name, a reason and a limit.
  const grant = grantEgress({
    name: "shop/prices",
    why: "asks for the prices of the day",
    connect: [prices.place],
  });
  const answer = await grant.run(() => fetch(`${prices.url}/today`));
  assert.equal(await answer.text(), "ok");
  console.log(`${grant.name}: ${answer.status}`);

  // What nobody granted is refused before anything leaves, and says who asked.
  const refused = await fetch(`${telemetry.url}/usage`).catch((error: Error) => error.cause);
  assert(isAgent33Error(refused) && refused.code === "boundary.egress_blocked");
  console.log(refused.message);

  // The grant covers what it names and nothing else.
  await assert.rejects(grant.run(() => fetch(telemetry.url)));
  grant.end();
  await assert.rejects(fetch(prices.url));
  assert.deepEqual(requests, ["prices /today"]);
} finally {
  for (const { server } of [prices, telemetry]) server.close();
}
