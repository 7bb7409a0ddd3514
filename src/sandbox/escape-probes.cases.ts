import type { SandboxResult } from "./sandbox.ts";

/** Places of the host that a probe tries to reach, each made for it. */
export interface EscapeTargets {
  /** A folder beside the workspace, with a file `secret` that holds the canary. */
  readonly outside: string;
  /** In that file, and in the engine's own environment. */
  readonly canary: string;
  /** Listens on the host's loopback. */
  readonly port: number;
  /** The name of a listening socket of the host in the abstract namespace. */
  readonly abstractName: string;
  /** A process of the host. */
  readonly hostPid: number;
}

/** One way out that is tried. It prints a line `ESCAPED …` if it got anywhere, and `tried` at its end. */
export interface EscapeProbe {
  readonly name: string;
  /** Perl, because it can make any system call; x86-64's numbers. */
  readonly perl: (targets: EscapeTargets) => string;
}

const escaped = (what: string): string => `print "ESCAPED ${what}\\n"`;
const shell = (script: string): string => `system("sh", "-c", q{${script}});`;
const refusedCall = (name: string, ...args: readonly (number | string)[]): EscapeProbe => ({
  name: `the system call ${name.split(":")[0]}`,
  perl: () => {
    const [word = "", number = "0"] = name.split(":");
    return `my $r = syscall(${[number, ...args].join(", ")}); ${escaped(word)} if $r >= 0;`;
  },
});

/** What is tried of every driver. What must hold of each: no line says that it escaped. */
export const escapeProbes: readonly EscapeProbe[] = [
  {
    name: "read a file beside the workspace",
    perl: ({ outside }) =>
      `open(F, "<", "${outside}/secret") and ${escaped("read")}; opendir(D, "${outside}") and ${escaped("list")};`,
  },
  {
    name: "read it through links in the workspace, hard and symbolic",
    perl: ({ outside }) =>
      `symlink("${outside}", "soft"); link("${outside}/secret", "hard") and ${escaped("hard")};
       open(F, "<", "soft/secret") and ${escaped("soft")};`,
  },
  {
    name: "read it through /proc/1/root and the other processes' folders",
    perl: ({ outside }) =>
      `for my $p (glob("/proc/[0-9]*"), "/proc/self") { for my $w ("root", "cwd") {
         open(F, "<", "$p/$w${outside}/secret") and ${escaped("proc")} } }`,
  },
  {
    name: "climb above the root with chroot, or with an open folder",
    perl: ({ outside }) =>
      `mkdir "jail"; opendir(D, "."); chroot("jail") and ${escaped("chroot")};
       my $up = "../" x 40; open(F, "<", "$up${outside}/secret") and ${escaped("climb")};`,
  },
  {
    name: "read the engine's environment",
    perl: ({ canary }) =>
      `for my $f (glob("/proc/*/environ"), glob("/proc/*/cmdline")) { local $/; open(F, "<", $f) or next;
         my $t = <F>; ${escaped("canary")} if $t =~ /${canary}/ } ${escaped("canary")} if grep { /${canary}/ } values %ENV;`,
  },
  {
    name: "read the host's secrets in /etc, /root and /home",
    perl: () =>
      `for my $f ("/etc/shadow", "/etc/gshadow", "/etc/ssh", "/root/.ssh", "/root/.bashrc", "/var/lib/dpkg", "/var/run/docker.sock") { -e $f and ${escaped("$f")} }
       my @h = glob("/home/*"); @h == 0 or ${escaped("home")};`,
  },
  {
    name: "write outside of the workspace",
    perl: () =>
      `for my $d ("/", "/usr", "/usr/bin", "/etc", "/bin", "/lib", "/opt", "/var", "/proc", "/proc/sys/kernel") {
         open(F, ">", "$d/agent33-escape") and ${escaped("$d")} }
       for my $f (glob("/usr/bin/*")) { open(F, "+<", $f) and ${escaped("$f")} }`,
  },
  {
    name: "change the kernel's settings in /proc and /sys",
    perl: () =>
      `for my $f ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches", "/sys/kernel/uevent_helper", "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/release_agent") {
         open(F, ">", $f) or next; syswrite(F, "x") and ${escaped("$f")} }`,
  },
  {
    name: "read the kernel's memory, keys and log",
    perl: () =>
      `for my $f ("/proc/kcore", "/proc/keys", "/proc/kmsg", "/dev/mem", "/dev/kmem", "/dev/kmsg", "/dev/port") {
         open(F, "<", $f) or next; sysread(F, my $b, 16) and ${escaped("$f")} }`,
  },
  {
    name: "open the host's devices, or make one",
    perl: () =>
      `for my $f (glob("/dev/sd*"), glob("/dev/vd*"), glob("/dev/loop*"), "/dev/kvm", "/dev/vhost-net", "/dev/vhost-vsock") {
         open(F, "<", $f) and ${escaped("$f")} }
       my $n = "node"; syscall(133, $n, 0060600, 0x700) == 0 and open(F, "<", "node") and ${escaped("mknod")};`,
  },
  {
    name: "signal a process of the host",
    perl: ({ hostPid }) => `kill(0, ${hostPid}) and ${hostPid} > 50 and ${escaped("kill")};`,
  },
  {
    name: "make a program that lends its owner's rights, by changing a mode",
    perl: () =>
      `open(F, ">", "m"); close F; for my $b (04755, 02755) { chmod($b, "m");
         ((stat("m"))[2] & 06000) and ${escaped("chmod")} }`,
  },
  {
    name: "make such a program in one step",
    perl: () =>
      `use Fcntl; for my $b (04755, 02755) { sysopen(my $f, "o$b", O_CREAT | O_WRONLY, $b);
         -e "o$b" and ((stat("o$b"))[2] & 06000) and ${escaped("open")}; my $n = "k$b";
         syscall(133, $n, 0100000 | $b, 0); -e $n and ((stat($n))[2] & 06000) and ${escaped("mknod")} }`,
  },
  {
    name: "gain rights from a program that lends root's",
    perl: () =>
      shell(
        `for p in su passwd mount newgrp chsh; do [ -u /usr/bin/$p ] && /usr/bin/$p --version >/dev/null 2>&1; done; grep -E "^Cap(Prm|Eff|Bnd):" /proc/self/status | grep -v "0000000000000000" && echo ESCAPED caps`,
      ),
  },
  {
    name: "connect to the host's loopback",
    perl: ({ port }) =>
      `use Socket; socket(S, PF_INET, SOCK_STREAM, 0) and connect(S, pack_sockaddr_in(${port}, inet_aton("127.0.0.1"))) and ${escaped("tcp")};`,
  },
  {
    name: "connect to a socket of the host in the abstract namespace",
    perl: ({ abstractName }) =>
      `use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0) and connect(S, pack_sockaddr_un("\\0${abstractName}")) and ${escaped("abstract")};`,
  },
  {
    name: "reach a metadata service or an outside host, by TCP and UDP",
    perl: () =>
      `use Socket; $SIG{ALRM} = sub { die }; for my $h ("169.254.169.254", "1.1.1.1") {
         eval { alarm 2; socket(S, PF_INET, SOCK_STREAM, 0) and connect(S, pack_sockaddr_in(80, inet_aton($h))) and ${escaped("tcp")}; };
         eval { alarm 2; socket(U, PF_INET, SOCK_DGRAM, 0) and defined send(U, "x", 0, pack_sockaddr_in(53, inet_aton($h))) and ${escaped("udp")}; }; alarm 0; }`,
  },
  {
    name: "talk to the host over AF_VSOCK",
    perl: () =>
      `my $r = syscall(41, 40, 1, 0); ${escaped("vsock")} if $r >= 0; $r = syscall(53, 40, 1, 0, my $b = "x" x 8); ${escaped("vsock pair")} if $r >= 0;`,
  },
  {
    name: "open netlink, raw packet, crypto and other rare sockets",
    perl: () =>
      `for my $f (16, 17, 31, 38, 43, 44) { my $r = syscall(41, $f, 3, 0); ${escaped("family $f")} if $r >= 0 } my $r = syscall(41, 2, 3, 1); ${escaped("raw")} if $r >= 0;`,
  },
  {
    name: "make a user namespace, by unshare and by clone",
    perl: () =>
      `my $r = syscall(272, 0x10000000); ${escaped("unshare")} if $r >= 0;
       $r = syscall(56, 0x10000011, 0, 0, 0, 0); if ($r == 0) { exit } ${escaped("clone")} if $r > 0;`,
  },
  {
    name: "make mount, network and process namespaces",
    perl: () =>
      `for my $n (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x20000000, 0x40000000) { my $r = syscall(272, $n); ${escaped("unshare $n")} if $r >= 0 }`,
  },
  {
    name: "mount, unmount and remount",
    perl: () =>
      `my ($n, $t, $k) = ("none", "/tmp", "tmpfs"); syscall(165, $n, $t, $k, 0, 0) == 0 and ${escaped("mount")};
       my $u = "/usr"; syscall(165, $n, $u, $k, 0x1020, 0) == 0 and ${escaped("remount")}; my $p = "/proc"; syscall(166, $p, 2) == 0 and ${escaped("umount")};`,
  },
  refusedCall("ptrace:101", 0, 0, 0, 0),
  refusedCall("bpf:321", 0, 0, 0),
  refusedCall("io_uring_setup:425", 1, `my $b = "x" x 120`),
  refusedCall("userfaultfd:323", 0),
  refusedCall("perf_event_open:298", `my $a = "x" x 120`, 0, -1, -1, 0),
  refusedCall("keyctl:250", 0, -3, 0),
  refusedCall("open_by_handle_at:304", -100, `my $h = "x" x 32`, 0),
  refusedCall("kexec_load:246", 0, 0, 0, 0),
  refusedCall("init_module:175", 0, 0, 0),
  {
    name: "type into the terminal that the engine was started from",
    perl: () =>
      `open(T, "+<", "/dev/tty") and do { my $c = "x"; ioctl(T, 0x5412, $c) and ${escaped("tiocsti")} }; ioctl(STDIN, 0x5412, my $d = "x") and ${escaped("stdin")};`,
  },
  {
    name: "use a folder that the engine has open",
    perl: ({ outside }) =>
      `for my $fd (0..200) { open(F, "<", "/proc/self/fd/$fd${outside}/secret") and ${escaped("descriptor")}; open(G, "<", "/proc/self/fd/$fd/etc/shadow") and ${escaped("descriptor")} }`,
  },
  {
    name: "fill the memory that /tmp and /dev/shm are made of",
    perl: () =>
      `for my $d ("/tmp", "/dev/shm") { my $all = 0; for my $n (1..8) { open(F, ">", "$d/f$n") or last; for (1..4) { defined syswrite(F, "x" x 1000000) or last; $all++ } } ${escaped("$d $all")} if $all > 9 }`,
  },
];

/** The program of a probe, as a file for the workspace. */
export function probeProgram(probe: EscapeProbe, targets: EscapeTargets): string {
  return `$| = 1; open(STDERR, ">", "/dev/null");\n${probe.perl(targets)}\nprint "tried\\n";\n`;
}

/** What got out, or undefined. A probe that does not reach its end has shown nothing. */
export function whatEscaped({ stdout, exitCode }: SandboxResult): string | undefined {
  const found = /^ESCAPED (.*)$/m.exec(stdout)?.[1];
  if (found !== undefined) return found;
  return stdout.endsWith("tried\n") ? undefined : `no end: exit code ${exitCode}, ${stdout}`;
}
