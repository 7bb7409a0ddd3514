import { delimiter, dirname } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { childEnvironment } from "./child-environment.ts";

test("passes on what programs need to work and to reach the network", () => {
  const parent = {
    HOME: "/home/ada",
    LANG: "de_DE.UTF-8",
    LC_TIME: "C",
    TZ: "UTC",
    TMPDIR: "/tmp/x",
    USER: "ada",
    TERM: "xterm",
    https_proxy: "http://proxy:1",
    NO_PROXY: "localhost",
    npm_config_cache: "/cache",
    npm_config_registry: "https://registry.example/",
  };
  const { PATH: _path, ...rest } = childEnvironment(parent);
  expect(rest).toEqual(parent);
});

test.each([
  "ANTHROPIC_API_KEY",
  "OPENAI_API_KEY",
  "AWS_SECRET_ACCESS_KEY",
  "GITHUB_TOKEN",
  "AGENT33_TOKEN",
  "NODE_OPTIONS",
  "LD_PRELOAD",
  "SHELL",
  "npm_config__auth",
  "npm_config_//registry.example/:_authToken",
])("keeps %s back", (name) => {
  expect(childEnvironment({ [name]: "secret" })).not.toHaveProperty([name]);
});

test("keeps exported shell functions back, whatever they are called", () => {
  expect(childEnvironment({ LC_X: "() { :; }" })).not.toHaveProperty("LC_X");
});

test("gives on top what was given on purpose", () => {
  const environment = childEnvironment({ HOME: "/a" }, { extra: { HOME: "/b", API_KEY: "k" } });
  expect(environment).toMatchObject({ HOME: "/b", API_KEY: "k" });
});

test("puts this process's Node first on PATH, once", () => {
  const own = dirname(process.execPath);
  const environment = childEnvironment({ PATH: ["/usr/bin", own, "/bin"].join(delimiter) });
  expect(environment["PATH"]).toBe([own, "/usr/bin", "/bin"].join(delimiter));
  expect(childEnvironment({})["PATH"]).toBe(own);
});

test("never lets a variable through that is on no list", () => {
  const allowed =
    /^(PATH|HOME|LANG|LANGUAGE|LOGNAME|TERM|TMPDIR|TZ|USER|LC_.*|npm_config_(cache|registry)|(https?|no|all)_proxy)$/i;
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), (parent) => {
      expect(Object.keys(childEnvironment(parent)).filter((name) => !allowed.test(name))).toEqual(
        [],
      );
    }),
  );
});
