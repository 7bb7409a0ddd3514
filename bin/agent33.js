#!/usr/bin/env node
// Plain JavaScript that any Node can parse: it says so when this Node is too old, and only then
// loads the program, whose imports would otherwise fail with an obscure error.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  console.error(
    `agent33 needs Node 24.15 or newer; this is ${process.versions.node}. In the project, start it with "npm run agent33 -- …"; elsewhere install a newer Node.`,
  );
  process.exit(1);
}
const { existsSync } = await import("node:fs");
const { createRequire, enableCompileCache } = await import("node:module");
// Reading and compiling some hundred files is half of the time until a command answers. The cache
// is Node's own, in the folder for temporary files; where it cannot be kept, nothing is lost.
enableCompileCache();
// From a checkout the sources run as they are; the published package holds compiled files.
const source = new URL("../src/cli/main.ts", import.meta.url);
const compiled = new URL("../dist/cli/main.js", import.meta.url);
const program = existsSync(source) ? source : compiled;
// Before anything of the program: from here on nothing leaves around the boundary.
createRequire(program)("../boundary/egress/guard.cjs");
const { main } = await import(program.href);
const code = await main(process.argv.slice(2));
// All that was written has to be taken by its reader first: a pipe may be slower than the program.
const written = (stream) => new Promise((done) => stream.write("", () => done()));
await Promise.all([written(process.stdout), written(process.stderr)]);
// Not by running out of things to do: Node then gives signals back their default meaning while it
// still clears up, and one that comes at that moment would end in another code than the work had.
process.exit(code);
