import { delimiter, dirname } from "node:path";

/** What a child may inherit. All else, keys and tokens above all, must be given to it by name. */
const inherited = new Set([
  "HOME",
  "LANG",
  "LANGUAGE",
  "LOGNAME",
  "NODE_EXTRA_CA_CERTS",
  "PATH",
  "SSL_CERT_DIR",
  "SSL_CERT_FILE",
  "TERM",
  "TMPDIR",
  "TZ",
  "USER",
]);
/** Tools spell these in both cases. */
const inheritedAnyCase = new Set([
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "all_proxy",
  "npm_config_cache",
  "npm_config_registry",
]);

export interface ChildEnvironmentOptions {
  /** Variables given on purpose. They win over what is inherited. */
  readonly extra?: Readonly<Record<string, string>>;
  /** The Node program that scripts with `#!/usr/bin/env node` shall get. Default: this process's. */
  readonly nodePath?: string;
}

/**
 * The environment of a child: an allow-list of the parent's, what was given on purpose, and a PATH
 * on which this process's own Node comes first.
 */
export function childEnvironment(
  parent: Readonly<Record<string, string | undefined>>,
  options: ChildEnvironmentOptions = {},
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(parent)) {
    if (value !== undefined && isInherited(name, value)) environment[name] = value;
  }
  Object.assign(environment, options.extra);
  const nodeFolder = dirname(options.nodePath ?? process.execPath);
  const path = (environment["PATH"] ?? "").split(delimiter).filter((entry) => entry !== "");
  environment["PATH"] = [nodeFolder, ...path.filter((entry) => entry !== nodeFolder)].join(
    delimiter,
  );
  return environment;
}

function isInherited(name: string, value: string): boolean {
  // Bash exports functions as variables that begin with "()"; they are code.
  if (value.startsWith("()")) return false;
  return inherited.has(name) || name.startsWith("LC_") || inheritedAnyCase.has(name.toLowerCase());
}
