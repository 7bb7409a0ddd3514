import { generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import { request as requestTls } from "node:https";
import type { AddressInfo } from "node:net";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { loadConfig } from "../../src/config/config.ts";
import type { JsonValue } from "../../src/base/json.ts";
import { type ApiServer, startServer } from "../../src/http/server.ts";
import { freshFolder, runInProcess, startCli } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";
import { testHost } from "../support/engine.ts";

grantTests("asks the service as its users do", { connect: ["127.0.0.1:*"] });

async function served(
  settings: Readonly<Record<string, JsonValue>> = {},
  folder = freshFolder(),
): Promise<ApiServer & { readonly folder: string; readonly told: readonly string[] }> {
  const script = join(folder, "script.yaml");
  writeFileSync(script, stringify({ name: "test", turns: [{ text: "Done." }] }));
  const wanted = {
    "serve.port": 0,
    "store.synchronous": "normal",
    model: `scripted:${script}`,
    ...settings,
  };
  const flags = Object.entries(wanted).map(([setting, value]) => ({
    setting,
    flag: `--${setting}`,
    value,
  }));
  const told: string[] = [];
  const host = { ...testHost(folder), warn: (text: string) => void told.push(text) };
  const server = await startServer(loadConfig({ cwd: folder, env: {}, flags }), host);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= server.close());
  onTestFinished(close);
  return { ...server, close, folder, told };
}

const asking = (key: string | undefined, body?: unknown): RequestInit => ({
  method: body === undefined ? "GET" : "POST",
  headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});

describe("agent33 serve", () => {
  test("makes one key at its first start, works on runs, and streams them", async () => {
    const { address, firstKey, close, folder } = await served();
    expect(firstKey).toMatch(/^a33_/);
    const made = await fetch(`${address}/v1/runs`, asking(firstKey, { task: "Say done." }));
    const { id } = (await made.json()) as { id: string };
    const events = await fetch(`${address}/v1/runs/${id}/events`, asking(firstKey));
    expect(await events.text()).toContain("event: run.finished");
    expect((await fetch(`${address}/readyz`)).status).toBe(200);
    await close();
    const again = await served({}, folder);
    expect(again.firstKey).toBeUndefined();
    expect((await fetch(`${again.address}/v1/runs/${id}`, asking(firstKey))).status).toBe(200);
  });

  test("takes requests without a body, and none of a length that nobody said", async () => {
    const { address, firstKey } = await served();
    const made = await fetch(
      `${address}/v1/keys`,
      asking(firstKey, { name: "x", scopes: ["admin"] }),
    );
    const { key } = (await made.json()) as { key: { id: string } };
    const place = `${address}/v1/keys/${key.id}`;
    const gone = await fetch(place, { ...asking(firstKey), method: "DELETE" });
    expect(gone.status).toBe(200);
    const pieces = new ReadableStream({
      start: (out) => {
        out.enqueue(new TextEncoder().encode("{}"));
        out.close();
      },
    });
    const endless = { ...asking(firstKey, {}), body: pieces, duplex: "half" as const };
    const refused = await fetch(`${address}/v1/runs`, endless);
    expect(await refused.json()).toMatchObject({ status: 411, code: "api.length_required" });
  });

  test("takes keys that the command line makes, until it revokes them", async () => {
    const { address, folder } = await served();
    const keys = (...words: string[]) =>
      runInProcess(["keys", ...words, "--json"], folder, { AGENT33_STORE_SYNCHRONOUS: "normal" });
    const { stdout } = await keys("create", "ci", "--scope", "runs:read", "--tenant", "acme");
    const { id, secret } = JSON.parse(stdout) as { id: string; secret: string };
    const ask = () => fetch(`${address}/v1/runs`, asking(secret));
    expect(await (await ask()).json()).toEqual({ items: [], nextCursor: null });
    expect((await fetch(`${address}/v1/runs`, asking(secret, { task: "x" }))).status).toBe(403);
    expect(JSON.parse((await keys("list")).stdout)).toMatchObject({
      items: [{ id, forTenant: "acme", state: "active" }, { name: "first" }],
    });
    await keys("revoke", id);
    expect((await ask()).status).toBe(401);
  });

  test("takes tokens whose keys it reads as a governed call", async () => {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = { ...pair.publicKey.export({ format: "jwk" }), kid: "k", alg: "ES256" };
    const provider = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
    await new Promise<void>((done) => provider.listen(0, "127.0.0.1", done));
    onTestFinished(() => void provider.close());
    const folder = freshFolder();
    const pack = {
      pack: "login",
      version: 1,
      description: "the login server is on this machine",
      default: "allow",
      rules: [
        { id: "here", allow: { connector: "http:engine.key-set", private: true }, reason: "x" },
      ],
    };
    writeFileSync(join(folder, "login.yaml"), stringify(pack));
    const { port } = provider.address() as AddressInfo;
    const { address, engines } = await served(
      {
        "policy.packs": ["login"],
        "policy.files": ["login.yaml"],
        "serve.jwt.issuer": "me",
        "serve.jwt.audience": "agent33",
        "serve.jwt.jwksUrl": `http://127.0.0.1:${port}/keys`,
      },
      folder,
    );
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const claims = {
      iss: "me",
      aud: "agent33",
      exp,
      sub: "mara",
      tenant: "acme",
      scope: "runs:read",
    };
    const text = `${part({ alg: "ES256", kid: "k" })}.${part(claims)}`;
    const key = { key: pair.privateKey, dsaEncoding: "ieee-p1363" } as const;
    const token = `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
    const answer = await fetch(`${address}/v1/runs`, asking(token));
    expect(answer.status).toBe(200);
    await engines.own.audit.flush();
    const { items } = engines.own.store.audit.list();
    expect(items).toMatchObject([{ connector: "http:engine.key-set", outcome: "ok" }]);
  });

  test("speaks TLS with the files that it is given", async () => {
    const tls = resolve(import.meta.dirname, "../fixtures/tls");
    const { address } = await served({
      "serve.tlsCert": join(tls, "loopback.cert.pem"),
      "serve.tlsKey": join(tls, "loopback.key.pem"),
    });
    expect(address).toMatch(/^https:/);
    const { status, header } = await new Promise<{ status?: number; header?: unknown }>(
      (done, fail) =>
        requestTls(`${address}/readyz`, { rejectUnauthorized: false }, (response) => {
          response.resume();
          const header = response.headers["strict-transport-security"];
          done({
            ...(response.statusCode === undefined ? {} : { status: response.statusCode }),
            header,
          });
        })
          .on("error", fail)
          .end(),
    );
    expect(status).toBe(200);
    expect(header).toContain("max-age");
  });

  test("refuses to give keys away to everybody on the way", async () => {
    const unsafe = { code: "serve.unsafe" };
    await expect(served({ "serve.host": "0.0.0.0" })).rejects.toMatchObject(unsafe);
    await expect(served({ "serve.tlsCert": "cert.pem" })).rejects.toMatchObject(unsafe);
    const { address } = await served({ "serve.host": "0.0.0.0", "serve.allowPlainRemote": true });
    expect(address).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
    const busy = await served();
    const port = Number(new URL(busy.address).port);
    await expect(served({ "serve.port": port })).rejects.toMatchObject({ code: "serve.address" });
  });

  test("ends streams with a word when it closes, and leaves runs to the next start", async () => {
    const first = await served({ "serve.concurrency": 0 });
    const made = await fetch(`${first.address}/v1/runs`, asking(first.firstKey, { task: "Wait." }));
    const { id } = (await made.json()) as { id: string };
    const stream = await fetch(`${first.address}/v1/runs/${id}/events`, asking(first.firstKey));
    const text = stream.text();
    await first.close();
    expect(await text).toContain("event: server.closing");
    await expect(fetch(`${first.address}/healthz`)).rejects.toThrow();
    const second = await served({}, first.folder);
    const rest = await fetch(
      `${second.address}/v1/runs/${id}/events?after=1`,
      asking(first.firstKey),
    );
    expect(await rest.text()).toContain("event: run.finished");
  });
});

test("as a program it says where it listens, and a signal ends it in order", async () => {
  const folder = freshFolder();
  const server = startCli(["serve", "--port", "0", "--json"], { cwd: folder });
  await server.seen("\n");
  server.child.kill("SIGTERM");
  const { code, stdout, stderr } = await server.ended;
  expect(JSON.parse(stdout)).toMatchObject({
    kind: "ready",
    address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    firstKey: expect.stringMatching(/^a33_/),
  });
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("closing") });
});

test("the key of a first start stands in no file", async () => {
  const { firstKey = "", close, folder } = await served();
  await close();
  const file = readFileSync(join(folder, ".agent33/agent33.db")).toString("latin1");
  expect(file).not.toContain(firstKey.slice(-43));
});
