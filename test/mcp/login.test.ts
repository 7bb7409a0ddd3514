import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import { loopback, testGrant } from "../support/egress.ts";
import { eventsOf, resultsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { startHttpServer, type Received } from "../support/mcp-servers/http-server.ts";

/** A server that wants a login, and is its own authorization server. */
async function startVault() {
  let serial = 0;
  const valid = new Set<string>();
  const seen: Received[] = [];
  const answers: Readonly<Record<string, (request: Received, origin: string) => JsonObject>> = {
    "/.well-known/oauth-protected-resource/mcp": (_request, origin) => ({
      resource: `${origin}/mcp`,
      authorization_servers: [origin],
    }),
    "/.well-known/oauth-authorization-server": (_request, origin) => ({
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      registration_endpoint: `${origin}/register`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
    }),
    "/register": ({ message }) => ({ client_id: "client-1", ...(message as JsonObject) }),
    "/token": () => {
      serial += 1;
      const token = `open-Sesame-token-${serial}`;
      valid.add(token);
      return { access_token: token, token_type: "Bearer", refresh_token: `open-renewal-${serial}` };
    },
  };
  const server = await startHttpServer((request, response) => {
    seen.push(request);
    const origin = `http://${request.headers.host ?? ""}`;
    const { pathname, searchParams } = new URL(request.path, origin);
    if (pathname === "/authorize") {
      const back = new URL(searchParams.get("redirect_uri") ?? "");
      back.searchParams.set("code", "code-1");
      back.searchParams.set("state", searchParams.get("state") ?? "");
      response.writeHead(302, { location: back.href }).end();
      return null;
    }
    const answer = answers[pathname]?.(request, origin);
    if (answer !== undefined) {
      const status = pathname === "/register" ? 201 : 200;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
      return null;
    }
    if (pathname !== "/mcp") {
      response.writeHead(404).end();
      return null;
    }
    const token = /^Bearer (?<token>.+)$/.exec(request.headers.authorization ?? "")?.groups?.[
      "token"
    ];
    if (token !== undefined && valid.has(token)) return undefined;
    const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
    response.writeHead(401, { "www-authenticate": `Bearer resource_metadata="${metadata}"` }).end();
    return null;
  });
  return { ...server, seen, expire: () => valid.clear() };
}

function opened(url: string, folder?: string): TestEngine {
  const made = testEngine({ mcpServers: { vault: { url } } }, folder);
  onTestFinished(() => made.engine.close());
  return made;
}

/** Opens pages as a person's browser does. */
const browser = testGrant("stands for the person's browser", { connect: loopback });
const visit = (page: string): void => void browser.run(() => fetch(page));

const calls = { tool_calls: [{ name: "vault__echo", arguments: { a: 1 } }] };
const done = { text: "Done." };

test("a run goes on without a server that wants a login, and says how to log in", async () => {
  const vault = await startVault();
  const { run } = opened(vault.url);
  const { events } = await run([done]);
  expect(eventsOf(events, "session.opened")[0]?.notices.join("\n")).toContain("agent33 mcp login");
  // Nobody was there to log in, so nothing was registered in their name.
  expect(vault.seen.filter(({ path }) => path === "/register")).toEqual([]);
});

test("a person logs in once; runs use the token, renew it, and show it to nobody", async () => {
  const vault = await startVault();
  const made = opened(vault.url);
  const pages: string[] = [];
  const report = await made.engine.mcp.login("vault", (page) => {
    pages.push(page);
    visit(page);
  });
  expect(report.tools).toMatchObject([{ name: "echo" }]);
  expect(pages).toHaveLength(1);
  expect(new URL(pages[0] ?? "").searchParams.get("code_challenge_method")).toBe("S256");

  const file = join(made.folder, ".agent33/mcp-logins.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).toContain("open-Sesame-token-1");

  const { events } = await made.run([calls, done]);
  expect(resultsOf(events)).toMatchObject([{ content: '{"a":1}' }]);

  vault.expire();
  const renewed = await made.run([calls, done]);
  expect(resultsOf(renewed.events)).toMatchObject([{ content: '{"a":1}' }]);
  expect(vault.seen.at(-1)?.headers.authorization).toBe("Bearer open-Sesame-token-2");
  expect(vault.seen.filter(({ path }) => path === "/register")).toHaveLength(1);
  const { runId } = await made.run([{ text: "It is open-Sesame-token-2." }]);
  const told = JSON.stringify(made.engine.store.runLog.read(runId));
  expect(told).toContain("[secret:mcp-login-");
  expect(told).not.toContain("open-Sesame-token");
});

test("another address under the same name gets no token of the old one", async () => {
  const [vault, other] = [await startVault(), await startVault()];
  const made = opened(vault.url);
  await made.engine.mcp.login("vault", visit);
  await opened(other.url, made.folder).run([done]);
  expect(other.seen.length).toBeGreaterThan(0);
  for (const { headers } of other.seen) expect(headers.authorization).toBeUndefined();
});

test("an answer that belongs to another login is not taken", async () => {
  const vault = await startVault();
  const { engine } = opened(vault.url);
  const forged = engine.mcp.login("vault", (page) => {
    const back = new URL(new URL(page).searchParams.get("redirect_uri") ?? "");
    visit(`${back.href}?code=stolen&state=guessed`);
  });
  await expect(forged).rejects.toMatchObject({
    code: "boundary.upstream_4xx",
    message: expect.stringContaining("another login"),
  });
  expect(vault.seen.filter(({ path }) => path === "/token")).toEqual([]);
});

test("whether a server works is tried with the login that there is", async () => {
  const vault = await startVault();
  const made = opened(vault.url);
  expect(await made.engine.inventory.check(["vault"])).toMatchObject([{ state: "failed" }]);
  await made.engine.mcp.login("vault", visit);
  expect(await made.engine.inventory.check(["vault"])).toMatchObject([{ state: "ok" }]);
});

test("a file of logins that is broken is named, and nothing of it is quoted", async () => {
  const made = opened((await startVault()).url);
  writeFileSync(join(made.engine.dataDir, "mcp-logins.json"), '{"vault": open-Sesame-token}');
  const { failed } = await made.engine.mcp.inspect([]);
  expect(failed).toMatchObject([
    { code: "engine.malformed_logins", message: expect.stringContaining("mcp-logins.json") },
  ]);
  expect(JSON.stringify(failed)).not.toContain("Sesame");
});
