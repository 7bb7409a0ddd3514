import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../base/clock.ts";
import { evaluateJavascript, type JavascriptProgram } from "./javascript-evaluate.ts";

/** The worker thread of `runJavascript`: it runs one program and ends. */
const result = await evaluateJavascript(workerData as JavascriptProgram, systemClock);
parentPort?.postMessage(result, []);
