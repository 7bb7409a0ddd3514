import { AsyncLocalStorage } from "node:async_hooks";
import {
  isJSONRPCRequest,
  isJSONRPCResponse,
  type JSONRPCMessage,
  type RequestId,
  SdkHttpError,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { Agent33Error } from "../../base/errors.ts";
import type { EgressFetch } from "../../boundary/hands.ts";
import { forgotSession } from "./http-errors.ts";
import { rateLimited, withHeaders } from "./http-requests.ts";
import { limitMessages } from "./limited-body.ts";
import { createOAuthSession, type OAuthLogin, type OAuthSession } from "./oauth.ts";
import { type HttpMcpServer, messageLimitBytes } from "./server.ts";
import {
  answerLost,
  messageTooLarge,
  noOutput,
  type ServerOutput,
  type ServerTransport,
  within,
} from "./transport.ts";

/** How long the server gets to hear that the session is over. */
const farewellMs = 1_000;

/** A stream that the server cut is opened again, later each time; about two minutes in all. */
const reconnection = {
  initialReconnectionDelay: 500,
  maxReconnectionDelay: 30_000,
  reconnectionDelayGrowFactor: 2,
  maxRetries: 8,
};
/** How often a person is sent to a page for one request: once, and once more for wider rights. */
const loginsPerRequest = 2;
/** How often it is tried while a call waits for its answer on that stream. */
const retriesInCall = 2;

/** How a message goes out. */
interface Way {
  readonly fetch: EgressFetch;
  /** The request, where it is one of a tool call. */
  readonly id?: RequestId | undefined;
}

type SendOptions = Parameters<StreamableHTTPClientTransport["send"]>[1];

/**
 * Speaks MCP over streamable HTTP (MCP specification, "Transports"). Requests go out through the
 * fetch of the call that makes them. All else (the stream on which the server speaks by itself,
 * notifications, answers to the server) belongs to no tool call and goes out through the fetch of
 * the call that holds the session.
 * @param held the fetch of the call that holds the session
 * @param login how to log in, where the server wants that
 */
export function createHttpTransport(
  server: HttpMcpServer,
  held: EgressFetch,
  login?: OAuthLogin,
): ServerTransport {
  const oauth = login === undefined ? undefined : createOAuthSession(server.name, login);
  return new HttpServerTransport(server, held, oauth);
}

class HttpServerTransport extends StreamableHTTPClientTransport implements ServerTransport {
  readonly #held: EgressFetch;
  readonly #oauth: OAuthSession | undefined;
  /** The fetch of the tool call that is being made. */
  readonly #call = new AsyncLocalStorage<EgressFetch>();
  /** The request that is being sent. */
  readonly #way: AsyncLocalStorage<Way>;
  /** Requests whose answers are waited for. */
  readonly #unanswered = new Set<RequestId>();
  #failure: Agent33Error | undefined;
  #lost = false;
  #closing: Promise<void> | undefined;

  constructor(server: HttpMcpServer, held: EgressFetch, oauth: OAuthSession | undefined) {
    const { origin } = new URL(server.url);
    const way = new AsyncLocalStorage<Way>();
    super(new URL(server.url), {
      fetch: async (to, init) => {
        const through = way.getStore()?.fetch ?? held;
        // A login may take requests to other places, which the server's own headers are not for.
        const isServer = new URL(to).origin === origin;
        const response = await through(
          to,
          isServer ? withHeaders(init, server.given?.() ?? server.headers) : init,
        );
        // The library's own error does not keep how long the server asks to wait.
        if (response.status === 429) throw await rateLimited(response);
        return limitMessages(response, messageLimitBytes, () => {
          const error = messageTooLarge(messageLimitBytes);
          void this.fail(error);
          return error;
        });
      },
      reconnectionOptions: reconnection,
      reconnectionScheduler: (reconnect, delay, attempt) => {
        const id = way.getStore()?.id;
        if (id !== undefined && attempt >= retriesInCall) {
          this.#lose(id);
          return;
        }
        // A stream that nobody waits for keeps no process alive.
        const timer = setTimeout(reconnect, delay).unref();
        return () => clearTimeout(timer);
      },
      ...(oauth === undefined ? {} : { authProvider: oauth.provider }),
    });
    this.#oauth = oauth;
    this.#held = held;
    this.#way = way;
    // The library keeps a handler that is there before its own, and calls it first.
    const onmessage = (message: JSONRPCMessage): void => {
      if (isJSONRPCResponse(message) && message.id !== undefined) {
        this.#unanswered.delete(message.id);
      }
    };
    Object.assign(this, { onmessage });
  }

  override async send(message: JSONRPCMessage | JSONRPCMessage[], options?: SendOptions) {
    const id = !Array.isArray(message) && isJSONRPCRequest(message) ? message.id : undefined;
    const own = id === undefined ? undefined : this.#call.getStore();
    const way: Way = { fetch: own ?? this.#held, ...(own === undefined ? {} : { id }) };
    try {
      await this.#way.run(way, () => this.#sendAsPerson(message, this.#heard(id, options)));
    } catch (error) {
      const hadSession = this.sessionId !== undefined;
      if (hadSession && SdkHttpError.isInstance(error) && forgotSession(error)) {
        this.#lost = true;
        // Whoever asked is told first, in its own words: its request at least was not taken.
        setImmediate(() => void this.fail(sessionLost()));
      }
      throw error;
    }
  }

  /** Sends, and where the server sent a person to a page meanwhile, once more with the answer. */
  async #sendAsPerson(
    message: JSONRPCMessage | JSONRPCMessage[],
    options: SendOptions,
    logins = 0,
  ): Promise<void> {
    try {
      await super.send(message, options);
    } catch (error) {
      const answer = this.#oauth?.answer();
      if (answer === undefined || logins >= loginsPerRequest) throw error;
      await this.finishAuth(await answer);
      await this.#sendAsPerson(message, options, logins + 1);
    }
  }

  /** Sees to it that a request whose answer can come no more is not waited for. */
  #heard(id: RequestId | undefined, options: SendOptions): SendOptions {
    if (id === undefined) return options;
    this.#unanswered.add(id);
    return {
      ...options,
      onRequestStreamEnd: () => {
        options?.onRequestStreamEnd?.();
        this.#lose(id);
      },
    };
  }

  #lose(id: RequestId): void {
    if (this.#unanswered.delete(id)) this.onmessage?.(answerLost(id));
  }

  inCall<T>(fetch: EgressFetch | undefined, work: () => Promise<T>): Promise<T> {
    return this.#call.run(fetch ?? this.#held, work);
  }

  output(): ServerOutput {
    return noOutput;
  }

  failure(): Agent33Error | undefined {
    return this.#failure;
  }

  isOpen(): boolean {
    return !this.#lost && this.#closing === undefined;
  }

  fail(error: Agent33Error): Promise<void> {
    if (this.#closing === undefined) this.#failure ??= error;
    this.#closing ??= super.close();
    return this.#closing;
  }

  override close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  async #leave(): Promise<void> {
    // A server that does not want to know, or is gone, must not keep anybody from leaving.
    await within(farewellMs, Promise.allSettled([this.terminateSession()]));
    await super.close();
  }
}

function sessionLost(): Agent33Error {
  return new Agent33Error("mcp.session_lost", "The server does not know the session any more.", {
    hint: "Ask again: the next call opens a new session.",
  });
}
