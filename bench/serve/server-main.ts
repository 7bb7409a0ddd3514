import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Hono } from "hono";
import { request } from "undici";
import { z } from "zod";
import { loadConfig } from "../../src/config/config.ts";
import { createApiKeys } from "../../src/engine/api-keys.ts";
import { openEngines } from "../../src/engine/engines.ts";
import { thisHost } from "../../src/engine/host.ts";
import { createApp } from "../../src/http/app.ts";
import { authenticatorOf } from "../../src/http/authentication.ts";
import { builtDashboard } from "../../src/http/dashboard.ts";
import { listen } from "../../src/http/listen.ts";
import { createRateLimits } from "../../src/http/rate-limits.ts";
import { allRoutes } from "../../src/http/routes/all.ts";
import { adminScope } from "../../src/http/scopes.ts";
import { createSessions } from "../../src/http/sessions.ts";

/**
 * One server that is measured, started by `bench/serve.ts` with its order as JSON. It prints where
 * it listens, the key that it takes and the run that is read, and ends with its standard input.
 */
const orderSchema = z.strictObject({
  kind: z.enum(["bare", "ours"]),
  folder: z.string(),
  peer: z.string(),
  auth: z.boolean(),
  metrics: z.boolean(),
});
const order = orderSchema.parse(JSON.parse(process.argv[2] ?? ""));
const settings = { host: "127.0.0.1", port: 0, tlsCert: undefined, tlsKey: undefined };

/** The same library without anything of ours: a row from memory, and a call of the same peer. */
async function bare() {
  const run = { id: "01234567-89ab-7cde-8f01-23456789abcd", task: "Wait.", state: "queued" };
  const app = new Hono();
  app.get("/v1/runs/:id", (c) => c.json({ ...run, id: c.req.param("id") }));
  app.post("/v1/models/check", async (c) => {
    await c.req.json();
    const answer = await request(`${order.peer}/models`);
    return c.json({ ok: true, items: await answer.body.json() });
  });
  const serve = { ...loaded().settings.serve, ...settings };
  const { address } = await listen(serve, (asked) => app.fetch(asked), order.folder);
  return { address, key: "none", run: run.id };
}

function loaded() {
  const script = join(order.folder, "script.yaml");
  writeFileSync(script, JSON.stringify({ name: "bench", turns: [{ text: "Done." }] }));
  const exports = {
    jsonl: join(order.folder, "told.jsonl"),
    otlp: { url: `${order.peer}/traces` },
  };
  const wanted = {
    model: `scripted:${script}`,
    baseUrl: order.peer,
    serve: { requestsPerMinute: 10_000_000 },
    ...(order.metrics ? { telemetry: exports } : {}),
  };
  writeFileSync(join(order.folder, "agent33.config.yaml"), JSON.stringify(wanted));
  return loadConfig({ cwd: order.folder, env: {}, flags: [] });
}

async function ours() {
  const config = loaded();
  const host = { ...thisHost({}), cwd: order.folder };
  const engines = await openEngines(config, host);
  const keys = createApiKeys({ store: engines.own.store, host });
  const { tenant, user } = config.settings;
  const made = await keys.create({
    name: "bench",
    tenant,
    user,
    scopes: [adminScope],
    ttlMs: null,
  });
  const anybody = { tenant, user, key: "anybody", scopes: new Set([adminScope] as const) };
  const { serve } = config.settings;
  const app = createApp({
    routes: allRoutes,
    engines,
    keys,
    config,
    host,
    authenticator: order.auth ? authenticatorOf(keys) : { authenticate: async () => anybody },
    limits: createRateLimits({ perMinute: serve.requestsPerMinute, failuresPerMinute: 20 }),
    sessions: createSessions({ keys, signingKey: host.random.bytes(32), clock: host.clock }),
    dashboard: builtDashboard(),
    closing: new AbortController().signal,
  });
  const run = await engines.own.runs.create({
    task: { kind: "text", text: "Wait.", workspace: undefined },
    model: undefined,
    effort: undefined,
    mcpCommands: [],
    queued: true,
  });
  // As Prometheus does, only more often.
  if (order.metrics) {
    const look = (): void => {
      engines.own.metrics.text().then(
        () => setTimeout(look, 1_000),
        (error: unknown) => host.warn(String(error)),
      );
    };
    look();
  }
  const { address } = await listen(
    { ...serve, ...settings },
    (asked, env) => app.fetch(asked, env as object),
    order.folder,
  );
  return { address, key: made.secret, run };
}

process.stdout.write(`${JSON.stringify(await (order.kind === "bare" ? bare() : ours()))}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
