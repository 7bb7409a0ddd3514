import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { tokenAuthenticator } from "./tokens.ts";

const settings = {
  issuer: "https://login.example",
  audience: "agent33",
  jwksUrl: "https://login.example/keys",
  algorithms: ["ES256" as const],
  tenantClaim: "org",
  userClaim: "sub",
  scopesClaim: "scope",
};
const claims = { org: "acme", sub: "mara", scope: "runs:read other:scope" };

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let provider: Pair;
let stranger: Pair;
beforeAll(async () => {
  provider = await generateKeyPair("ES256", { extractable: true });
  stranger = await generateKeyPair("ES256", { extractable: true });
});

async function publicKeys(kid: string, { publicKey }: Pair) {
  return { keys: [{ ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" }] };
}

function authenticator(read: () => Promise<unknown> = () => publicKeys("one", provider)) {
  const clock = manualClock();
  const told: string[] = [];
  let reads = 0;
  const counted = (): Promise<unknown> => {
    reads += 1;
    return read();
  };
  const warn = (text: string): void => void told.push(text);
  const { authenticate } = tokenAuthenticator(settings, counted, { clock, warn });
  return { clock, told, authenticate, reads: () => reads };
}

const now = Math.floor(manualClock().now() / 1_000);

function token(payload: JWTPayload = claims, more: { kid?: string; exp?: number } = {}): SignJWT {
  return new SignJWT(payload)
    .setProtectedHeader({ alg: "ES256", kid: more.kid ?? "one" })
    .setIssuer(settings.issuer)
    .setAudience(settings.audience)
    .setExpirationTime(more.exp ?? now + 60);
}

describe("a token", () => {
  test("says for whom it is, and what of its scopes is known here", async () => {
    const { authenticate } = authenticator();
    expect(await authenticate(await token().sign(provider.privateKey))).toEqual({
      tenant: "acme",
      user: "mara",
      key: "jwt:mara",
      scopes: new Set(["runs:read"]),
    });
    const list = { ...claims, scope: ["admin"] };
    const caller = await authenticate(await token(list).sign(provider.privateKey));
    expect(caller?.scopes).toEqual(new Set(["admin"]));
  });

  const forged: Readonly<Record<string, () => Promise<string> | string>> = {
    "signed by a stranger": () => token().sign(stranger.privateKey),
    "that is over": () => token(claims, { exp: now - 60 }).sign(provider.privateKey),
    "without an end": () =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: "ES256", kid: "one" })
        .setIssuer(settings.issuer)
        .setAudience(settings.audience)
        .sign(provider.privateKey),
    "not valid yet": () =>
      token()
        .setNotBefore(now + 60)
        .sign(provider.privateKey),
    "of another issuer": () => token().setIssuer("https://evil.example").sign(provider.privateKey),
    "for another audience": () => token().setAudience("shop").sign(provider.privateKey),
    "without a signature": () =>
      new UnsecuredJWT(claims)
        .setIssuer(settings.issuer)
        .setAudience(settings.audience)
        .setExpirationTime(now + 60)
        .encode(),
    "signed with the public key as a shared secret": async () => {
      const { keys } = await publicKeys("one", provider);
      return new SignJWT(claims)
        .setProtectedHeader({ alg: "HS256", kid: "one" })
        .setIssuer(settings.issuer)
        .setAudience(settings.audience)
        .setExpirationTime(now + 60)
        .sign(new TextEncoder().encode(JSON.stringify(keys[0])));
    },
    "whose claims were changed": async () => {
      const [head, , signature] = (await token().sign(provider.privateKey)).split(".");
      const other = Buffer.from(JSON.stringify({ ...claims, org: "evil" })).toString("base64url");
      return [head, other, signature].join(".");
    },
    "for no tenant": () => token({ sub: "mara" }).sign(provider.privateKey),
    "for a tenant that is no text": () => token({ ...claims, org: 7 }).sign(provider.privateKey),
    "that is none": () => "a.b.c",
  };
  test.each(Object.entries(forged))("%s proves nothing", async (_, make) => {
    const { authenticate } = authenticator();
    expect(await authenticate(await make())).toBeUndefined();
  });
});

describe("the provider's keys", () => {
  test("are read once for many tokens, and again after a while", async () => {
    const { authenticate, clock, reads } = authenticator();
    const good = await token(claims, { exp: now + 10_000 }).sign(provider.privateKey);
    await Promise.all([authenticate(good), authenticate(good), authenticate(good)]);
    expect(reads()).toBe(1);
    clock.advance(599_000);
    await authenticate(good);
    expect(reads()).toBe(1);
    clock.advance(2_000);
    await authenticate(good);
    expect(reads()).toBe(2);
  });

  test("are read again for a new one, but not with each token that makes one up", async () => {
    let pair: Parameters<typeof publicKeys> = ["one", provider];
    const { authenticate, clock, reads } = authenticator(() => publicKeys(...pair));
    await authenticate(await token().sign(provider.privateKey));
    pair = ["two", stranger];
    const newer = await token(claims, { kid: "two" }).sign(stranger.privateKey);
    expect(await authenticate(newer)).toBeUndefined();
    expect(reads()).toBe(1);
    clock.advance(30_000);
    expect(await authenticate(newer)).toMatchObject({ tenant: "acme" });
    expect(reads()).toBe(2);
  });

  test("that cannot be read any more go on to hold as they were, and it is said", async () => {
    let fails = false;
    const { authenticate, clock, told } = authenticator(async () => {
      if (fails) throw new Error("gone");
      return publicKeys("one", provider);
    });
    const good = await token(claims, { exp: now + 10_000 }).sign(provider.privateKey);
    await authenticate(good);
    fails = true;
    clock.advance(601_000);
    expect(await authenticate(good)).toMatchObject({ tenant: "acme" });
    expect(told.join()).toContain("gone");
  });

  test("that never came leave every token unproved", async () => {
    const { authenticate, told } = authenticator(async () => ({ error: "no" }));
    expect(await authenticate(await token().sign(provider.privateKey))).toBeUndefined();
    expect(told).toHaveLength(1);
  });
});
