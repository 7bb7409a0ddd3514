import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { testApi } from "../../test/support/api.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { addDashboard, builtDashboard } from "./dashboard.ts";
import type { ApiEnvironment } from "./environment.ts";

const script = `console.log("${"x".repeat(1_000)}");`;

function built() {
  const folder = temporaryFolder("page");
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), "<title>Page</title>");
  writeFileSync(join(folder, "assets", "index-x1.js"), script);
  writeFileSync(join(folder, "assets", "secret.txt"), "no");
  writeFileSync(join(folder, "favicon.svg"), "<svg/>");
  return builtDashboard(pathToFileURL(`${folder}/`));
}

function served(dashboard = built()) {
  const app = new Hono<ApiEnvironment>();
  addDashboard(app, dashboard);
  app.notFound((c) => c.text("nothing here", 404));
  return (path: string, headers: Record<string, string> = { accept: "text/html,*/*" }) =>
    app.request(path, { headers });
}

describe("the page", () => {
  test("is served at every path that it may have, and asked for again each time", async () => {
    const ask = served();
    for (const path of ["/", "/runs/0123", "/no/such/page", "/runs?state=x"]) {
      const answer = await ask(path);
      expect([answer.status, await answer.text()]).toEqual([200, "<title>Page</title>"]);
      expect(answer.headers.get("cache-control")).toBe("no-cache");
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    }
    const first = await ask("/");
    const again = { accept: "text/html", "if-none-match": first.headers.get("etag") ?? "" };
    expect((await ask("/", again)).status).toBe(304);
  });

  test("is at its root whatever is asked for, so that who looks by hand sees it", async () => {
    expect((await served()("/", {})).status).toBe(200);
  });

  test("leaves what programs ask for, and the API's paths, to the API", async () => {
    const ask = served();
    expect((await ask("/runs/0123", { accept: "application/json" })).status).toBe(404);
    expect((await ask("/runs/0123", {})).status).toBe(404);
    for (const path of ["/v1/runs", "/v1/nothing", "/docs/x", "/openapi.json", "/session"]) {
      expect((await ask(path)).status).toBe(404);
    }
  });

  test("has files that are kept for ever, since their names change with them", async () => {
    const ask = served();
    const plain = await ask("/assets/index-x1.js", {});
    expect(await plain.text()).toBe(script);
    expect(plain.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(plain.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    const small = await ask("/assets/index-x1.js", { "accept-encoding": "br, gzip" });
    expect(small.headers.get("content-encoding")).toBe("gzip");
    const bytes = await small.arrayBuffer();
    expect(bytes.byteLength).toBeLessThan(200);
    expect(gunzipSync(bytes).toString()).toBe(script);
    expect((await ask("/favicon.svg", {})).headers.get("content-type")).toBe("image/svg+xml");
  });

  test("gives nothing that the build did not make", async () => {
    const ask = served();
    const paths = [
      "/assets/secret.txt",
      "/assets/index-x2.js",
      "/assets/..%2f..%2fpackage.json",
      "/assets/%2e%2e/index.html",
      "/assets/",
      "/assets//etc/passwd",
    ];
    for (const path of paths) expect([path, (await ask(path, {})).status]).toEqual([path, 404]);
  });

  test("says how it is built where it was not", async () => {
    const ask = served(builtDashboard(pathToFileURL(`${temporaryFolder("page")}/none/`)));
    const answer = await ask("/");
    expect([answer.status, await answer.text()]).toEqual([
      404,
      "The dashboard was not built: npm run build:dashboard. The API is there: /docs.\n",
    ]);
  });
});

test("the page may run its own scripts, and the API's answers none", async () => {
  const api = await testApi();
  const policyOf = async (path: string): Promise<string> => {
    const answer = await api.open(path, { headers: { accept: "text/html" } });
    return answer.headers.get("content-security-policy") ?? "";
  };
  const page = await policyOf("/runs");
  expect(page).toContain("default-src 'none'");
  expect(page).toContain("script-src 'self'");
  expect(page).toContain("frame-ancestors 'none'");
  expect(page).not.toContain("unsafe");
  for (const path of ["/v1/runs", "/docs", "/openapi.json", "/session"]) {
    const policy = await policyOf(path);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("script-src");
  }
});
