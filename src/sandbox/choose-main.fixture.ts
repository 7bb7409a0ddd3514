import { systemClock } from "../base/clock.ts";
import { chooseSandbox, createSandboxes } from "./choose.ts";
import { createProcesses } from "./process.ts";

/** Prints what is chosen where it is started: a program of its own, for namespaces of its own. */
const [folder = ""] = process.argv.slice(2);
const drivers = createSandboxes({
  spawn: createProcesses().spawn,
  clock: systemClock,
  pathEntries: ["/usr/bin", "/bin"],
  dockerSocket: `${folder}/absent.sock`,
  image: "none",
});
process.stdout.write(`${JSON.stringify((await chooseSandbox("auto", drivers)).probe)}\n`);
