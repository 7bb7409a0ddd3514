import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sha256 } from "../base/digest.ts";
import { Agent33Error } from "../base/errors.ts";
import type { Redactor } from "../base/redact.ts";
import { attempt } from "../base/result.ts";
import { listenForCallback } from "../boundary/egress/loopback-callback.ts";
import type { McpServerSettings } from "../config/mcp-servers.ts";
import { resolveReferences } from "../config/references.ts";
import type { OAuthKeep, OAuthLogin, OAuthPerson, OAuthState } from "../connectors/mcp/oauth.ts";
import type { Host } from "./host.ts";

const client = z.looseObject({ client_id: z.string(), client_secret: z.string().optional() });
const tokens = z.looseObject({
  access_token: z.string(),
  token_type: z.string(),
  refresh_token: z.string().optional(),
});
const stateSchema = z.object({
  clients: z.record(z.string(), client),
  tokens: z.record(z.string(), tokens),
  issuer: z.string().optional(),
});
const fileSchema = z.record(z.string(), stateSchema);

export interface LoginParts {
  readonly host: Host;
  readonly dataDir: string;
  readonly redactor: Redactor;
}

const nothing: OAuthState = { clients: {}, tokens: {} };

/**
 * How to log in to a server of the settings. Where nobody can be asked and nobody has logged in, there
 * is no way, and a server that wants one says so.
 * @throws Agent33Error `config.missing_variable`
 */
export function loginFor(
  name: string,
  server: McpServerSettings | undefined,
  parts: LoginParts,
  person?: OAuthPerson,
): { readonly login?: OAuthLogin } {
  if (server?.type !== "http") return {};
  const { clientSecret, ...known } = server.oauth;
  const keep = keptLogin(`${name} ${server.url}`, parts);
  const forItself = known.grant === "client_credentials";
  if (person === undefined && !forItself && keep.read().issuer === undefined) return {};
  const secret =
    clientSecret === undefined ? {} : resolveReferences({ clientSecret }, parts.host.env, name);
  return {
    login: {
      settings: { ...known, ...secret },
      keep,
      ...(person === undefined ? {} : { person }),
      unguessable: () => Buffer.from(parts.host.random.bytes(18)).toString("base64url"),
    },
  };
}

/**
 * Tokens are kept in a file of the data folder that only its owner can read, under the server's name
 * and address: another address under the same name gets none of them.
 */
function keptLogin(key: string, { dataDir, redactor, host }: LoginParts): OAuthKeep {
  const path = join(dataDir, "mcp-logins.json");
  const readAll = (): z.infer<typeof fileSchema> => {
    if (!existsSync(path)) return {};
    // What is wrong with it is not said: a parser's message quotes what it stumbled over.
    const parsed = attempt(() => fileSchema.parse(JSON.parse(readFileSync(path, "utf8"))));
    if (parsed.ok) return parsed.value;
    throw new Agent33Error("engine.malformed_logins", `${path} cannot be used.`, {
      hint: "Remove it, and log in anew with `agent33 mcp login`.",
    });
  };
  const concealed = new Set<string>();
  const conceal = (state: OAuthState): OAuthState => {
    const secrets = [
      ...Object.values(state.tokens).flatMap((one) => [one.access_token, one.refresh_token]),
      ...Object.values(state.clients).map((one) => one.client_secret),
    ];
    for (const secret of secrets) {
      if (secret === undefined || concealed.has(secret)) continue;
      concealed.add(secret);
      redactor.register(`mcp-login-${sha256(secret).slice(0, 8)}`, secret);
    }
    return state;
  };
  return {
    read: () => conceal(readAll()[key] ?? nothing),
    write: (state) => {
      const partial = `${path}.${host.ids()}.partial`;
      const all = { ...readAll(), [key]: conceal(state) };
      writeFileSync(partial, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
      renameSync(partial, path);
    },
  };
}

/**
 * Lets a person log in, as long as the work goes on: shows them a page's address, and waits on this
 * machine for what their browser brings back.
 */
export async function asPerson<T>(
  show: (page: string) => void,
  work: (person: OAuthPerson) => Promise<T>,
): Promise<T> {
  const callback = await listenForCallback();
  try {
    return await work({
      redirectUrl: callback.url,
      authorize: (page) => {
        show(page.href);
        return callback.answer();
      },
    });
  } finally {
    await callback.close();
  }
}
