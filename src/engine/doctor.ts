import { withStoredSecrets } from "./secrets/stored.ts";
import { attempt } from "../base/result.ts";
import { agentReference } from "../agents/definition.ts";
import { toAgent33Error } from "../base/errors.ts";
import type { Boundary } from "../boundary/boundary.ts";
import { egressGuardState, type GrantNote } from "../boundary/egress/guard.ts";
import { modelServerProbe } from "../connectors/models/probe.ts";
import type { Config } from "../config/config.ts";
import { providerKeys } from "../config/secrets.ts";
import type { Processes } from "../sandbox/process.ts";
import type { DoctorFinding } from "./doctor-finding.ts";
import { serverFindings } from "./doctor-servers.ts";
import { storeFinding, teamStoreFindings, upkeepFindings } from "./doctor-store.ts";
import { grantsOf } from "./grants.ts";
import { resolveAgent } from "./agents.ts";
import type { Host } from "./host.ts";
import { findSandbox } from "./sandbox.ts";

/** The parts of an engine that the doctor looks through. */
export interface DoctorParts {
  readonly boundary: Boundary;
  readonly processes: Processes;
  readonly dataDir: string;
}

/** Where local model servers usually listen. */
const localServers = [
  { name: "Ollama", baseUrl: "http://127.0.0.1:11434/v1" },
  { name: "llama.cpp", baseUrl: "http://127.0.0.1:8080/v1" },
  { name: "vLLM", baseUrl: "http://127.0.0.1:8000/v1" },
  { name: "LM Studio", baseUrl: "http://127.0.0.1:1234/v1" },
];

/**
 * Looks at this machine and says what works. It changes nothing but what opening the store
 * changes, and only suggests.
 * @param open opens the engine; what it throws becomes a finding
 */
export async function examine(
  config: Config,
  machine: Host,
  open: () => DoctorParts & { close(): Promise<void> },
): Promise<readonly DoctorFinding[]> {
  // Where they cannot be opened, neither can the engine, and that is found below.
  const stored = attempt(() => withStoredSecrets(config, machine));
  const host = stored.ok ? stored.value.host : machine;
  const findings: DoctorFinding[] = [
    { what: "node", state: "ok", detail: `${host.nodeVersion} at ${host.nodePath}` },
    ...agentFinding(config, host),
    ...serverFindings(config, host),
    ...keyFindings(host),
    ...(await teamStoreFindings(config, host)),
  ];
  let opened: ReturnType<typeof open>;
  try {
    opened = open();
  } catch (thrown) {
    const error = toAgent33Error(thrown);
    const finding = {
      what: error.code.split(".")[0] ?? "engine",
      state: "fail",
      detail: `${error.code}: ${error.message}`,
    } as const;
    return [...findings, error.hint === undefined ? finding : { ...finding, fix: error.hint }];
  }
  try {
    findings.push(
      storeFinding(opened.dataDir),
      ...upkeepFindings(config, host),
      {
        what: "policy",
        state: "ok",
        detail: `${config.settings.policy.packs.join(", ")} at version ${opened.boundary.policy.version.slice(0, 8)}`,
      },
      ...guardFindings(config),
      ...(await localModelFindings(config, host, opened.boundary)),
      await sandboxFinding(config, host, opened.processes),
    );
    return findings;
  } finally {
    await opened.close();
  }
}

function agentFinding(config: Config, host: Host): readonly DoctorFinding[] {
  if (config.settings.agent === undefined) return [];
  try {
    const agent = resolveAgent(undefined, config, host.cwd);
    return [{ what: "agent", state: "ok", detail: agentReference(agent) }];
  } catch (thrown) {
    const error = toAgent33Error(thrown);
    return [
      {
        what: "agent",
        state: "fail",
        detail: error.message,
        ...(error.hint === undefined ? {} : { fix: error.hint }),
      },
    ];
  }
}

function keyFindings(host: Host): readonly DoctorFinding[] {
  const needed = providerKeys(host.env).filter(({ provider }) => provider !== "openai-compatible");
  return needed.map(({ provider, variable, value }) => {
    return value !== undefined
      ? { what: `key ${provider}`, state: "ok", detail: `${variable} is set (not tried)` }
      : {
          what: `key ${provider}`,
          state: "warn",
          detail: `${variable} is not set`,
          fix: `Set ${variable} to use --model ${provider}:…`,
        };
  });
}

/** Whether anything can leave around the boundary, and what may. */
function guardFindings({ file, settings }: Config): readonly DoctorFinding[] {
  const what = "egress guard";
  const guard = egressGuardState();
  if (guard !== "on") {
    const where = file === undefined ? "" : ` in ${file}`;
    return [
      {
        what,
        state: "warn",
        detail: `${guard}: a call around the boundary would not be seen`,
        fix:
          guard === "off"
            ? `Set egressGuard to on${where}.`
            : "Call installEgressGuard() before anything else.",
      },
    ];
  }
  const detail =
    "on: nothing is opened but by governed calls and under these grants. It does not watch " +
    "listening: whoever connects to a socket that this program listens on can be answered.";
  try {
    return [{ what, state: "ok", detail }, ...grantsOf(settings).map(grantFinding)];
  } catch (thrown) {
    const { message, hint } = toAgent33Error(thrown);
    return [
      { what, state: "ok", detail },
      {
        what: "learning store",
        state: "warn",
        detail: message,
        ...(hint === undefined ? {} : { fix: hint }),
      },
    ];
  }
}

function grantFinding({ name, covers, why }: GrantNote): DoctorFinding {
  return { what: `grant ${name}`, state: "ok", detail: `${covers}: ${why}` };
}

/** Each look is a governed call: policy may forbid it, and then that is what is said. */
async function localModelFindings(
  { settings }: Config,
  host: Host,
  boundary: Boundary,
): Promise<readonly DoctorFinding[]> {
  const connector = boundary.connector(modelServerProbe(() => host.clock.now()));
  const configured =
    settings.baseUrl === undefined
      ? []
      : [{ name: "baseUrl", baseUrl: settings.baseUrl.replace(/\/$/, "") }];
  const principal = { tenant: settings.tenant, user: settings.user };
  const answers = await Promise.all(
    [...configured, ...localServers].map(async (server) => ({
      ...server,
      outcome: await connector.tryCall({ baseUrl: server.baseUrl }, { principal }),
    })),
  );
  const found = answers.flatMap(({ name, baseUrl, outcome }): readonly DoctorFinding[] => {
    if (outcome.ok) {
      const [model] = outcome.value;
      const detail = `${baseUrl} has ${outcome.value.length === 0 ? "no models" : outcome.value.slice(0, 5).join(", ")}`;
      return [
        {
          what: `local model ${name}`,
          state: model === undefined ? "warn" : "ok",
          detail,
          // A name that a shell would read differently is not offered to be pasted into one.
          fix: `agent33 run "TEXT" --model openai-compatible:${model !== undefined && /^[\w.:/-]+$/.test(model) ? model : "NAME"} --base-url ${baseUrl}`,
        },
      ];
    }
    if (name !== "baseUrl" && outcome.error.kind === "transport") return [];
    return [
      {
        what: `local model ${name}`,
        state: "warn",
        detail: `${baseUrl}: ${outcome.error.message}`,
      },
    ];
  });
  if (found.some((finding) => finding.state === "ok")) return found;
  const looked = answers.map(({ baseUrl }) => new URL(baseUrl).host).join(", ");
  return [
    ...found,
    {
      what: "local model",
      state: "warn",
      detail: `none answered at ${looked}`,
      fix: "Start Ollama, llama.cpp or vLLM, or name another address with --base-url.",
    },
  ];
}

async function sandboxFinding(
  { settings }: Config,
  host: Host,
  processes: Processes,
): Promise<DoctorFinding> {
  const what = "sandbox";
  const { probe } = await findSandbox(settings, host, processes);
  if (!probe.available) return { what, state: "warn", detail: probe.reason, fix: probe.hint };
  const { driver, version, notices } = probe;
  const detail = [
    `${driver} ${version} (sandbox.driver is ${settings.sandbox.driver})`,
    ...notices,
  ];
  return { what, state: notices.length === 0 ? "ok" : "warn", detail: detail.join(". ") };
}
