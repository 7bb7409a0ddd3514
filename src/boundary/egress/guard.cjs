// @ts-check
"use strict";

/**
 * The egress guard: `node --require <this file> …`, or `installEgressGuard()`. From then on, a
 * connection, a lookup, a datagram, a program or a worker thread that was not opened inside a
 * boundary call or a grant is refused with `boundary.egress_blocked`.
 *
 * It finds mistakes: a forgotten call, a library that phones home. It is no defence against code
 * that wants around it, for it lives in the same process; that is what the sandbox is for.
 */

const { syncBuiltinESMExports } = require("node:module");
const { state } = require("./guard-context.cjs");
const { guardHttp } = require("./guard-http.cjs");
const { guardNames } = require("./guard-names.cjs");
const { guardProcesses } = require("./guard-processes.cjs");
const { guardSockets } = require("./guard-sockets.cjs");

if (!state.installed) {
  state.installed = true;
  state.on = true;
  guardSockets();
  guardNames();
  guardHttp();
  guardProcesses(__filename);
  // For those who import these modules by name, before or after.
  syncBuiltinESMExports();
}
