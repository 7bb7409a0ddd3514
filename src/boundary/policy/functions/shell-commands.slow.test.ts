import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grantTests } from "../../../../test/support/egress.ts";
import { everyCommand, plainCommands } from "./shell-commands.ts";

describe("the commands of a plain line", () => {
  test.each<readonly [string, readonly string[]]>([
    ["npm run test", ["npm run test"]],
    ["  npm test \t", ["npm test"]],
    ["a && b || c; d | e |& f & g\nh", ["a", "b", "c", "d", "e", "f", "g", "h"]],
    ["echo 'a && b' \"c; d\" e\\;f", ["echo 'a && b' \"c; d\" e\\;f"]],
    ["a # b && c\nd", ["a", "d"]],
    ["a\\ #&& b", ["a\\ #", "b"]],
    ["a#b", ["a#b"]],
    ['echo $HOME "$1"', ['echo $HOME "$1"']],
    ["\u00a0a", ["\u00a0a"]],
    ["printf '%s: [%d]\\n' \"$a\" *", ["printf '%s: [%d]\\n' \"$a\" *"]],
    ["test -f a; [ a = b ]; read -r a", ["test -f a", "[ a = b ]", "read -r a"]],
  ])("%j", (line, commands) => {
    expect(plainCommands(line)).toEqual({ ok: true, value: commands });
  });

  test.each([
    "a $(b)",
    'a "$(b)"',
    "a `b`",
    'a "`b`"',
    "a ${b}",
    'a "${b:-$(c)}"',
    "a $((1))",
    "a $[1]",
    "a $'b'",
    'a $"b"',
    "(a)",
    "a() { b; }",
    "a)",
    "a > b",
    "a 2>&1",
    "a &> b",
    "a < b",
    "a <(b)",
    "a <<b",
    "A=1 b",
    "A+=1",
    "a[1]=2 b",
    "a 'b",
    'a "b',
    "a \\",
    "a \\\nb",
    "printf -v 'a[$(b)]' x",
    "printf {-v,'a[$(b)]'} x",
    "printf -v $b x",
    "test -v 'a[$(b)]'",
    "[ -v a[\\$\\(b\\)] ]",
    "read 'a[$(b)]'",
    "'read' a",
    "unset 'a[$(b)]'",
    "[[ a -eq 1 ]]",
    "let 'a[$(b)]=1'",
    "declare 'a[$(b)]=1'",
    "",
    " # a",
  ])("are not told of %j", (line) => {
    expect(plainCommands(line).ok).toBe(false);
  });
});

const begins = (name: string) => (command: string) =>
  command === name || command.startsWith(`${name} `);

describe("every command of a line", () => {
  test.each<readonly [string, readonly string[]]>([
    ["a $(b `c` \"$(d 'e)')\")", ["a $()", "c", "d 'e)'"]],
    ["if a; then b; else c; fi", ["a", "b", "c"]],
    ["while ! a; do { b; } done", ["a", "b"]],
    ["A=1 B='x y' a", ["a"]],
    ["2>/dev/null > x a", ["a"]],
    ["timeout -k 5 -s KILL 10s a", ["a"]],
    ["nohup nice -n 5 stdbuf -oL a", ["a"]],
    ["b | xargs a", ["b", "a"]],
    ["f() { a; }; f", ["a", "f"]],
    ["(a; (b)) && c", ["a", "b", "c"]],
    ["a >(b) <(c)", ["b", "c"]],
    ["a &> b c", ["a", "c"]],
    ["$empty a", ["a"]],
    ["a $'it\\'s' && b", ["b"]],
    ["a \\\n&& b", ["a", "b"]],
    ["cat <<< a; b", ["b"]],
  ])("%j", (line, commands) => {
    const found = everyCommand(line);
    expect(found).toMatchObject({ ok: true });
    expect(found.ok ? found.value : []).toEqual(expect.arrayContaining([...commands]));
  });

  test.each([
    "'evil' x",
    "\\evil x",
    'e"v"il  x',
    "evil\tx",
    "evil>y x",
    "{fd}>y evil x",
    "command evil x",
    "exec -a n evil x",
    "env -i A=1 1=2 evil x",
    "sudo -u root evil x",
    "/usr/bin/evil x",
    "../bin/'evil' x",
    "function f { evil x; }; f",
    "coproc NAME { evil x; }",
    "find . -exec evil x \\;",
    "bash -c 'a; evil x'",
    "bash -xc 'a; evil x'",
    "sh -c \"sh -c 'evil x'\"",
    "eval evil x",
    "eval 'a && evil' x",
    "eval '-a; evil' x",
    "trap 'evil x' EXIT",
    "'timeout' 5 'evil' x",
    ">y\rz evil x",
  ])("are told as their words come out, not as they are spelled: %j", (line) => {
    const found = everyCommand(line);
    expect(found.ok && found.value.some(begins("evil x"))).toBe(true);
  });

  test.each([
    "e{vil,} x",
    "/bin/ev* x",
    "ev?l x",
    "X=evil; $X x",
    "for X in evil; do $X x; done",
    "$(echo evil) x",
    "${x:-evil} x",
    "$'\\x65vil' x",
    '$"evil" x',
    "ev$x'il' x",
    "set -- evil; $1 x",
    "bash -c '$0 x' evil",
    'sh -c \'sh -c "sh -c \\"sh -c evil\\""\'',
  ])("are not told where the name of one is worked out, or lies too deep: %j", (line) => {
    expect(everyCommand(line).ok).toBe(false);
  });

  test.each([
    'for f in *.txt; do echo "$f"; done',
    '"$HOME/bin/a" *.b {c,d}',
    "A=$(a) b; echo $A $((1 * 2))",
    "[ -f a ] && [[ $b == c* ]]",
    "a | xargs -I{} cp {} b",
    "$EDITOR a",
    "bash build.sh",
  ])("are told of what people write: %j", (line) => {
    expect(everyCommand(line).ok).toBe(true);
  });

  test.each(["cat <<x\na\nx", "a 'b", "a $(b", "a `b", "`a \\`b\\``", "a )"])(
    "is not told of %j",
    (line) => {
      expect(everyCommand(line).ok).toBe(false);
    },
  );

  test.each([
    ["deep", `${"(".repeat(5_000)}a${")".repeat(5_000)}`],
    ["wrapped", `${"xargs ".repeat(5_000)}a`],
    ["assigned", `${"A=1 ".repeat(5_000)}a`],
    ["nested", "eval ".repeat(6_000)],
    ["open", `sh -${"c".repeat(30_000)} "\\`],
    ["unknown", "$a1".repeat(10_000)],
  ])("of a line that is very %s is told soon, or not at all", (_, line) => {
    const began = performance.now();
    expect(everyCommand(line).ok).toBe(false);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe.each(["/bin/sh", "/bin/bash"])("against a real shell, %s", (shell) => {
  let folder = "";
  const grant = grantTests("asks a shell what lines run", { spawn: true });
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "shell-lines-"));
    writeFileSync(join(folder, "safe"), "#!/bin/sh\nexit 0\n");
    writeFileSync(join(folder, "evil"), `#!/bin/sh\n: > ${folder}/ran\n`);
    for (const name of ["safe", "evil"]) chmodSync(join(folder, name), 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const runsEvil = (line: string): boolean => {
    rmSync(join(folder, "ran"), { force: true });
    grant.run(() =>
      spawnSync(shell, ["-c", line], {
        cwd: folder,
        env: { PATH: `${folder}:/usr/bin:/bin` },
        stdio: "ignore",
        timeout: 5_000,
      }),
    );
    return existsSync(join(folder, "ran"));
  };
  const pieces = [
    "safe ",
    " evil ",
    " evil ",
    "&&",
    ";",
    "'",
    "'",
    '"',
    '"',
    "\\",
    " #",
    "\n",
    "$(",
    ")",
    "`",
    "|",
    "&",
    ">",
    "(",
    "{ ",
    "; }",
    "${",
    "}",
    "$",
    "!",
    " x",
    "A=",
    "\\\n",
    "then ",
    "timeout 5 ",
    "evil",
    "\t",
    "{",
    "[[ ",
    "eval ",
    "exec ",
    "function f ",
  ];
  const piece = fc.constantFrom(...pieces);
  const lines = fc
    .array(piece, { minLength: 1, maxLength: 8 })
    .map((parts) => `safe ${parts.join("")}`)
    .filter((line) => line.includes("evil"));

  test("a line of nothing but safe commands runs no other", () => {
    const allowed = lines.filter((line) => {
      const found = plainCommands(line);
      return found.ok && found.value.every(begins("safe"));
    });
    fc.assert(
      fc.property(allowed, (line) => !runsEvil(line)),
      { numRuns: 60 },
    );
  });

  test("a command that runs is among those of the line", () => {
    const silent = lines.filter((line) => {
      const found = everyCommand(line);
      return found.ok && !found.value.some(begins("evil"));
    });
    fc.assert(
      fc.property(silent, (line) => !runsEvil(line)),
      { numRuns: 60 },
    );
  });
});
