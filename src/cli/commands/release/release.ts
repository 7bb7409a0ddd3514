import type { Command } from "commander";
import type { CliContext } from "../../context.ts";
import { guardCommand } from "./guard.ts";
import { packetCommand } from "./packet.ts";
import { smokeCommand } from "./smoke.ts";
import { snapshotCommand } from "./snapshot.ts";

/** `agent33 release`: how a change lands without losing what works. */
export function releaseCommand(program: Command, context: CliContext): void {
  const release = program
    .command("release")
    .description("land changes in order, with evidence that machines recorded and checked");
  guardCommand(release, context);
  snapshotCommand(release, context);
  smokeCommand(release, context);
  packetCommand(release, context);
}
