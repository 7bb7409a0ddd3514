import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { scriptedApi, type TestApi } from "../../test/support/api.ts";
import { manualClock } from "../base/clock.ts";
import { sha256 } from "../base/digest.ts";
import { createSessions, sessionMs } from "./sessions.ts";

const pageOf = (api: TestApi) => {
  const own = { host: "127.0.0.1:3333", "sec-fetch-site": "same-origin" };
  const ask = (method: string, path: string, headers: Record<string, string>, body?: unknown) =>
    api.ask(method, path, { as: "none", headers: { ...own, ...headers }, body });
  return {
    ask,
    /** Makes a key, and signs in with it. */
    signIn: async (scopes: readonly string[] = ["admin"], seconds?: number) => {
      const made = await api.ask("POST", "/v1/keys", {
        body: { name: "page", scopes, ...(seconds === undefined ? {} : { seconds }) },
      });
      const { key, secret } = made.body as { key: { id: string }; secret: string };
      const answer = await ask("POST", "/session", { authorization: `Bearer ${secret}` });
      const given = answer.headers.get("set-cookie") ?? "";
      const [cookie = ""] = given.split(";");
      return { id: key.id, secret, answer, given, cookie };
    },
  };
};

async function page() {
  const api = await scriptedApi();
  return { api, ...pageOf(api) };
}

describe("a session", () => {
  test("is a cookie that scripts cannot read and other sites cannot send, with the key's rights", async () => {
    const { signIn, ask } = await page();
    const { answer, given, cookie, id } = await signIn(["runs:read"]);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ tenant: "one", key: id, scopes: ["runs:read"] });
    expect(given).toMatch(/^__Host-agent33=/);
    for (const word of ["Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Expires="]) {
      expect(given).toContain(word);
    }
    expect(given).not.toContain("Domain");
    expect((await ask("GET", "/v1/runs", { cookie })).status).toBe(200);
    expect((await ask("GET", "/v1/keys", { cookie })).body).toMatchObject({
      code: "api.forbidden",
    });
    expect((await ask("GET", "/session", { cookie })).body).toEqual(answer.body);
  });

  test("is asked for by the page before anybody has signed in, which is no error", async () => {
    const { api, signIn, ask } = await page();
    expect(await ask("GET", "/session", {})).toMatchObject({ status: 204, text: "" });
    const { cookie, id } = await signIn();
    await api.ask("DELETE", `/v1/keys/${id}`);
    const over = await ask("GET", "/session", { cookie });
    expect(over.status).toBe(204);
    expect(over.headers.get("set-cookie")).toMatch(/^__Host-agent33=;.*Max-Age=0/);
    const cross = { cookie, "sec-fetch-site": "same-site" };
    expect((await ask("GET", "/session", cross)).body).toMatchObject({ code: "api.cross_origin" });
  });

  test("has nothing of the key's secret in it", async () => {
    const { signIn } = await page();
    const { cookie, secret } = await signIn();
    const [, payload = ""] = cookie.split("=")[1]?.split(".") ?? [];
    expect(Buffer.from(payload, "base64url").toString()).not.toContain(secret.slice(-43));
  });

  test("ends when its key is revoked, at the very next request", async () => {
    const { api, signIn, ask } = await page();
    const { cookie, id } = await signIn();
    expect((await ask("GET", "/v1/runs", { cookie })).status).toBe(200);
    await api.ask("DELETE", `/v1/keys/${id}`);
    const refused = await ask("GET", "/v1/runs", { cookie });
    expect(refused.body).toMatchObject({ status: 401, code: "api.unauthenticated" });
    // The browser is told to forget it.
    expect(refused.headers.get("set-cookie")).toMatch(/^__Host-agent33=;.*Max-Age=0/);
  });

  test("ends when its key is rotated, after the grace", async () => {
    const { api, signIn, ask } = await page();
    const { cookie, id } = await signIn();
    await api.ask("POST", `/v1/keys/${id}/rotate`, { body: { graceSeconds: 60 } });
    expect((await ask("GET", "/v1/runs", { cookie })).status).toBe(200);
    await api.ask("POST", `/v1/keys/${id}/rotate`, { body: { graceSeconds: 0 } });
    expect((await ask("GET", "/v1/runs", { cookie })).status).toBe(401);
  });

  test("begins with no key that does not hold, and too many of these are refused", async () => {
    const { ask, api, signIn } = await page();
    const { id, secret } = await signIn();
    await api.ask("DELETE", `/v1/keys/${id}`);
    for (const key of [secret, "a33_0123456789abcdef_x", "nonsense"]) {
      const refused = await ask("POST", "/session", { authorization: `Bearer ${key}` });
      expect(refused.body).toMatchObject({ status: 401, code: "api.unauthenticated" });
      expect(refused.headers.get("set-cookie")).toBeNull();
    }
    expect((await ask("POST", "/session", {})).status).toBe(401);
    const statuses: number[] = [];
    for (let tries = 0; tries < 20; tries += 1) {
      statuses.push((await ask("POST", "/session", { authorization: "Bearer wrong" })).status);
    }
    expect(statuses.at(-1)).toBe(429);
  });

  test("is taken from the browser by signing out", async () => {
    const { signIn, ask } = await page();
    const { cookie } = await signIn();
    const out = await ask("DELETE", "/session", { cookie });
    expect(out.status).toBe(204);
    expect(out.headers.get("set-cookie")).toMatch(/^__Host-agent33=;.*Max-Age=0/);
    const cross = await ask("DELETE", "/session", { cookie, "sec-fetch-site": "cross-site" });
    expect(cross.body).toMatchObject({ code: "api.cross_origin" });
  });

  test("says nothing where a key says who asks", async () => {
    const { api, signIn, ask } = await page();
    const { cookie } = await signIn(["runs:read"]);
    const both = { cookie, authorization: `Bearer ${api.key("one", ["keys:read"])}` };
    expect((await ask("GET", "/v1/keys", both)).status).toBe(200);
    expect((await ask("GET", "/v1/runs", both)).status).toBe(403);
    expect((await ask("GET", "/session", both)).body).toMatchObject({ expiresAt: null });
    const wrong = { cookie, authorization: "Bearer wrong" };
    expect((await ask("GET", "/v1/runs", wrong)).status).toBe(401);
  });
});

describe("what a page of another origin causes", () => {
  const start = { task: "x" };
  test.each([
    ["another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
    [
      "another port of this machine",
      { "sec-fetch-site": "same-site", origin: "http://127.0.0.1:1" },
    ],
    ["an address that was typed", { "sec-fetch-site": "none" }],
    ["an old browser there", { origin: "https://evil.example" }],
    ["a frame without an origin", { origin: "null" }],
    ["something that does not say", {}],
  ])("changes nothing: %s", async (_, told) => {
    const { api, signIn } = await page();
    const { cookie } = await signIn();
    const headers: Record<string, string> = { host: "127.0.0.1:3333", ...told, cookie };
    const refused = await api.ask("POST", "/v1/runs", { as: "none", headers, body: start });
    expect(refused.body).toMatchObject({ status: 403, code: "api.cross_origin" });
    expect((await api.ask("GET", "/v1/runs")).body).toMatchObject({ items: [] });
  });

  test("is not the page's own, also of a browser that says its origin only", async () => {
    const { api, signIn, ask } = await page();
    const { cookie } = await signIn();
    expect((await ask("POST", "/v1/runs", { cookie }, start)).status).toBe(201);
    const headers = { host: "127.0.0.1:3333", origin: "http://127.0.0.1:3333", cookie };
    const old = await api.ask("POST", "/v1/runs", { as: "none", headers, body: start });
    expect(old.status).toBe(201);
  });

  test("reads nothing either", async () => {
    const { signIn, ask } = await page();
    const { cookie } = await signIn();
    for (const site of ["cross-site", "same-site"]) {
      const refused = await ask("GET", "/v1/runs", { cookie, "sec-fetch-site": site });
      expect(refused.body).toMatchObject({ code: "api.cross_origin" });
    }
  });

  test("signs nobody in, and no page does over plain HTTP from another machine", async () => {
    const { api, signIn } = await page();
    const { secret } = await signIn();
    const ask = (headers: Record<string, string>) =>
      api.ask("POST", "/session", {
        as: "none",
        headers: { authorization: `Bearer ${secret}`, ...headers },
      });
    const cross = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    expect((await ask(cross)).body).toMatchObject({ code: "api.cross_origin" });
    for (const origin of ["http://192.0.2.1:3333", "http://engine.lan", "null"]) {
      expect((await ask({ origin })).body).toMatchObject({ code: "api.insecure_origin" });
    }
    for (const origin of ["https://engine.lan", "http://localhost:3333", "http://[::1]:3333"]) {
      expect((await ask({ origin })).status).toBe(201);
    }
  });
});

describe("the token of a session", () => {
  const clock = manualClock();
  const signingKey = new Uint8Array(32).fill(7);
  const signingKey512 = new Uint8Array(64).fill(7);
  const secret = "secret";
  const key = {
    id: "0123456789abcdef",
    name: "page",
    forTenant: "acme",
    forUser: "mara",
    scopes: ["runs:read", "of.another.version"],
    digest: sha256(secret),
    former: null,
    createdAt: 0,
    expiresAt: null as number | null,
    revokedAt: null,
    lastUsedAt: null,
  };
  const sessionsOf = (found = key) =>
    createSessions({
      clock,
      signingKey,
      keys: {
        check: async () => found,
        again: async (id, isOf) => (id === found.id && isOf(found.digest) ? found : undefined),
      },
    });
  const now = Math.floor(clock.now() / 1_000);
  const signed = (claims: Record<string, unknown>, by = signingKey, alg = "HS256") =>
    new SignJWT(claims)
      .setProtectedHeader({ alg })
      .setSubject(key.id)
      .setAudience("agent33:session")
      .setExpirationTime(now + 60)
      .sign(by);

  test("ends after its time, or with its key where that ends before", async () => {
    const long = await sessionsOf().begin(secret);
    expect(long?.expiresAt).toBe((now + sessionMs / 1_000) * 1_000);
    const short = await sessionsOf({ ...key, expiresAt: clock.now() + 5_000 }).begin(secret);
    expect(short?.expiresAt).toBeLessThanOrEqual(clock.now() + 5_000);
  });

  test("is believed only as it was made here", async () => {
    const { begin, find } = sessionsOf();
    const token = (await begin(secret))?.token ?? "";
    expect(await find(token)).toBeDefined();
    // The key has another secret than the one that began it.
    const rotated = sessionsOf({ ...key, digest: sha256("other") });
    expect(await rotated.find(token)).toBeUndefined();
    const { mark } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
      mark: string;
    };
    const [head = "", body = "", tail = ""] = token.split(".");
    expect(await find(await signed({ mark }))).toBeDefined();
    const forged = [
      await signed({ mark }, new Uint8Array(32).fill(8)),
      await signed({ mark }, signingKey512, "HS512"),
      await signed({}),
      new UnsecuredJWT({ mark }).setSubject(key.id).setAudience("agent33:session").encode(),
      await new SignJWT({ mark })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(key.id)
        .setAudience("agent33:session")
        .sign(signingKey),
      await new SignJWT({ mark })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(key.id)
        .setExpirationTime(now + 60)
        .sign(signingKey),
      `${head}.${body}.${tail.slice(0, -2)}`,
      `${head}.${body}.`,
      "",
      "a.b.c",
    ];
    for (const one of forged) expect(await find(one)).toBeUndefined();
  });

  test("holds until its end and no longer", async () => {
    const { begin, find } = sessionsOf();
    const token = (await begin(secret))?.token ?? "";
    expect(await find(token)).toMatchObject({
      caller: { tenant: "acme", user: "mara", key: key.id, scopes: new Set(["runs:read"]) },
    });
    clock.advance(sessionMs + 1_000);
    expect(await find(token)).toBeUndefined();
  });
});
