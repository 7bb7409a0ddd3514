import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import { messageOf } from "../base/errors.ts";
import { repeatedName } from "../base/repeated-name.ts";
import { attempt } from "../base/result.ts";
import type { Settings } from "../config/schema.ts";
import type { Host } from "../engine/host.ts";
import type { Authenticator, Caller } from "./caller.ts";
import { isGrantable } from "./scopes.ts";

type JwtSettings = NonNullable<Settings["serve"]["jwt"]>;
type KeySet = ReturnType<typeof createLocalJWKSet>;

/** How long keys are taken as they were read, and how soon they are read again for an unknown one. */
const freshMs = 600_000;
const pauseMs = 30_000;
/** How long keys hold that cannot be read again: one that was withdrawn must end somehow. */
const staleMs = 24 * 3_600_000;
/** How far apart the clocks may be. Seconds. */
const toleranceSeconds = 5;

const keySetSchema = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) });
/** What ends in logs and answers is one line. */
const nameSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^\P{C}+$/u);
/** `"a b"`, as OAuth has it, or a list. */
const scopesSchema = z.union([
  z.string().transform((text) => text.split(" ")),
  z.array(z.string()),
]);

/**
 * Tokens of one identity provider (RFC 7519). The settings pin issuer, audience and algorithms; what a
 * token says of its own algorithm counts only among those.
 * @param read reads the provider's public keys
 */
export function tokenAuthenticator(
  settings: JwtSettings,
  read: () => Promise<unknown>,
  { clock, warn }: Pick<Host, "clock" | "warn">,
): Authenticator {
  let known: { readonly keys: KeySet; readonly at: number } | undefined;
  let reading: Promise<KeySet | undefined> | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;

  const load = async (): Promise<KeySet | undefined> => {
    triedAt = clock.monotonic();
    try {
      const keys = createLocalJWKSet(keySetSchema.parse(await read()));
      known = { keys, at: triedAt };
    } catch (error) {
      // Tokens that known keys prove go on to hold for a while; all others are told that they do not.
      warn(`serve: the keys at ${settings.jwksUrl} cannot be read: ${messageOf(error)}`);
    }
    return held();
  };
  const held = (): KeySet | undefined =>
    known !== undefined && clock.monotonic() - known.at < staleMs ? known.keys : undefined;
  /** Read once for all who ask at the same time. */
  const loadOnce = (): Promise<KeySet | undefined> => {
    reading ??= load().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const mayLoad = (): boolean => clock.monotonic() - triedAt >= pauseMs;
  const current = async (): Promise<KeySet | undefined> => {
    const isFresh = known !== undefined && clock.monotonic() - known.at < freshMs;
    return isFresh || !mayLoad() ? (held() ?? reading) : loadOnce();
  };

  const verified = async (token: string, keys: KeySet): Promise<JWTPayload> => {
    refuseRepeated(token);
    const { payload } = await jwtVerify(token, keys, {
      issuer: settings.issuer,
      audience: settings.audience,
      algorithms: [...settings.algorithms],
      clockTolerance: toleranceSeconds,
      currentDate: new Date(clock.now()),
      // A token that never ends could not be taken back.
      requiredClaims: ["exp"],
    });
    return payload;
  };

  return {
    authenticate: async (token) => {
      const keys = await current();
      if (keys === undefined) return undefined;
      try {
        return callerOf(await verified(token, keys), settings);
      } catch (error) {
        if (!(error instanceof errors.JOSEError) && !(error instanceof TypeError)) throw error;
        // The provider may have a new key since.
        if (!(error instanceof errors.JWKSNoMatchingKey) || !mayLoad()) return undefined;
      }
      const newer = await loadOnce();
      if (newer === undefined) return undefined;
      try {
        return callerOf(await verified(token, newer), settings);
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
        throw error;
      }
    },
  };
}

/**
 * A claim that stands twice is one for whoever reads the first and another for whoever reads the last
 * (RFC 7519, section 4).
 * @throws jose's error for what is no token
 */
function refuseRepeated(token: string): void {
  const [head = "", payload = ""] = token.split(".");
  for (const part of [head, payload]) {
    const json = Buffer.from(part, "base64url").toString("utf8");
    const twice = attempt(() => (JSON.parse(json) === null ? undefined : repeatedName(json)));
    if (!twice.ok || twice.value !== undefined) throw new errors.JWTInvalid("not one JSON object");
  }
}

/** Undefined for a token that does not say for which tenant and person it is. */
function callerOf(payload: JWTPayload, settings: JwtSettings): Caller | undefined {
  const tenant = nameSchema.safeParse(payload[settings.tenantClaim]).data;
  const user = nameSchema.safeParse(payload[settings.userClaim]).data;
  const scopes = scopesSchema.safeParse(payload[settings.scopesClaim]).data ?? [];
  if (tenant === undefined || user === undefined) return undefined;
  return { tenant, user, key: `jwt:${user}`, scopes: new Set(scopes.filter(isGrantable)) };
}
