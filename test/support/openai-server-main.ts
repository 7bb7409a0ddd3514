import { parseArgs } from "node:util";
import { readScript } from "../../src/models/scripted.ts";
import { type FaultName, faults, isFaultName, startScriptedServer } from "./scripted-server.ts";

const usage = `Serves the turns of a scripted model in the OpenAI wire format, on this machine only.

  node test/support/openai-server-main.ts SCRIPT.yaml [--faults 429,broken] [--port N]

Each fault hits one request, in order, before the script is answered. Faults: ${Object.keys(faults).join(", ")}.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { faults: { type: "string" }, port: { type: "string" }, help: { type: "boolean" } },
});
const [scriptFile] = positionals;
const names = (values.faults ?? "").split(",").filter((name) => name !== "");
const unknown = names.filter((name) => !isFaultName(name));
const port = Number(values.port ?? 0);

if (values.help === true || scriptFile === undefined || unknown.length > 0 || !isPort(port)) {
  if (unknown.length > 0) process.stderr.write(`Unknown fault: ${unknown.join(", ")}\n\n`);
  process.stderr.write(usage);
  process.exitCode = values.help === true ? 0 : 64;
} else {
  const script = readScript(scriptFile);
  const server = await startScriptedServer(script, {
    faults: names.filter(isFaultName) satisfies FaultName[],
    port,
    onRequest: (request, behaviour) => {
      const about = `${request.path} with ${request.body.messages.length} messages`;
      process.stderr.write(`${about}: ${behaviour.kind}\n`);
    },
  });
  process.stdout.write(`openai-compatible:${script.name}@${server.baseUrl}\n`);
  const stop = () => void server.close();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65_535;
}
