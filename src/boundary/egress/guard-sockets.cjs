// @ts-check
"use strict";

const dgram = require("node:dgram");
const net = require("node:net");
const { covers, permits, refusal, state } = require("./guard-context.cjs");

/** @typedef {(this: any, ...args: any[]) => any} Method */

/**
 * Connections and datagrams. Everything of Node's that speaks TCP or over a local socket comes
 * through `Socket.prototype.connect`: net, tls, http, https, http2, fetch, WebSocket, undici.
 */
function guardSockets() {
  guardConnect();
  guardDatagrams();
}

function guardConnect() {
  /** @type {Method} */
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = /** @type {Method} */ (
    function (...args) {
      if (!state.on) return Reflect.apply(connect, this, args);
      const target = connectTarget(args);
      // A pool connects when it sees fit, in the middle of somebody else's call or of none.
      const owner = state.owned.get(this);
      if (owner !== undefined && covers(owner, "connect", target)) {
        return state.context.run(owner, () => Reflect.apply(connect, this, args));
      }
      if (permits("connect", target)) return Reflect.apply(connect, this, args);
      const error = refusal("connect", target);
      // It fails as a connection fails: later, when whoever made it is listening.
      this.connecting = true;
      setImmediate(() => this.destroy(error));
      return this;
    }
  );
}

/**
 * `host:port`, or the path of a local socket.
 * @param {readonly any[]} args of `connect(options)`, `(port, host)`, `(path)`, or Node's own list
 * @returns {string}
 */
function connectTarget(args) {
  const list = Array.isArray(args[0]) ? args[0] : args;
  const [first, second] = list;
  if (typeof first === "object" && first !== null) {
    if (typeof first.path === "string") return first.path;
    return hostAndPort(first.host, first.port);
  }
  if (typeof first === "string" && Number.isNaN(Number(first))) return first;
  return hostAndPort(second, first);
}

/**
 * @param {unknown} host
 * @param {unknown} port
 * @returns {string}
 */
function hostAndPort(host, port) {
  const name = typeof host === "string" && host !== "" ? host : "localhost";
  return `${net.isIPv6(name) ? `[${name}]` : name}:${String(port)}`;
}

function guardDatagrams() {
  const { prototype } = dgram.Socket;
  for (const name of /** @type {const} */ (["send", "connect"])) {
    /** @type {Method} */
    const original = prototype[name];
    prototype[name] = /** @type {Method} */ (
      function (...args) {
        const target = datagramTarget(name, args);
        if (permits("datagram", target)) return Reflect.apply(original, this, args);
        const error = refusal("datagram", target);
        const callback = args.at(-1);
        if (typeof callback === "function") process.nextTick(callback, error);
        else process.nextTick(() => this.emit("error", error));
        return undefined;
      }
    );
  }
}

/**
 * @param {"send" | "connect"} name
 * @param {readonly any[]} args `connect(port, address)`, `send(message, [offset, length,] port, address)`
 * @returns {string}
 */
function datagramTarget(name, args) {
  const words = args.filter((arg) => typeof arg !== "function");
  const [port, address] =
    name === "connect" ? words : words.length > 3 ? words.slice(3) : words.slice(1);
  return port === undefined ? "where its socket is connected" : hostAndPort(address, port);
}

module.exports = { guardSockets, hostAndPort };
