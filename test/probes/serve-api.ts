import { type Bench, probe, within } from "./support/bench.ts";
import { says, script } from "./support/scripts.ts";

// The API is ready, lets nobody in without a key, starts a run, tells its events as they come, and
// its metrics count the calls. Sabotaged: the key is a wrong one.
async function ready({ start }: Bench, program: string) {
  const server = start(process.execPath, [program, "serve", "--port", "0", "--json"]);
  for (let tries = 0; tries < 200 && !server.printed().includes("\n"); tries += 1) {
    await new Promise((later) => setTimeout(later, 50));
  }
  const line: unknown = JSON.parse(server.printed().split("\n")[0] ?? "");
  return {
    server,
    address: String(within(line, "address")),
    key: String(within(line, "firstKey")),
  };
}

await probe(async (bench) => {
  const { put, sabotaged } = bench;
  put("turns.yaml", script("m", says("All is well.")));
  put("agent33.config.yaml", { model: "scripted:turns.yaml" });
  const { server, address, key } = await ready(bench, bench.program);
  const ask = async (path: string, body?: object, token?: string) =>
    await fetch(new URL(path, address), {
      method: body === undefined ? "GET" : "POST",
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  try {
    const mine = sabotaged ? `${key.slice(0, -4)}0000` : key;
    const stranger = await ask("/v1/runs");
    const made = await ask("/v1/runs", { task: "Say how it is." }, mine);
    const run: unknown = await made.json();
    const id = String(within(run, "id"));
    // The stream ends by itself once the run has.
    const events = await (await ask(`/v1/runs/${id}/events`, undefined, mine)).text();
    const metrics = await (await ask("/metrics", undefined, mine)).text();
    const shown: unknown = await (await ask(`/v1/runs/${id}`, undefined, mine)).json();
    return {
      health: (await ask("/healthz")).status,
      stranger: stranger.status,
      made: made.status,
      events: [...events.matchAll(/^event: (\S+)$/gm)].map(([, type]) => type),
      outcome: within(shown, "outcome"),
      calls: Number(/^agent33_calls_total\{[^}]*\} (\d+)/m.exec(metrics)?.[1] ?? 0),
    };
  } finally {
    server.end("SIGTERM");
    await server.ended;
  }
});
