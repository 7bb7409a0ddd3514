"use strict";

/** What a program may have taken from Node's modules before the guard was loaded. */
globalThis.connect = require("node:net").Socket.prototype.connect;
