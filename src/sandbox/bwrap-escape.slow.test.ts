import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { probed, processes, sh, titleOf } from "./bwrap.fixture.ts";
import { makeWorkspace, noPerl, perlIsThere, titleUnless } from "./sandbox.fixture.ts";
import { cloneCall, deniedCalls, socketCalls } from "./seccomp-syscalls.ts";

grantTests("runs bubblewrap, and tries on the host what must fail inside", { spawn: true });

const isRoot = process.getuid?.() === 0;
/** Root runs commands as itself or, where the workspace is open to all, as nobody: both must hold. */
const kinds = isRoot ? (["private", "open to all"] as const) : (["private"] as const);
const architecture = process.arch === "arm64" ? "arm64" : "x64";
const canary = "canary-e7c1";
const perlProgram = "perl";
const bwrapProgram = "bwrap";

let workspace: string;
let outside: string;

beforeAll(() => {
  process.env["AGENT33_TEST_CANARY"] = canary;
});
afterAll(() => {
  delete process.env["AGENT33_TEST_CANARY"];
});

describe.skipIf(!probed.available).each(kinds)(titleOf("a command in a workspace, %s,"), (kind) => {
  beforeEach(() => {
    workspace = makeWorkspace(kind === "open to all");
    outside = mkdtempSync(join(tmpdir(), "agent33-outside-"));
    writeFileSync(join(outside, "secret"), canary, { mode: 0o644 });
  });
  afterEach(() => {
    expect(processes.live()).toEqual([]);
    rmSync(workspace, { recursive: true });
    rmSync(outside, { recursive: true });
  });

  test("cannot write to the system or beside the mounts", async () => {
    const targets = ["/usr", "/usr/bin", "/etc", "/", "/bin", "/lib", "/opt", "/var", "/dev"];
    const script = targets.map((path) => `touch ${path}/agent33-x 2>/dev/null && echo ${path}`);
    const { stdout } = await sh(workspace, `${script.join("\n")}\ntouch here && echo here`);
    expect(stdout).toBe("here\n");
    expect(existsSync("/usr/agent33-x")).toBe(false);
  });

  test("cannot set what /proc offers to the kernel's owner", async () => {
    const script = `
      for path in kernel/core_pattern kernel/modprobe vm/swappiness kernel/hostname; do
        [ -e /proc/sys/$path ] && [ -w /proc/sys/$path ] && echo writable $path
        value=$(cat /proc/sys/$path) && printf %s "$value" > /proc/sys/$path && echo wrote $path
      done
      (echo s > /proc/sysrq-trigger) && echo sysrq
      echo 0 > /proc/self/oom_score_adj && echo oom
      cat /proc/kcore /proc/keys /proc/kmsg 2>/dev/null | head -c 100
      echo done`;
    expect((await sh(workspace, script)).stdout).toBe("done\n");
  });

  test("cannot read the host's secrets, its home folders or files beside the workspace", async () => {
    const paths = [
      "/etc/shadow",
      "/etc/hostname",
      "/root",
      "/home",
      homedir(),
      `${outside}/secret`,
    ];
    const script = paths.map((path) => `[ -e "${path}" ] && ls -la "${path}"`).join("\n");
    const result = await sh(workspace, `${script}\ncat /etc/passwd; ls /tmp`);
    expect(result.stdout).not.toContain(canary);
    expect(result.stdout).toBe(
      `sandbox:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n${workspace.split("/")[2]}\n`,
    );
  });

  test("cannot follow links of the workspace to the outside", async () => {
    symlinkSync("/etc/shadow", join(workspace, "shadow"));
    symlinkSync(outside, join(workspace, "folder"));
    const result = await sh(workspace, "cat shadow folder/secret; echo x > folder/new; ls folder/");
    expect(result.stdout).toBe("");
    expect(existsSync(join(outside, "new"))).toBe(false);
  });

  test("sees only its own processes, and cannot signal others", async () => {
    const result = await sh(
      workspace,
      `ls -d /proc/[0-9]* | wc -l; kill -0 ${process.pid} 2>/dev/null && echo reached; tr '\\0' '\\n' < /proc/1/cmdline | head -2`,
    );
    const [count, ...rest] = result.stdout.trim().split("\n");
    expect(Number(count)).toBeLessThan(8);
    expect(rest).not.toContain("reached");
    expect(result.stdout).not.toContain(process.execPath);
  });

  test("finds nothing of the host's environment, not even in that of process 1", async () => {
    const result = await sh(workspace, "env | sort; wc -c < /proc/1/environ; cat /proc/*/environ");
    expect(result.stdout).not.toContain(canary);
    expect(result.stdout).toMatch(/^0$/m);
    const own = result.stdout.slice(0, result.stdout.search(/^0$/m)).trim().split("\n");
    expect(own.map((line) => line.split("=")[0])).toEqual(["HOME", "LANG", "PATH", "PWD", "TERM"]);
    // Without the sandbox a child that inherits the environment does find it.
    expect(spawnSync("cat", ["/proc/self/environ"], { encoding: "utf8" }).stdout).toContain(canary);
  });

  test("has no capabilities, may not gain any, and is filtered", async () => {
    const { stdout } = await sh(workspace, "id -u; cat /proc/self/status");
    expect(stdout).toMatch(/^1000$/m);
    for (const name of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      expect(stdout).toMatch(new RegExp(`^${name}:\\s+0+$`, "m"));
    }
    expect(stdout).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(stdout).toMatch(/^Seccomp:\s+2$/m);
  });

  test("has namespaces and a session of its own", async () => {
    const names = ["ipc", "mnt", "net", "pid", "user", "uts"];
    const script = `for name in ${names.join(" ")}; do readlink /proc/self/ns/$name; done
      cut -d " " -f 6 /proc/self/stat; hostname`;
    const lines = (await sh(workspace, script)).stdout.trim().split("\n");
    const [session, host] = lines.slice(names.length);
    for (const [index, name] of names.entries()) {
      expect(lines[index]).toMatch(new RegExp(`^${name}:\\[\\d+\\]$`));
      expect(lines[index]).not.toBe(readlinkSync(`/proc/self/ns/${name}`));
    }
    // 0 would be a session that began outside: its terminal could be typed into.
    expect(Number(session)).toBeGreaterThan(0);
    expect(host).toBe("sandbox");
  });

  test("cannot make namespaces or mounts, by the usual programs", async () => {
    const script = `
      unshare -U true 2>/dev/null && echo userns
      unshare -n true 2>/dev/null && echo netns
      mount -t tmpfs none /tmp 2>/dev/null && echo mount
      umount /proc 2>/dev/null && echo umount
      mount -o remount,rw /usr 2>/dev/null && echo remount
      chroot . true 2>/dev/null && echo chroot
      echo done`;
    expect((await sh(workspace, script)).stdout).toBe("done\n");
  });

  test("cannot leave a program that lends the owner's rights on the host", async () => {
    const script = `cp /bin/true lender && chmod 755 lender && echo copied
      chmod u+s lender && echo suid
      chmod g+s lender && echo sgid
      perl -e 'chmod 04755, "lender" and print "perl\\n"'`;
    expect((await sh(workspace, script)).stdout).toBe("copied\n");
    expect(statSync(join(workspace, "lender")).mode & 0o7777).toBe(0o755);
  });

  test.skipIf(!perlIsThere)(
    titleUnless("cannot make such a program in one step either", noPerl),
    async () => {
      const script = `use Fcntl;
      for my $mode (04755, 02755) {
        sysopen(my $file, "made-$mode", O_CREAT | O_WRONLY, $mode) and print "open $mode\n";
        my $name = "node-$mode";
        syscall(${architecture === "x64" ? "133, $name" : "33, -100, $name"}, 0100000 | $mode, 0) == 0
          and print "mknod $mode\n";
      }
      sysopen(my $file, "plain", O_CREAT | O_WRONLY, 0755) and print "plain\n";`;
      writeFileSync(join(workspace, "make.pl"), script);
      expect((await sh(workspace, "perl make.pl")).stdout).toBe("plain\n");
      expect(readdirSync(workspace).toSorted()).toEqual(["make.pl", "plain"]);
    },
  );
});

describe.skipIf(!probed.available || !perlIsThere)(titleOf("system calls inside", noPerl), () => {
  beforeEach(() => {
    workspace = makeWorkspace();
  });
  afterEach(() => rmSync(workspace, { recursive: true }));

  const perl = (lines: readonly string[]): string =>
    lines
      .map((line) => `$! = 0; my $r = ${line}; print(($r == -1 ? $!+0 : "done"), "\\n");`)
      .map((line) => `{ ${line} }`)
      .join(" ");
  const notPermitted = "1";

  test("refuse sockets of AF_VSOCK, AF_NETLINK, AF_ALG and AF_PACKET", async () => {
    const [socketCall] = socketCalls;
    const families = [40, 16, 38, 17, 31, 44];
    const script = perl(
      families.map((family) => `syscall(${socketCall?.[architecture]}, ${family}, 2, 0)`),
    );
    const inside = await sh(workspace, `perl -e '${script}'`);
    expect(inside.stdout.trim().split("\n")).toEqual(families.map(() => notPermitted));
    // Outside the same program gets its netlink socket: it is the filter that refuses.
    const netlink = perl([`syscall(${socketCall?.[architecture]}, 16, 2, 0)`]);
    expect(spawnSync(perlProgram, ["-e", netlink], { encoding: "utf8" }).stdout).toBe("done\n");
  });

  test("refuse ptrace, bpf, io_uring, keyctl, mounts, namespaces and the rest", async () => {
    const numbers = [...deniedCalls, { ...cloneCall }].flatMap((call) => {
      const number = call[architecture];
      return number === null ? [] : [{ name: call.name, number }];
    });
    const lines = numbers.map(({ name, number }) =>
      name === "clone"
        ? `syscall(${number}, 0x10000011, 0, 0, 0, 0)`
        : `syscall(${number}, 0, 0, 0, 0, 0)`,
    );
    const { stdout } = await sh(workspace, `perl -e '${perl(lines)}'`);
    const answers = stdout.trim().split("\n");
    expect(answers).toHaveLength(numbers.length);
    const through = numbers.filter((_, index) => answers[index] !== notPermitted);
    expect(through).toEqual([]);
  });

  test("answer clone3 and unknown calls as an older kernel", async () => {
    const { stdout } = await sh(
      workspace,
      `perl -e '${perl(["syscall(435, 0, 0)", "syscall(599)"])}'`,
    );
    expect(stdout).toBe("38\n38\n");
  });

  test.skipIf(architecture !== "x64")(
    titleUnless(
      "of another calling convention end the process",
      architecture !== "x64" && "only x64 has one",
    ),
    async () => {
      const { exitCode } = await sh(
        workspace,
        `exec perl -e 'syscall(0x40000000 + 39); print "alive"'`,
      );
      // SIGSYS is 31.
      expect(exitCode).toBe(128 + 31);
    },
  );
});

describe.skipIf(!probed.available)(titleOf("the network inside"), () => {
  let server: Server;
  let abstract: Server;
  let port: number;
  const abstractName = `agent33-test-${process.pid}`;
  let connections = 0;

  beforeAll(async () => {
    workspace = makeWorkspace();
    server = createServer((socket) => {
      connections += 1;
      socket.end();
    });
    abstract = createServer((socket) => {
      connections += 1;
      socket.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    await new Promise<void>((resolve) => abstract.listen(`\0${abstractName}`, resolve));
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });
  afterAll(() => {
    server.close();
    abstract.close();
    rmSync(workspace, { recursive: true });
  });

  const connect = async (target: string): Promise<string> => {
    const script = `const s = require("node:net").connect(${target});
      s.on("connect", () => { console.log("connected"); process.exit(); });
      s.on("error", (e) => { console.log(e.code); process.exit(); });`;
    writeFileSync(join(workspace, "connect.cjs"), script);
    return (await sh(workspace, "node connect.cjs")).stdout.trim();
  };

  test("does not reach the host's loopback, nor its abstract sockets", async () => {
    const outsideNode = spawnSync(
      process.execPath,
      [
        "-e",
        `require("node:net").connect(${port}, "127.0.0.1").on("connect", () => process.exit(7))`,
      ],
      { timeout: 5_000 },
    );
    // The host is blocked in spawnSync, but its kernel accepts: the port is open there.
    expect(outsideNode.status).toBe(7);
    const before = connections;
    expect(await connect(`${port}, "127.0.0.1"`)).toBe("ECONNREFUSED");
    expect(await connect(`"\\0${abstractName}"`)).toBe("ECONNREFUSED");
    expect(connections - before).toBeLessThanOrEqual(1);
  });

  test("does not reach metadata services or anything outside", async () => {
    expect(await connect(`80, "169.254.169.254"`)).toBe("ENETUNREACH");
    expect(await connect(`53, "1.1.1.1"`)).toBe("ENETUNREACH");
  });

  test("resolves no names but localhost, on which a server of its own can be reached", async () => {
    const script = `node -e '
      const net = require("node:net"), dns = require("node:dns");
      const server = net.createServer((s) => s.end("own")).listen(0, "127.0.0.1", () => {
        net.connect(server.address().port, "localhost").on("data", (d) => {
          console.log(String(d));
          dns.lookup("example.org", (e) => { console.log(e?.code); process.exit(); });
        });
      });'`;
    expect((await sh(workspace, script)).stdout).toMatch(/^own\nE(AI_AGAIN|NOTFOUND)\n$/);
  });
});

describe.skipIf(!probed.available)(titleOf("descriptors"), () => {
  test("of the engine's own parent do not reach a command", async () => {
    const folder = makeWorkspace();
    const module = (name: string) => pathToFileURL(join(import.meta.dirname, name)).href;
    writeFileSync(
      join(folder, "engine.mjs"),
      `import { createProcesses } from "${module("process.ts")}";
       import { createBwrapSandbox } from "${module("bwrap.ts")}";
       import { readlinkSync } from "node:fs";
       console.log("engine:", readlinkSync("/proc/self/fd/77"));
       const { run } = createBwrapSandbox({ spawn: createProcesses().spawn });
       const command = ["sh", "-c", "ls -l /proc/self/fd; ls /proc/self/fd/77/ 2>&1"];
       const result = await run({ command, workspace: "${folder}", timeoutMs: 9000, outputLimitBytes: 9000 });
       console.log(result.stdout, result.stderr);`,
    );
    const script = `exec 77</; exec "${process.execPath}" "${join(folder, "engine.mjs")}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    expect(`${stdout}${stderr}`).toContain("engine: /");
    expect(stdout).toMatch(/77 -> socket:/);
    expect(stdout).toMatch(/Not a directory|cannot access/);
    expect(stdout).not.toContain("usr");
  });
});

test("the sandbox can be had wherever bubblewrap works at all, so that nothing is skipped in vain", () => {
  const plain = ["--unshare-user", "--unshare-net", "--ro-bind", "/", "/", "--", "/bin/true"];
  if (spawnSync(bwrapProgram, plain).status === 0)
    expect(probed).toMatchObject({ available: true });
  else expect(probed).toMatchObject({ available: false, reason: expect.stringMatching(/\S/) });
});
