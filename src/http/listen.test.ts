import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { testApi } from "../../test/support/api.ts";
import { serveSettingsSchema } from "../config/serve-settings.ts";
import { settingsSchema } from "../config/schema.ts";
import { checkSafety, listen } from "./listen.ts";

const settings = (given: object) => serveSettingsSchema.parse({ port: 0, ...given });
const nothing = () => new Response("");

describe("a start that would be unsafe is refused", () => {
  const refused: Readonly<Record<string, object>> = {
    "all addresses without TLS": { host: "0.0.0.0" },
    "all addresses of IPv6 without TLS": { host: "::" },
    "an address of the network without TLS": { host: "192.168.1.10" },
    "a name without TLS": { host: "agent.example" },
    "an address of this machine in another spelling": { host: "127.1" },
    "this machine as IPv6 has IPv4": { host: "::ffff:127.0.0.1" },
    "a certificate without its key": { tlsCert: "a.pem" },
    "a key without its certificate, from elsewhere": { host: "0.0.0.0", tlsKey: "a.pem" },
  };
  test.each(Object.entries(refused))("%s", async (_, given) => {
    expect(() => checkSafety(settings(given))).toThrow(
      expect.objectContaining({ code: "serve.unsafe" }),
    );
    await expect(listen(settings(given), nothing, "/")).rejects.toMatchObject({
      code: "serve.unsafe",
    });
  });

  test("TLS files that are not there or are none", async () => {
    const folder = temporaryFolder("tls");
    writeFileSync(join(folder, "a.pem"), "nothing");
    const gone = settings({ tlsCert: "gone.pem", tlsKey: "gone.pem" });
    await expect(listen(gone, nothing, folder)).rejects.toMatchObject({ code: "serve.tls" });
    const none = settings({ tlsCert: "a.pem", tlsKey: "a.pem" });
    await expect(listen(none, nothing, folder)).rejects.toMatchObject({ code: "serve.tls" });
  });

  const malformed: Readonly<Record<string, object>> = {
    "tokens that are signed with a shared secret": jwt({ algorithms: ["HS256"] }),
    "tokens without a signature": jwt({ algorithms: ["none"] }),
    "tokens of no algorithm": jwt({ algorithms: [] }),
    "tokens for anybody": jwt({ audience: "" }),
    "tokens of anybody": jwt({ issuer: "" }),
    "keys from a file": jwt({ jwksUrl: "file:///etc/keys" }),
    "no limit of requests": { serve: { requestsPerMinute: 0 } },
    "no limit of a body": { serve: { maxBodyKilobytes: 0 } },
    "no limit of depth": { serve: { maxDepth: 100_000 } },
    "no limit of time": { serve: { requestSeconds: 0 } },
    "a name with a wildcard": { serve: { names: ["*"] } },
    "a secret in an address": {
      approvals: { webhook: { url: "https://a:b@hook.test", secretVariable: "X" } },
    },
  };
  test.each(Object.entries(malformed))("settings with %s", (_, given) => {
    expect(settingsSchema.safeParse(given).success).toBe(false);
  });
});

function jwt(change: object): object {
  const good = { issuer: "me", audience: "agent33", jwksUrl: "https://login.test/keys" };
  return { serve: { jwt: { ...good, ...change } } };
}

test("this machine by its own names is served without more", () => {
  for (const host of ["127.0.0.1", "127.8.8.8", "localhost", "::1"]) {
    expect(() => checkSafety(settings({ host }))).not.toThrow();
  }
  expect(() => checkSafety(settings({ host: "0.0.0.0", allowPlainRemote: true }))).not.toThrow();
  expect(() => checkSafety(settings({ host: "0.0.0.0", tlsCert: "a", tlsKey: "b" }))).not.toThrow();
});

const safe = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "no-store",
};

test("each answer, good or bad, has the headers that keep pages out, and none that lets them in", async () => {
  const { ask } = await testApi();
  for (const [method, path] of [
    ["GET", "/v1/runs"],
    ["GET", "/v1/nothing"],
    ["POST", "/v1/keys"],
    ["GET", "/openapi.json"],
    ["GET", "/docs"],
    ["GET", "/healthz"],
  ] as const) {
    const { headers } = await ask(method, path, { headers: { origin: "https://evil.example" } });
    expect(Object.fromEntries(headers), `${method} ${path}`).toMatchObject(safe);
    expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    expect(headers.get("strict-transport-security")).toBeNull();
    expect(headers.get("x-powered-by") ?? headers.get("server")).toBeNull();
  }
});

test("with TLS, browsers are told to stay with it", async () => {
  const { ask } = await testApi({ "serve.tlsCert": "a.pem", "serve.tlsKey": "a.pem" });
  const { headers } = await ask("GET", "/healthz");
  expect(headers.get("strict-transport-security")).toBe("max-age=31536000; includeSubDomains");
});

test("a name that leads here is served where the settings have it", async () => {
  const strict = await testApi();
  const evil = { headers: { host: "evil.example" } };
  expect(await strict.ask("GET", "/v1/runs", evil)).toMatchObject({
    status: 403,
    body: { code: "api.wrong_host" },
  });
  const named = await testApi({ "serve.names": ["agent.example"] });
  const good = { headers: { host: "Agent.Example:443" } };
  expect((await named.ask("GET", "/v1/runs", good)).status).toBe(200);
  expect((await named.ask("GET", "/v1/runs", evil)).status).toBe(403);
});
