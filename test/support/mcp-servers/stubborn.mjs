// Ignores SIGTERM and the end of stdin, and has two children that do the same, one of them in a
// session of its own, where the signals to the group do not reach it.
import { spawn } from "node:child_process";
import { serve, textResult } from "./rpc.mjs";

process.on("SIGTERM", () => {});
setInterval(() => {}, 1_000);
const ignore = "process.on('SIGTERM',()=>{});setInterval(()=>{},1000);";
const child = spawn(process.execPath, ["-e", ignore], { stdio: "ignore" });
const stray = spawn(process.execPath, ["-e", ignore], { stdio: "ignore", detached: true });
stray.unref();

serve({
  tools: [{ name: "pids" }],
  call: () => textResult(JSON.stringify([process.pid, child.pid, stray.pid])),
});
