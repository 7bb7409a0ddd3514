import { expect, test } from "vitest";
import { isOpen, robotsRules } from "./robots.ts";

// Source of the cases: RFC 9309, sections 2.2.1 to 2.2.3 and 5.1.
const file = `
User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/
Disallow: /publi

User-agent: foobot
Allow: /example/page/
Disallow: /example/ # not this
User-agent: barbot
User-agent: bazbot
Disallow: /example/page.html

user-agent: quxbot
Disallow:
`;

test.each([
  ["agent33/1.0", "/example/x", false],
  ["agent33/1.0", "/publications/1", true],
  ["agent33/1.0", "/public", false],
  ["agent33/1.0", "/a/b.gif", false],
  ["agent33/1.0", "/a/b.gif?x", true],
  ["agent33/1.0", "/", true],
  ["foobot", "/example/page/1", true],
  ["foobot", "/example/other", false],
  ["foobot", "/a/b.gif", true],
  ["barbot", "/example/page.html", false],
  ["BazBot/2", "/example/page.html", false],
  ["quxbot", "/example/", true],
])("%s at %s", (agent, path, open) => {
  expect(isOpen(robotsRules(file, agent), path)).toBe(open);
});

test("a rule of many stars is decided at once", () => {
  const rules = robotsRules(`User-agent: *\nDisallow: /${"*a".repeat(5_000)}$`, "x");
  expect(isOpen(rules, `/${"a".repeat(4_999)}b`)).toBe(true);
});
