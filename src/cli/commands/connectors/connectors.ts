import type { Command } from "commander";
import type { CliContext } from "../../context.ts";
import { addCommand } from "./add.ts";
import { breakersCommands } from "./breakers.ts";
import { importCommand } from "./import.ts";
import { inventoryCommands } from "./inventory.ts";

export function connectorsCommand(program: Command, context: CliContext): void {
  const connectors = program.command("connectors").description("what calls go out through");
  inventoryCommands(connectors, context);
  addCommand(connectors, context);
  importCommand(connectors, context);
  breakersCommands(connectors, context);
}
