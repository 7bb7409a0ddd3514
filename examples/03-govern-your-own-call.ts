/**
 * A connector of one's own behind the boundary, without an agent: a small shop's HTTP service on
 * this machine. Policy denies what its rules forbid, a busy server is asked again when it said so,
 * and a budget ends it all. The service is real and listens on the loopback interface only.
 * Run it with: node examples/03-govern-your-own-call.ts
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/base/clock.ts";
import { uuidv7Source } from "../src/base/ids.ts";
import { systemRandom } from "../src/base/random.ts";
import { createBoundary } from "../src/boundary/boundary.ts";
import { createLimitUses } from "../src/boundary/limit-uses.ts";
import { createBudgetLedger } from "../src/boundary/budget.ts";
import { createEgress } from "../src/boundary/egress/fetch.ts";
import { BoundaryError } from "../src/boundary/errors.ts";
import { compilePolicy, loadPacks } from "../src/boundary/policy/index.ts";
import type { ConnectorSpec } from "../src/boundary/types.ts";
import { openStore } from "../src/store/store.ts";

/** What a caller asks of the shop. */
interface ShopRequest {
  readonly method: "GET" | "DELETE";
  readonly item: string;
}

function shopConnector(baseUrl: string): ConnectorSpec<ShopRequest, string> {
  const { hostname, port } = new URL(baseUrl);
  return {
    id: "http:shop",
    // What policy sees, and nothing else.
    facts: ({ method, item }) => ({
      operation: method === "GET" ? "stock.read" : "stock.delete",
      effect: method === "GET" ? "read" : "destructive",
      repeat: method === "GET" ? "safe" : "once",
      host: hostname,
      port: Number(port),
      args: { item },
    }),
    // One attempt, with the boundary's own fetch. Retries and time limits are not its business.
    run: async ({ input, fetch, signal }) => {
      const { method, item } = input;
      const response = await fetch(`${baseUrl}/stock/${item}`, { method, signal });
      const text = await response.text();
      if (response.ok) return text;
      if (response.status === 429) {
        const seconds = Number(response.headers.get("retry-after") ?? "1");
        throw new BoundaryError("upstream_429", "The shop is busy.", {
          status: 429,
          retryAfterMs: seconds * 1_000,
        });
      }
      throw new BoundaryError("upstream_4xx", `The shop answered ${response.status}.`, {
        status: response.status,
      });
    },
    timeouts: { attemptMs: 2_000, totalMs: 5_000 },
  };
}

const requests: string[] = [];
const shop = createServer((request, response) => {
  requests.push(`${request.method} ${request.url}`);
  if (requests.length === 1) response.writeHead(429, { "retry-after": "1" }).end();
  else response.end("12 in stock");
});
shop.listen(0, "127.0.0.1");
await once(shop, "listening");

const folder = await mkdtemp(join(tmpdir(), "agent33-example-"));
const pack = join(folder, "shop.yaml");
await writeFile(
  pack,
  `pack: shop
version: 1
description: The stock may be looked at. The shop is on this machine, so its address is opened too.
default: deny
rules:
  - id: look
    allow: { connector: "http:shop", effect: read, private: true }
    reason: Looking harms nothing.
`,
);

const clock = systemClock;
const ids = uuidv7Source(clock, systemRandom);
const store = openStore({ dataDir: join(folder, "data"), clock, ids });
const egress = createEgress();
try {
  const budgets = createBudgetLedger(clock);
  const limitUses = createLimitUses();
  const boundary = createBoundary({
    clock,
    random: systemRandom,
    ids,
    policy: compilePolicy(loadPacks({ select: ["shop"], paths: [pack] })),
    budgets,
    records: (tenant) => ({ ...store.tenant(tenant), limitUses }),
    hands: {
      fetch: egress.fetch,
      spawn: () => Promise.reject(new Error("this program starts no processes")),
    },
  });
  const { port } = shop.address() as AddressInfo;
  const stock = boundary.connector(shopConnector(`http://127.0.0.1:${port}`));
  budgets.open("morning", { calls: 2 });
  const options = { principal: { tenant: "tea-room", user: "ada" }, budgets: ["morning"] };

  // A busy server: asked again, not earlier than it said, as one call with two attempts.
  const beganMs = clock.monotonic();
  const busy = await stock.tryCall({ method: "GET", item: "tea" }, options);
  assert(busy.ok && busy.value === "12 in stock");
  assert(clock.monotonic() - beganMs >= 1_000);
  assert.deepEqual(
    busy.record.attempts.map((attempt) => attempt.outcome),
    ["boundary.upstream_429", "ok"],
  );
  console.log(`tea: ${busy.value}, after ${busy.record.attempts.length} attempts`);

  // A denied call: nothing is sent, nothing is charged, and it is in the audit all the same.
  const denied = await stock.tryCall({ method: "DELETE", item: "tea" }, options);
  assert(!denied.ok && denied.error.kind === "policy_denied");
  assert.equal(denied.error.ruleId, "shop/default");
  assert.equal(requests.length, 2);
  assert.equal(budgets.use("morning")?.calls, 1);
  console.log(`deleting: ${denied.error.message}`);

  // The budget has one call left; the one after that is refused before it is sent.
  await stock.call({ method: "GET", item: "cups" }, options);
  await assert.rejects(stock.call({ method: "GET", item: "cups" }, options), {
    code: "boundary.budget_exceeded",
  });
  assert.deepEqual(requests, ["GET /stock/tea", "GET /stock/tea", "GET /stock/cups"]);

  const { items } = store.tenant("tea-room").audit.list();
  assert.deepEqual(
    items.map((entry) => `${entry.operation} ${entry.outcome}`),
    [
      "stock.read boundary.budget_exceeded",
      "stock.read ok",
      "stock.delete boundary.policy_denied",
      "stock.read ok",
    ],
  );
  console.log(`${items.length} calls in the audit, ${requests.length} requests at the shop`);
} finally {
  store.close();
  await egress.close();
  shop.close();
  await rm(folder, { recursive: true, force: true });
}
