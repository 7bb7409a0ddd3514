import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { eventually } from "../../test/support/mcp-servers/process-list.ts";
import type { Sandbox, SandboxRequest, SandboxResult } from "./sandbox.ts";
import {
  makeWorkspace,
  noPerl,
  perlIsThere,
  processes,
  type RealDriver,
  titleUnless,
} from "./sandbox.fixture.ts";

type Extras = Partial<Omit<SandboxRequest, "command" | "workspace">>;

const canary = "canary-5d20";
const mebibyte = 1024 * 1024;
const isRoot = process.getuid?.() === 0;

/**
 * What every driver must do, run with the real thing. The workspace is open to all, so that where
 * the tests run as root the command does not.
 */
export function sandboxConformance({ sandbox, probed, title }: RealDriver): void {
  grantTests("runs commands in the sandbox", { spawn: true });

  describe.skipIf(!probed.available || !perlIsThere)(titleUnless(title, noPerl), () => {
    let workspace: string;

    beforeAll(() => {
      process.env["AGENT33_TEST_CANARY"] = canary;
    });
    afterAll(() => {
      delete process.env["AGENT33_TEST_CANARY"];
    });
    beforeEach(() => {
      workspace = makeWorkspace(true);
    });
    afterEach(() => {
      expect(processes.live()).toEqual([]);
      rmSync(workspace, { recursive: true });
    });

    const sh = (script: string, extras: Extras = {}): Promise<SandboxResult> =>
      runShell(sandbox, workspace, script, extras);
    const perl = (script: string, extras: Extras = {}): Promise<SandboxResult> => {
      writeFileSync(join(workspace, "probe.pl"), script);
      chmodSync(join(workspace, "probe.pl"), 0o666);
      return sh("exec perl probe.pl", extras);
    };

    test("gives exit code, output and errors apart, and changes the workspace", async () => {
      writeFileSync(join(workspace, "given.txt"), "given");
      const script = "pwd; cat given.txt; echo oops >&2; echo made > new.txt; exit 3";
      expect(await sh(script)).toMatchObject({
        exitCode: 3,
        signal: null,
        stdout: `${workspace}\ngiven`,
        stderr: "oops\n",
        truncated: false,
        timedOut: false,
        durationMs: expect.any(Number),
      });
      expect(readFileSync(join(workspace, "new.txt"), "utf8")).toBe("made\n");
    });

    test("keeps the command's words as they are", async () => {
      const words = ["a b", "", "$HOME", "*", "ü", "-n", "line\nbreak"] as const;
      const program = "JSON.stringify(process.argv.slice(1))";
      const { stdout } = await sandbox.run({
        command: ["node", "-p", program, "--", ...words],
        workspace,
        timeoutMs: 20_000,
        outputLimitBytes: 4_096,
      });
      expect(JSON.parse(stdout)).toEqual(words);
    });

    test("says 127 of a program that is not there, and 128 and its number of a signal", async () => {
      const request = { workspace, timeoutMs: 20_000, outputLimitBytes: 4_096 };
      const missing = await sandbox.run({ ...request, command: ["agent33-no-such-program"] });
      expect(missing).toMatchObject({ exitCode: 127 });
      expect((await sh("kill -SEGV $$")).exitCode).toBe(128 + 11);
    });

    test("gives no input, so that a command that asks ends", async () => {
      expect((await sh("read answer || echo nothing")).stdout).toBe("nothing\n");
    });

    test("keeps the beginning and the end of a flood, and holds no more of it", async () => {
      const result = await sh("seq 1 200000; seq 1 9 >&2", { outputLimitBytes: 2_000 });
      expect(result.truncated).toBe(true);
      expect(result.stdout.length).toBeLessThan(2_100);
      expect(result.stdout).toMatch(/^1\n2\n3\n/);
      expect(result.stdout).toMatch(/\n199999\n200000\n$/);
      expect(result.stderr).toBe("1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    });

    test("ends a command at its time, with all that left its session", async () => {
      const result = await sh(`${beating(3)}; sleep 60`, { timeoutMs: 2_500 });
      expect(result).toMatchObject({ timedOut: true, exitCode: null });
      await expectStillness(workspace);
    });

    test("ends what a command leaves behind", async () => {
      const result = await sh(`${beating(3)}; sleep 0.5`);
      expect(result).toMatchObject({ exitCode: 0, timedOut: false });
      await expectStillness(workspace);
    });

    test("is cancelled by its signal, and the caller's reason comes back", async () => {
      const cancel = new AbortController();
      const running = sh(`${beating(2)}; sleep 60`, { signal: cancel.signal });
      const seen = eventually(() => beatsOf(workspace) > 0);
      void seen.then(() => cancel.abort(new Error("enough")));
      await expect(running).rejects.toThrow("enough");
      expect(await seen).toBe(true);
      await expectStillness(workspace);
      await expect(sh("touch late", { signal: cancel.signal })).rejects.toThrow("enough");
      expect(readdirSync(workspace)).not.toContain("late");
    });

    test("bounds the memory of a process", async () => {
      const script = `$x = "x" x (300 * 1024 * 1024); print "got it"`;
      const bounded = await perl(script, { memoryBytes: 256 * mebibyte });
      expect(bounded.stdout).toBe("");
      expect(bounded.exitCode).not.toBe(0);
      expect((await perl(script)).stdout).toBe("got it");
    });

    test.each(["open to all", "ours alone"])(
      "bounds the processes in a folder that is %s",
      async (kind) => {
        // Where the tests run as root, such a folder is worked in as root.
        if (kind === "ours alone") chmodSync(workspace, 0o700);
        const script = `$| = 1; for (1..200) { $p = fork; last unless defined $p;
        if (!$p) { sleep 30; exit } $n++ } print $n`;
        const { stdout } = await perl(script, { processes: 40 });
        expect(Number(stdout)).toBeGreaterThan(20);
        expect(Number(stdout)).toBeLessThan(40);
      },
    );

    test("bounds the size of a file", async () => {
      const script = "head -c 3000000 /dev/zero > big; echo $?";
      const { stdout } = await sh(script, { fileSizeBytes: mebibyte });
      expect(statSync(join(workspace, "big")).size).toBe(mebibyte);
      expect(Number(stdout)).not.toBe(0);
    });

    test("bounds what fits in /tmp, however many the files", async () => {
      const script = `for my $n (1..4) { open(F, ">", "/tmp/f$n") or last; $w = 0;
        for (1..600) { defined syswrite(F, "x" x 1000) or last; $w++ } $all += $w } print $all`;
      const { stdout } = await perl(script, { fileSizeBytes: mebibyte });
      expect(Number(stdout)).toBeGreaterThan(500);
      expect(Number(stdout)).toBeLessThanOrEqual(1_049);
    });

    test("bounds the processor time", async () => {
      const result = await sh("while :; do :; done", { cpuSeconds: 2 });
      // SIGXCPU is 24, SIGKILL 9.
      expect([128 + 24, 128 + 9]).toContain(result.exitCode);
      expect(result.timedOut).toBe(false);
    });

    test("bounds the open files, and no limit can be raised again", async () => {
      const script = `for (1..100) { open($f[$_], "<", "/dev/null") or last; $n = $_ } print $n`;
      expect(Number((await perl(script, { openFiles: 32 })).stdout)).toBeLessThan(32);
      const raise = "ulimit -n 4096 2>/dev/null && echo raised; echo tried";
      expect((await sh(raise)).stdout).toBe("tried\n");
    });

    test("gives an environment of its own, with what is given and nothing else", async () => {
      const env = { GIVEN: "a b\nc", LANG: "C" };
      writeFileSync(
        join(workspace, "env.pl"),
        `print join(",", map { "$_=$ENV{$_}" } sort keys %ENV)`,
      );
      const { stdout } = await sandbox.run({
        command: ["perl", "env.pl"],
        workspace,
        env,
        timeoutMs: 20_000,
        outputLimitBytes: 4_096,
      });
      expect(stdout).toContain("GIVEN=a b\nc,HOME=/tmp,LANG=C,PATH=");
      expect(stdout).not.toMatch(/OLDPWD|USER|LOGNAME/);
      const everywhere = await sh("cat /proc/*/environ /proc/1/environ /proc/*/cmdline");
      expect(stdout + everywhere.stdout).not.toContain(canary);
    });

    test("refuses a variable that would be read as an option", async () => {
      const env = { X: "a\0--bind\0/\0/mnt" };
      await expect(sh("true", { env })).rejects.toMatchObject({
        code: "sandbox.invalid_environment",
      });
    });

    test("lets only the workspace be written", async () => {
      const shelf = makeWorkspace(true);
      mkdirSync(join(workspace, "fixed"));
      writeFileSync(join(shelf, "book"), "read me\n");
      const targets = ["/usr", "/usr/bin", "/etc", "/", "/bin", "/lib", "/opt", "/var", "/proc"];
      const script = [...targets, shelf, "fixed"].map(
        (path) => `touch ${path}/agent33-x 2>/dev/null && echo ${path}`,
      );
      const { stdout } = await sh(
        `cat ${shelf}/book\n${script.join("\n")}\ntouch here && echo here`,
        { readOnlyBinds: [shelf, join(workspace, "fixed")] },
      );
      expect(stdout).toBe("read me\nhere\n");
      expect(readdirSync(shelf)).toEqual(["book"]);
      rmSync(shelf, { recursive: true });
    });

    test("shows what only the engine's own user can read", async () => {
      const shelf = makeWorkspace();
      writeFileSync(join(shelf, "book"), "ours");
      expect((await sh(`cat ${shelf}/book`, { readOnlyBinds: [shelf] })).stdout).toBe("ours");
      rmSync(shelf, { recursive: true });
    });

    test("does not show what it was not told to, nor follows links to it", async () => {
      const outside = makeWorkspace(true);
      writeFileSync(join(outside, "secret"), canary, { mode: 0o644 });
      const paths = [`${outside}/secret`, "/etc/shadow", "/root/.", "/home/.", process.cwd()];
      const script = paths.map((path) => `[ -e "${path}" ] && echo "${path}"`).join("\n");
      const links = `ln -s ${outside}/secret link; cat link; cat ../*/secret; echo done`;
      expect((await sh(`${script}\n${links}`)).stdout).toBe("done\n");
      rmSync(outside, { recursive: true });
    });

    describe("the network", () => {
      let server: Server;
      let port: number;
      let connections = 0;
      beforeAll(async () => {
        server = createServer((socket) => {
          connections += 1;
          socket.end();
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const address = server.address();
        port = typeof address === "object" && address !== null ? address.port : 0;
      });
      afterAll(() => {
        server.close();
      });

      test("is not there: no host, no metadata service, no names", async () => {
        writeFileSync(
          join(workspace, "reach.cjs"),
          `const net = require("node:net");
           const reach = (port, host) => new Promise((done) => {
             const s = net.connect({ port, host, timeout: 2000 });
             s.on("connect", () => done("connected")); s.on("error", (e) => done(e.code));
             s.on("timeout", () => done("silence"));
           });
           (async () => {
             for (const [port, host] of [[${port}, "127.0.0.1"], [80, "169.254.169.254"], [53, "1.1.1.1"]])
               console.log(await reach(port, host));
             require("node:dns").lookup("example.org", (e) => { console.log(e?.code); process.exit(); });
           })();`,
        );
        const { stdout } = await sh("node reach.cjs");
        expect(stdout.trim().split("\n")).toEqual([
          "ECONNREFUSED",
          expect.stringMatching(/^E(NET|HOST)UNREACH$/),
          expect.stringMatching(/^E(NET|HOST)UNREACH$/),
          expect.stringMatching(/^E(AI_AGAIN|NOTFOUND)$/),
        ]);
        expect(connections).toBe(0);
      });
    });

    test("leaves no file that lends its owner's rights, and no other user's", async () => {
      await perl(`use Fcntl;
        sysopen(F, "plain", O_CREAT | O_WRONLY, 0755); chmod 06755, "plain";
        sysopen(F, "lender", O_CREAT | O_WRONLY, 06755);`);
      for (const name of readdirSync(workspace)) {
        expect(statSync(join(workspace, name)).mode & 0o6000).toBe(0);
      }
      const expected = isRoot ? 65_534 : (process.getuid?.() ?? 0);
      expect(statSync(join(workspace, "plain")).uid).toBe(expected);
    });

    test("runs several commands at once", async () => {
      const all = await Promise.all([1, 2, 3].map((n) => sh(`echo ${n} > ${n}; cat ${n}`)));
      expect(all.map(({ stdout }) => stdout)).toEqual(["1\n", "2\n", "3\n"]);
    });

    test.each(["/", "/usr", "/proc/self", "/tmp", "relative", "/absent-agent33"])(
      "refuses %s as a workspace",
      async (folder) => {
        await expect(runShell(sandbox, folder, "true")).rejects.toMatchObject({
          code: "sandbox.folder_refused",
        });
      },
    );
  });
}

function runShell(
  sandbox: Sandbox,
  workspace: string,
  script: string,
  extras: Extras = {},
): Promise<SandboxResult> {
  return sandbox.run({
    command: ["sh", "-c", script],
    workspace,
    timeoutMs: 30_000,
    outputLimitBytes: 64 * 1024,
    ...extras,
  });
}

/** Children that leave the session and ignore signals, whose parents exit at once, and that write. */
const beating = (count: number): string =>
  `for n in $(seq ${count}); do setsid sh -c 'setsid sh -c "trap : TERM HUP INT; while :; do echo . >> beats; sleep 0.05; done" &' & done`;

function beatsOf(workspace: string): number {
  return statSync(join(workspace, "beats"), { throwIfNoEntry: false })?.size ?? 0;
}

/** They wrote while they lived, and write no more. */
async function expectStillness(workspace: string): Promise<void> {
  const before = beatsOf(workspace);
  expect(before).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(beatsOf(workspace)).toBe(before);
}
