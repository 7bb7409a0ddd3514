// @ts-check
"use strict";

const { subscribe } = require("node:diagnostics_channel");
const http = require("node:http");
const http2 = require("node:http2");
const { permits, refusal, state } = require("./guard-context.cjs");
const { hostAndPort } = require("./guard-sockets.cjs");

/** @typedef {import("./guard-context.cjs").EgressHolder} EgressHolder */
/** @typedef {(this: any, ...args: any[]) => any} Method */

/**
 * Requests over connections that are open already: a connection that one call opened and that is
 * kept alive would carry what nobody decided about.
 */
function guardHttp() {
  guardAgent();
  guardSessions();
  guardUndici();
}

/** `http.Agent`, under http and https. */
function guardAgent() {
  const prototype = /** @type {Record<string, any>} */ (http.Agent.prototype);
  /** @type {Method} */
  const addRequest = prototype["addRequest"];
  /** @type {Method} */
  const createSocket = prototype["createSocket"];
  /** @type {WeakMap<object, EgressHolder>} */
  const holders = new WeakMap();
  prototype["addRequest"] = /** @type {Method} */ (
    function (request, options, ...rest) {
      const target = options?.socketPath ?? hostAndPort(options?.host, options?.port);
      if (!permits("request", target)) {
        // The agent's own way of telling that there is no socket.
        request.onSocket(null, refusal("request", target));
        return undefined;
      }
      const holder = state.context.getStore();
      if (holder !== undefined) holders.set(request, holder);
      return Reflect.apply(addRequest, this, [request, options, ...rest]);
    }
  );
  // A request that waited for its turn is connected when another one ends, which another call made.
  prototype["createSocket"] = /** @type {Method} */ (
    function (request, ...rest) {
      const holder = holders.get(request);
      const create = () => Reflect.apply(createSocket, this, [request, ...rest]);
      return holder === undefined ? create() : state.context.run(holder, create);
    }
  );
}

/** The class of HTTP/2 sessions is not exported: it is met in the first session. */
function guardSessions() {
  const connect = http2.connect;
  const guarded = new WeakSet();
  http2.connect = /** @type {typeof connect} */ (
    /** @type {Method} */
    function (...args) {
      const { createConnection } = args[1] ?? {};
      const target = String(args[0]);
      // A session over a socket that is never opened would first say that it is connected.
      if (typeof createConnection !== "function" && !permits("connect", target)) {
        throw refusal("connect", target);
      }
      const session = Reflect.apply(connect, this, args);
      const prototype = Object.getPrototypeOf(session);
      if (!guarded.has(prototype)) {
        guarded.add(prototype);
        guardSessionRequests(prototype);
      }
      return session;
    }
  );
}

/** @param {Record<string, any>} prototype */
function guardSessionRequests(prototype) {
  /** @type {Method} */
  const request = prototype["request"];
  prototype["request"] = /** @type {Method} */ (
    function (...args) {
      const target = String(this.originSet?.[0] ?? "an HTTP/2 session");
      if (!permits("request", target)) throw refusal("request", target);
      return Reflect.apply(request, this, args);
    }
  );
}

/** Every copy of undici tells of its requests on this channel: the packages, and fetch's own. */
function guardUndici() {
  subscribe("undici:request:create", (message) => {
    const { request } = /** @type {{ request: any }} */ (message);
    const target = String(request.origin);
    if (permits("request", target)) return;
    const error = refusal("request", target);
    // Up to version 7 the one, from version 8 the other. Throwing here would end the process.
    if (typeof request.onResponseError === "function") request.onResponseError(error);
    else request.onError(error);
  });
}

module.exports = { guardHttp };
