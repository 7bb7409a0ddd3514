import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { attempt } from "../base/result.ts";

/** A command line of npx, and where it is looked for what it names. */
export interface NpxCall {
  readonly command: string;
  readonly args: readonly string[];
  /** Where the search of `node_modules` begins. */
  readonly startFolder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Options of npx that change nothing about what it starts. */
const plainOptions = new Set([
  "-y",
  "--yes",
  "--no",
  "-q",
  "--quiet",
  "--offline",
  "--prefer-offline",
]);

const manifestSchema = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  bin: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
});
/** npm notes in its cache which packages it was asked for, in the words in which it was asked. */
const askedSchema = z
  .looseObject({ _npx: z.looseObject({ packages: z.array(z.string()) }) })
  .transform(({ _npx: { packages } }) => packages.join());

/**
 * What npx would start without asking a registry: a package of the project, else one that it
 * has fetched before. It is started by itself, because npx wants to write to its cache each time.
 * @returns undefined for another program, for options that are not known here, and where the package
 * is not on this machine
 */
export function npxProgram(
  call: NpxCall,
): { readonly command: string; readonly args: readonly string[] } | undefined {
  const { command, args, startFolder, env } = call;
  if (basename(command) !== "npx") return undefined;
  const at = args.findIndex((arg) => !plainOptions.has(arg));
  const [asked, ...rest] = args.slice(at);
  const name = /^(?<name>(?:@[\w.-]+\/)?[\w.-]+)(?:@(?<version>.+))?$/.exec(asked ?? "")?.groups;
  if (at === -1 || asked === undefined || asked.startsWith("-") || name?.["name"] === undefined)
    return undefined;
  const wanted = { asked, name: name["name"], version: name["version"] };
  const program = inProject(wanted, startFolder) ?? inCache(wanted, env);
  return program === undefined ? undefined : { command: program, args: rest };
}

interface Wanted {
  readonly asked: string;
  readonly name: string;
  readonly version: string | undefined;
}

function inProject(wanted: Wanted, startFolder: string): string | undefined {
  for (let folder = resolve(startFolder); ; folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    const named = join(modules, ".bin", wanted.asked);
    const manifest = manifestOf(modules, wanted.name);
    const fits = wanted.version === undefined || manifest?.version === wanted.version;
    const ofPackage = fits ? programOf(modules, manifest, wanted.name) : undefined;
    const program = existsSync(named) ? named : ofPackage;
    if (program !== undefined || folder === dirname(folder)) return program;
  }
}

function inCache({ asked, name }: Wanted, env: NpxCall["env"]): string | undefined {
  const { npm_config_cache: cache = join(env["HOME"] ?? "/", ".npm") } = env;
  const fetched = join(cache, "_npx");
  if (!existsSync(fetched)) return undefined;
  for (const folder of readdirSync(fetched).map((entry) => join(fetched, entry))) {
    const read = askedSchema.safeParse(jsonIn(join(folder, "package.json")));
    if (read.data !== asked) continue;
    const modules = join(folder, "node_modules");
    return programOf(modules, manifestOf(modules, name), name);
  }
  return undefined;
}

type Manifest = z.infer<typeof manifestSchema>;

function manifestOf(modules: string, name: string): Manifest | undefined {
  return manifestSchema.safeParse(jsonIn(join(modules, name, "package.json"))).data;
}

/** The package's only program, else the one of its name. */
function programOf(
  modules: string,
  manifest: Manifest | undefined,
  name: string,
): string | undefined {
  const { bin = {} } = manifest ?? {};
  const own = basename(name);
  const programs = typeof bin === "string" ? { [own]: bin } : bin;
  const [first, ...others] = Object.keys(programs);
  const program = first !== undefined && others.length === 0 ? first : own;
  const path = join(modules, ".bin", program);
  return program in programs && existsSync(path) ? path : undefined;
}

function jsonIn(path: string): unknown {
  if (!existsSync(path)) return undefined;
  const read = attempt((): unknown => JSON.parse(readFileSync(path, "utf8")));
  // npm itself mends what is broken there, with a network: here it counts as not there.
  return read.ok ? read.value : undefined;
}
