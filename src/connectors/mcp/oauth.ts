import {
  ClientCredentialsProvider,
  type OAuthClientMetadata,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from "@modelcontextprotocol/client";
import { Agent33Error } from "../../base/errors.ts";

/** What is kept of the logins to one server, by the issuer that gave it. */
export interface OAuthState {
  readonly clients: Readonly<Record<string, StoredOAuthClientInformation>>;
  readonly tokens: Readonly<Record<string, StoredOAuthTokens>>;
  /** The issuer of the newest tokens. */
  readonly issuer?: string | undefined;
}

/** Keeps the logins to one server. Read each time: another process may have renewed a token. */
export interface OAuthKeep {
  read(): OAuthState;
  write(state: OAuthState): void;
}

/** What the operator knows of a server's logins. */
export interface OAuthClientSettings {
  /** A client that is registered already. Absent: the server's own way of registering is used. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Address of a document that describes the client, for servers that take one in its place. */
  readonly clientMetadataUrl?: string;
  readonly scope?: string;
  /** `client_credentials`: the client speaks for itself, and no person logs in. */
  readonly grant?: "authorization_code" | "client_credentials";
}

/** A person who can be sent to a page, and comes back with an answer. */
export interface OAuthPerson {
  /** Where the answer arrives. */
  readonly redirectUrl: string;
  /** Sends the person to the page; gives what came back in the query of {@link redirectUrl}. */
  authorize(page: URL): Promise<URLSearchParams>;
}

export interface OAuthLogin {
  readonly settings: OAuthClientSettings;
  readonly keep: OAuthKeep;
  /** Absent where nobody can be asked: then only what is kept is used, and renewed. */
  readonly person?: OAuthPerson;
  /** For `state`: a text that nobody can guess. */
  readonly unguessable: () => string;
}

/** The library's view of a login, and the way back from the page. */
export interface OAuthSession {
  readonly provider: OAuthClientProvider;
  /** The answer to the page that the person was sent to last; undefined where there was none. */
  answer(): Promise<URLSearchParams> | undefined;
}

/** Where nobody logs in, the answer could arrive nowhere; registrations need an address all the same. */
const noRedirect = "http://127.0.0.1/callback";
const ownIssuer = "settings";

/** @param server its name, for messages */
export function createOAuthSession(server: string, login: OAuthLogin): OAuthSession {
  const { settings, keep, person, unguessable } = login;
  const { clientId, clientSecret, grant, scope, clientMetadataUrl } = settings;
  if (grant === "client_credentials") {
    const provider = new ClientCredentialsProvider({
      clientId: clientId ?? "",
      clientSecret: clientSecret ?? "",
      clientName: "AGENT-33",
      ...(scope === undefined ? {} : { scope }),
    });
    return { provider, answer: () => undefined };
  }
  let verifier = "";
  let state = unguessable();
  let discovered: OAuthDiscoveryState | undefined;
  let page: URL | undefined;
  /** A client that was registered with another address to come back to would be refused. */
  const ofThisLogin = new Set<string>();
  const redirectUrl = person?.redirectUrl ?? noRedirect;
  const clientMetadata: OAuthClientMetadata = {
    client_name: "AGENT-33",
    redirect_uris: [redirectUrl],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    ...(scope === undefined ? {} : { scope }),
  };
  const provider: OAuthClientProvider = {
    redirectUrl,
    clientMetadata,
    ...(clientMetadataUrl === undefined ? {} : { clientMetadataUrl }),
    state: () => state,
    clientInformation: (context) => {
      if (clientId !== undefined) {
        return {
          client_id: clientId,
          ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
        };
      }
      const issuer = context?.issuer ?? keep.read().issuer ?? ownIssuer;
      if (person !== undefined && !ofThisLogin.has(issuer)) return undefined;
      return keep.read().clients[issuer];
    },
    saveClientInformation: (information, context) => {
      const issuer = context?.issuer ?? ownIssuer;
      ofThisLogin.add(issuer);
      const kept = keep.read();
      keep.write({ ...kept, clients: { ...kept.clients, [issuer]: information } });
    },
    tokens: (context) => {
      const { tokens, issuer } = keep.read();
      return tokens[context?.issuer ?? issuer ?? ownIssuer];
    },
    saveTokens: (tokens, context) => {
      // Asked for anew the next time: a server may have moved to another issuer by then.
      discovered = undefined;
      const issuer = context?.issuer ?? ownIssuer;
      const kept = keep.read();
      keep.write({ ...kept, issuer, tokens: { ...kept.tokens, [issuer]: tokens } });
    },
    redirectToAuthorization: (url) => {
      if (person === undefined) throw loginRequired(server);
      page = url;
    },
    saveCodeVerifier: (text) => {
      verifier = text;
    },
    codeVerifier: () => verifier,
    saveDiscoveryState: (found) => {
      discovered = found;
    },
    discoveryState: () => discovered,
    invalidateCredentials: (what) => {
      if (what === "all" || what === "discovery") discovered = undefined;
      const { clients, tokens, issuer } = keep.read();
      const noClients = what === "all" || what === "client";
      const noTokens = what === "all" || what === "tokens";
      if (!noClients && !noTokens) return;
      keep.write({
        clients: noClients ? {} : clients,
        tokens: noTokens ? {} : tokens,
        ...(issuer === undefined ? {} : { issuer }),
      });
    },
  };
  return {
    provider,
    answer: () => {
      if (page === undefined || person === undefined) return undefined;
      const asked = person.authorize(page);
      const expected = state;
      page = undefined;
      state = unguessable();
      return asked.then((answer) => checkedAnswer(answer, expected));
    },
  };
}

/** Whoever cannot know the state does not answer for that page (RFC 6749, section 10.12). */
function checkedAnswer(answer: URLSearchParams, state: string): URLSearchParams {
  if (answer.get("state") === state) return answer;
  throw new Agent33Error("mcp.login_failed", "What came back belongs to another login.", {
    hint: "Log in again, and open only the page that is shown then.",
  });
}

function loginRequired(server: string): Agent33Error {
  return new Agent33Error("mcp.login_required", "It wants a person to log in.", {
    hint: `Run \`agent33 mcp login ${server}\`.`,
  });
}
