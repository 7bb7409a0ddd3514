import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BoundaryError } from "../../src/boundary/errors.ts";
import { createEngine, loadConfig, thisHost } from "../../src/index.ts";
import { listWithin, probe, within } from "./support/bench.ts";

// A server that only fails is left alone after five attempts, and another process knows that too.
// Sabotaged: the server answers.
await probe(async ({ folder, sabotaged, agent33 }) => {
  let reached = 0;
  const server = createServer((_request, response) => {
    reached += 1;
    response.writeHead(sabotaged ? 200 : 503).end("{}");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const config = loadConfig({ cwd: folder, env: {}, flags: [] });
  const engine = createEngine(config, { ...thisHost(process.env), cwd: folder });
  const codes: string[] = [];
  try {
    const connector = engine.boundary.connector<string, string, never>({
      id: "model:shop",
      facts: () => ({
        operation: "stock.read",
        effect: "read",
        repeat: "once",
        host: "127.0.0.1",
        port,
      }),
      run: async ({ input, fetch, signal }) => {
        const response = await fetch(`http://127.0.0.1:${port}/${input}`, { signal });
        if (response.ok) return response.text();
        throw new BoundaryError("upstream_5xx", "The shop is shut.", { status: response.status });
      },
    });
    const principal = { tenant: "default", user: "probe" };
    for (let call = 0; call < 8; call += 1) {
      const result = await connector.tryCall("tea", { principal, logicalCallId: `c${call}` });
      codes.push(result.ok ? "ok" : result.error.code);
    }
  } finally {
    await engine.close();
    server.close();
  }
  const listed = (await agent33("connectors", "breakers", "--json")).json();
  const breakers = listWithin(listed, "items").length === 0 ? listed : within(listed, "items");
  return { reached, codes, lastCode: codes.at(-1), breakers };
});
