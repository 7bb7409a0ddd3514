import { createHmac, createSign, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { tokenAuthenticator } from "./tokens.ts";

const settings = {
  issuer: "https://login.example",
  audience: "agent33",
  jwksUrl: "https://login.example/keys",
  algorithms: ["ES256" as const, "RS256" as const],
  tenantClaim: "org",
  userClaim: "sub",
  scopesClaim: "scope",
};
const now = Math.floor(manualClock().now() / 1_000);
const claims = {
  iss: settings.issuer,
  aud: settings.audience,
  exp: now + 60,
  org: "acme",
  sub: "mara",
  scope: "runs:read",
};

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}
let ec: Pair;
let rsa: Pair;
let stranger: Pair;
let jwks: { readonly keys: readonly object[] };
beforeAll(() => {
  ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
  rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const shown = ({ publicKey }: Pair, kid: string, alg: string) => ({
    ...publicKey.export({ format: "jwk" }),
    kid,
    alg,
    use: "sig",
  });
  jwks = { keys: [shown(ec, "one", "ES256"), shown(rsa, "two", "RS256")] };
});

function authenticator(read: () => Promise<unknown> = async () => jwks) {
  const clock = manualClock();
  let reads = 0;
  const told: string[] = [];
  const counted = (): Promise<unknown> => {
    reads += 1;
    return read();
  };
  const warn = (text: string): void => void told.push(text);
  const { authenticate } = tokenAuthenticator(settings, counted, { clock, warn });
  return { clock, authenticate, reads: () => reads, told };
}

const part = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** A token made by hand, so that it can be wrong in ways that libraries do not write. */
function token(
  head: unknown = { alg: "ES256", kid: "one" },
  payload: unknown = claims,
  key: KeyObject = ec.privateKey,
): string {
  const text = `${part(head)}.${part(payload)}`;
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

function withHmac(head: object, secret: string | Buffer): string {
  const text = `${part(head)}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

test("a token made by hand holds, so that the others fail for what is wrong with them", async () => {
  const { authenticate } = authenticator();
  expect(await authenticate(token())).toMatchObject({ tenant: "acme", user: "mara" });
  const text = `${part({ alg: "RS256", kid: "two" })}.${part(claims)}`;
  const signature = createSign("sha256").update(text).sign(rsa.privateKey, "base64url");
  expect(await authenticate(`${text}.${signature}`)).toMatchObject({ tenant: "acme" });
});

describe("a forged token", () => {
  const embedded = () => stranger.publicKey.export({ format: "jwk" });
  const pem = (): string => rsa.publicKey.export({ format: "pem", type: "spki" }).toString();
  const signed = (change: object) => () => token(undefined, { ...claims, ...change });
  const forged: Readonly<Record<string, () => string>> = {
    "alg none": () => `${part({ alg: "none" })}.${part(claims)}.`,
    "alg none with a signature": () => token({ alg: "none", kid: "one" }),
    "alg nOnE": () => token({ alg: "nOnE", kid: "one" }),
    "no alg": () => token({ kid: "one" }),
    "alg that is a list": () => token({ alg: ["ES256"], kid: "one" }),
    "an RSA key's PEM as a shared secret": () => withHmac({ alg: "HS256", kid: "two" }, pem()),
    "an RSA key's DER as a shared secret": () =>
      withHmac({ alg: "HS256", kid: "two" }, rsa.publicKey.export({ format: "der", type: "spki" })),
    "a modulus as a shared secret": () =>
      withHmac({ alg: "HS256", kid: "two" }, String(rsa.publicKey.export({ format: "jwk" }).n)),
    "HMAC under the name of another algorithm": () => withHmac({ alg: "RS256", kid: "two" }, pem()),
    "an empty shared secret": () => withHmac({ alg: "HS256" }, ""),
    "its own key in the header": () =>
      token({ alg: "ES256", jwk: embedded() }, claims, stranger.privateKey),
    "its own key and a known kid": () =>
      token({ alg: "ES256", kid: "one", jwk: embedded() }, claims, stranger.privateKey),
    "an address of keys in the header": () =>
      token({ alg: "ES256", jku: "https://evil.example/keys" }, claims, stranger.privateKey),
    "a certificate in the header": () =>
      token(
        { alg: "ES256", x5u: "https://evil.example", x5c: ["AAAA"] },
        claims,
        stranger.privateKey,
      ),
    "a kid that is a path": () =>
      token({ alg: "ES256", kid: "../../dev/null" }, claims, stranger.privateKey),
    "a kid that is SQL": () =>
      token({ alg: "ES256", kid: "one' OR '1'='1" }, claims, stranger.privateKey),
    "a kid that is an object": () =>
      token({ alg: "ES256", kid: { a: 1 } }, claims, stranger.privateKey),
    "the kid of a key of another kind": () => token({ alg: "ES256", kid: "two" }),
    "crit that nobody knows": () => token({ alg: "ES256", kid: "one", crit: ["exp2"], exp2: 1 }),
    "crit that is no list": () => token({ alg: "ES256", kid: "one", crit: "exp" }),
    "an unencoded payload": () => token({ alg: "ES256", kid: "one", crit: ["b64"], b64: false }),
    "a claim twice": () => token(undefined, JSON.stringify(claims).replace("{", '{"org":"evil",')),
    "a header twice": () => token('{"alg":"none","alg":"ES256","kid":"one"}'),
    "claims that are a list": () => token(undefined, [claims]),
    "claims that are no JSON": () => token(undefined, "{"),
    "claims that are null": () => token(undefined, "null"),
    "an end long ago": signed({ exp: now - 6 }),
    "an end that is text": signed({ exp: String(now + 60) }),
    "an end that is no number": signed({ exp: null }),
    "a beginning to come": signed({ nbf: now + 6 }),
    "a beginning that is text": signed({ nbf: "0" }),
    "another issuer": signed({ iss: "https://login.example.evil" }),
    "an issuer in a list": signed({ iss: [settings.issuer] }),
    "another audience": signed({ aud: "agent33x" }),
    "no audience": signed({ aud: [] }),
    "no tenant": signed({ org: undefined }),
    "a tenant that is a number": signed({ org: 1 }),
    "a tenant that is a list": signed({ org: ["acme"] }),
    "a tenant of two lines": signed({ org: "acme\nevil" }),
    "an empty tenant": signed({ org: "" }),
    "a long tenant": signed({ org: "x".repeat(201) }),
    "a person who is an object": signed({ sub: { name: "mara" } }),
    "four parts": () => `${token()}.x`,
    "two parts": () => token().split(".").slice(0, 2).join("."),
    "an encrypted form": () => `${part({ alg: "dir", enc: "A256GCM" })}..a.b.c`,
    "an empty signature": () => `${token().split(".").slice(0, 2).join(".")}.`,
    "a signature of zeros": () =>
      `${token().split(".").slice(0, 2).join(".")}.${Buffer.alloc(64).toString("base64url")}`,
    "a megabyte of claims by a stranger": () =>
      token(undefined, { ...claims, pad: "x".repeat(1_000_000) }, stranger.privateKey),
  };
  test.each(Object.entries(forged))("with %s proves nothing", async (_, make) => {
    const { authenticate } = authenticator();
    expect(await authenticate(make())).toBeUndefined();
  });

  test("has no scope where its scopes are of another form", async () => {
    const { authenticate } = authenticator();
    for (const scope of [
      7,
      { admin: true },
      ["admin", 7],
      true,
      null,
      "ADMIN",
      "admin,runs:read",
    ]) {
      const caller = await authenticate(token(undefined, { ...claims, scope }));
      expect([...(caller?.scopes ?? ["none"])]).toEqual([]);
    }
  });

  test("is none of a good one with any byte changed", async () => {
    const { authenticate } = authenticator();
    const good = token();
    const bytesOf = (text: string): string =>
      text
        .split(".")
        .map((one) => Buffer.from(one, "base64url").toString("hex"))
        .join(".");
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.constantFrom(...Array.from("ABCxyz019-_.=+/ \0é")),
        async (at, char) => {
          const changed = `${good.slice(0, at)}${char}${good.slice(at + 1)}`;
          // The last character of a part has bits that mean nothing.
          const same = bytesOf(changed) === bytesOf(good);
          if (!same) expect(await authenticate(changed)).toBeUndefined();
        },
      ),
      { numRuns: 400 },
    );
  });

  test("is whatever a stranger says in header and claims", async () => {
    const { authenticate } = authenticator();
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.json(), async (head, payload) => {
        expect(await authenticate(token(head, payload, stranger.privateKey))).toBeUndefined();
      }),
    );
  });
});

describe("the provider's keys", () => {
  test("are not asked for by a flood of made-up kids, and wrong answers do no harm", async () => {
    const { authenticate, reads, clock } = authenticator();
    await authenticate(token());
    clock.advance(30_001);
    for (let at = 0; at < 200; at += 1) {
      await authenticate(token({ alg: "ES256", kid: `k${at}` }, claims, stranger.privateKey));
    }
    expect(reads()).toBe(2);
    expect(await authenticate(token())).toMatchObject({ tenant: "acme" });
  });

  test("that were withdrawn are over when they are read again; ones not to be read hold a day", async () => {
    let answer: () => unknown = () => jwks;
    const { authenticate, clock } = authenticator(async () => answer());
    const lasting = { ...claims, exp: now + 10 * 86_400 };
    expect(await authenticate(token(undefined, lasting))).toBeDefined();
    answer = () => {
      throw new Error("down");
    };
    clock.advance(23 * 3_600_000);
    expect(await authenticate(token(undefined, lasting))).toBeDefined();
    clock.advance(3_600_001);
    expect(await authenticate(token(undefined, lasting))).toBeUndefined();
    answer = () => ({ keys: jwks.keys.slice(1) });
    clock.advance(30_001);
    expect(await authenticate(token(undefined, lasting))).toBeUndefined();
    answer = () => jwks;
    clock.advance(600_001);
    expect(await authenticate(token(undefined, lasting))).toBeDefined();
  });

  const wrong: Readonly<Record<string, unknown>> = {
    "no object": "keys",
    null: null,
    "no list": { keys: {} },
    "no keys": { keys: [] },
    "keys that are none": { keys: [{ kty: "EC", kid: "one" }] },
    "a shared secret": { keys: [{ kty: "oct", k: "AAAA", kid: "one", alg: "HS256" }] },
    "many keys": { keys: Array.from({ length: 5_000 }, (_, at) => ({ kty: "EC", kid: `${at}` })) },
  };
  test.each(Object.entries(wrong))("with %s leave every token unproved", async (_, answer) => {
    const { authenticate } = authenticator(async () => answer);
    expect(await authenticate(token())).toBeUndefined();
    expect(
      await authenticate(withHmac({ alg: "HS256", kid: "one" }, Buffer.alloc(3))),
    ).toBeUndefined();
  });
});
