import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { CallLeave } from "../../src/boundary/leave.ts";
import { compilePolicy, loadPacks } from "../../src/boundary/policy/index.ts";
import { parsePack } from "../../src/boundary/policy/pack-file.ts";
import type { CompiledPolicy } from "../../src/boundary/policy/policy.ts";
import type { CallFacts, Decision } from "../../src/boundary/types.ts";
import { testPrincipal } from "./boundary.ts";

/** A web server on this machine that counts what reaches it. */
export interface CountingServer {
  readonly port: number;
  /** Method, path and Host header of each request. */
  readonly seen: string[];
  connections(): number;
  close(): Promise<void>;
}

export async function startCounting(
  answer: RequestListener = (_request, response) => void response.end("here"),
  address = "127.0.0.1",
): Promise<CountingServer> {
  const seen: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.host}`);
    answer(request, response);
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A policy of one pack with these rules, each as it stands after `- `. */
export function policyOf(
  fallback: "allow" | "ask" | "deny",
  ...rules: readonly string[]
): CompiledPolicy {
  const written = rules
    .map((rule, at) => `  - { id: r${at}, reason: because, ${rule} }\n`)
    .join("");
  const head = `pack: test\nversion: 1\ndescription: d\ndefault: ${fallback}\nrules:`;
  return compilePolicy([
    parsePack(`${head}${rules.length === 0 ? " []" : `\n${written}`}`, "test.yaml"),
  ]);
}

export const defaultPolicy = compilePolicy(loadPacks({ select: ["default"] }));

/** A leave as the chain would give it for a read of this host. */
export function leaveFor(
  policy: CompiledPolicy,
  facts: Partial<CallFacts> = {},
  connector = "web:fetch",
): CallLeave {
  const all: CallFacts = { operation: "http.get", effect: "read", repeat: "safe", ...facts };
  const decision: Decision = policy.decide(all, connector, testPrincipal);
  return new CallLeave({
    policy,
    decision,
    facts: all,
    connector,
    principal: testPrincipal,
    name: `${connector} ${all.operation}`,
  });
}
