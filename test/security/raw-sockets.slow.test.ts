import { connect } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, afterAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { loadConfig } from "../../src/config/config.ts";
import { type ApiServer, startServer } from "../../src/http/server.ts";
import { grantTests } from "../support/egress.ts";
import { testHost } from "../support/engine.ts";

const grant = grantTests("speaks to the service by hand", { connect: ["127.0.0.1:*"] });

let server: ApiServer;
let port = 0;
let folder = "";
const warned: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "agent33-raw-"));
  writeFileSync(join(folder, "s.yaml"), stringify({ name: "s", turns: [{ text: "Done." }] }));
  const settings = {
    "serve.port": 0,
    "store.synchronous": "normal",
    model: `scripted:${folder}/s.yaml`,
  };
  const flags = Object.entries(settings).map(([setting, value]) => ({
    setting,
    flag: setting,
    value,
  }));
  const host = { ...testHost(folder), warn: (text: string) => void warned.push(text) };
  server = await startServer(loadConfig({ cwd: folder, env: {}, flags }), host);
  port = Number(new URL(server.address).port);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Everything that comes back until the other side ends it, or nothing more comes for a while. */
function spoken(text: string | Uint8Array, quietMs = 700): Promise<string> {
  return grant.run(
    () =>
      new Promise<string>((done) => {
        const socket = connect(port, "127.0.0.1");
        let got = "";
        const end = (): void => {
          socket.destroy();
          done(got);
        };
        socket.setTimeout(quietMs, end);
        socket.on("data", (piece) => {
          got += piece.toString("latin1");
        });
        socket.on("close", end);
        socket.on("error", end);
        socket.write(text);
      }),
  );
}

const statuses = (answer: string): readonly number[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
const lines = (...all: readonly string[]): string => `${all.join("\r\n")}\r\n\r\n`;
const host = "Host: localhost";
/** A second request that must never be one of its own. */
const hidden = lines("GET /v1/keys HTTP/1.1", host);

describe("what is not one request is none", () => {
  const cases: Readonly<Record<string, string>> = {
    "a length and chunks": `${lines("POST /v1/runs HTTP/1.1", host, "Content-Length: 5", "Transfer-Encoding: chunked")}0\r\n\r\n${hidden}`,
    "chunks and a length": `${lines("POST /v1/runs HTTP/1.1", host, "Transfer-Encoding: chunked", "Content-Length: 5")}0\r\n\r\n${hidden}`,
    "two lengths": `${lines("POST /v1/runs HTTP/1.1", host, "Content-Length: 0", "Content-Length: 44")}${hidden}`,
    "two lengths in one": `${lines("POST /v1/runs HTTP/1.1", host, "Content-Length: 0, 44")}${hidden}`,
    "a length with a sign": `${lines("POST /v1/runs HTTP/1.1", host, "Content-Length: +5")}12345`,
    "a length in hexadecimal": `${lines("POST /v1/runs HTTP/1.1", host, "Content-Length: 0x5")}12345`,
    "a coding that is none": `${lines("POST /v1/runs HTTP/1.1", host, "Transfer-Encoding: xchunked")}0\r\n\r\n${hidden}`,
    "a coding after chunks": `${lines("POST /v1/runs HTTP/1.1", host, "Transfer-Encoding: chunked, identity")}0\r\n\r\n${hidden}`,
    "a blank before a colon": lines("GET /healthz HTTP/1.1", host, "Transfer-Encoding : chunked"),
    "a header that goes on": lines("GET /healthz HTTP/1.1", host, "X-A: 1", " more"),
    "a lone line feed": `GET /healthz HTTP/1.1\n${host}\n\n`,
    "a carriage return in a value": lines("GET /healthz HTTP/1.1", host, "X-A: 1\rX-B: 2"),
    "NUL in a value": lines("GET /healthz HTTP/1.1", host, "X-A: 1\0"),
    "a chunk with a wrong size": `${lines("POST /v1/runs HTTP/1.1", host, "Transfer-Encoding: chunked")}zz\r\n\r\n`,
    "a chunk with a huge size": `${lines("POST /v1/runs HTTP/1.1", host, "Transfer-Encoding: chunked")}fffffffffffffffff\r\n\r\n`,
    "a chunk that is longer than it says": `${lines("POST /v1/runs HTTP/1.1", host, "Transfer-Encoding: chunked")}1\r\nab\r\n0\r\n\r\n`,
    "no host": lines("GET /healthz HTTP/1.1"),
    "a version that is none": lines("GET /healthz HTTP/9.9", host),
    "no HTTP": "\x16\x03\x01\x02\x00\x01\x00\x01",
    "16 KiB of headers": lines("GET /healthz HTTP/1.1", host, `X-A: ${"x".repeat(17_000)}`),
    "thousands of headers": lines(
      "GET /healthz HTTP/1.1",
      host,
      ...Array.from({ length: 4_000 }, (_, at) => `X-${at}: 1`),
    ),
  };
  test.each(Object.entries(cases))("%s", async (_, text) => {
    const codes = statuses(await spoken(text));
    // One answer, and perhaps one more for what is left over; the hidden request would be a 401.
    expect(codes.length).toBeLessThanOrEqual(2);
    for (const code of codes) expect([400, 411, 431, 505]).toContain(code);
  });

  test("two good ones in a row are two", async () => {
    const one = lines("GET /healthz HTTP/1.1", host);
    expect(statuses(await spoken(one + one))).toEqual([200, 200]);
  });
});

describe("a request that is one and asks for something odd", () => {
  const ask = async (...head: readonly string[]): Promise<string> => spoken(lines(...head));
  test("for another host is refused, so that no page of a stranger gets in by its own name", async () => {
    for (const name of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "a b",
      "[::1",
      "0.0.0.0",
    ]) {
      const answer = await ask("GET /openapi.json HTTP/1.1", `Host: ${name}`);
      expect(statuses(answer)[0]).toBeOneOf([400, 403]);
      expect(answer).not.toContain('openapi":');
    }
    for (const name of ["localhost", `127.0.0.1:${port}`, "[::1]:80", "LOCALHOST."]) {
      expect(statuses(await ask("GET /healthz HTTP/1.1", `Host: ${name}`))).toEqual([200]);
    }
  });

  test("by tricks with paths is told that there is nothing, or to prove who asks", async () => {
    const paths = [
      "/../../etc/passwd",
      "/v1/../../etc/passwd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/v1/runs/%2e%2e%2fkeys",
      "/v1/runs/..%5c..%5ckeys",
      "//v1//keys",
      "/v1/keys/",
      "/V1/KEYS",
      "/v1/keys%00",
      "/v1/keys;a=b",
      "/v1/runs/%c0%ae%c0%ae",
      "/v1/runs/%ff",
      "/assets/../../package.json",
      "http://evil.example/v1/keys",
      `/${"a".repeat(9_000)}`,
    ];
    for (const path of paths) {
      const answer = await ask(`GET ${path} HTTP/1.1`, host);
      expect([400, 401, 403, 404, 431], path).toContain(statuses(answer)[0]);
      expect(answer).not.toMatch(/root:|"dependencies"/);
    }
  });

  test("with a method that is not taken, or a body that is compressed, is told so", async () => {
    for (const method of ["TRACE", "PUT", "PATCH", "OPTIONS"]) {
      const answer = await ask(`${method} /v1/runs HTTP/1.1`, host, "Origin: https://evil.example");
      expect([400, 404, 405]).toContain(statuses(answer)[0]);
      expect(answer).not.toMatch(/access-control-allow/i);
    }
    expect(
      statuses(await ask("CONNECT evil.example:443 HTTP/1.1", host)).filter((code) => code < 400),
    ).toEqual([]);
    const bomb = gzipSync(Buffer.alloc(20_000_000, "["));
    const response = await fetch(`${server.address}/v1/runs`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${server.firstKey}`,
        "content-type": "application/json",
        "content-encoding": "gzip",
      },
      body: bomb,
    });
    expect(response.status).toBe(415);
  });

  test("and keeps its headers or its body back is given up, while others are served", async () => {
    const slow = Array.from({ length: 50 }, () =>
      spoken(`GET /healthz HTTP/1.1\r\n${host}\r\nX-A: `, 1_500),
    );
    const bodies = Array.from({ length: 50 }, () =>
      spoken(
        `${lines("POST /v1/runs HTTP/1.1", host, "Content-Length: 100", "Content-Type: application/json")}{`,
        1_500,
      ),
    );
    expect((await fetch(`${server.address}/healthz`)).status).toBe(200);
    expect((await Promise.all(slow)).flatMap(statuses).filter((code) => code < 400)).toEqual([]);
    expect((await Promise.all(bodies)).flatMap(statuses).filter((code) => code < 400)).toEqual([]);
  });

  test("and nothing of all this failed inside", () => {
    expect(warned).toEqual([]);
  });
});
