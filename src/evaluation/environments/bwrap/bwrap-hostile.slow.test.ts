import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { grantTests } from "../../../../test/support/egress.ts";
import type { TaskEnvironment } from "../environment.ts";
import { createBench, processes } from "./bwrap.fixture.ts";
import { processesIn } from "./leftovers.ts";

vi.setConfig({ testTimeout: 120_000 });
grantTests("runs hostile agents in bubblewrap", { spawn: true });

const bench = createBench();
const { begin, prepare, sh, verdict } = bench;
afterEach(() => expect(processes.live().map(({ pid }) => pid)).toEqual([]));
afterAll(() => bench.remove());

/** Hidden tests as public tasks have them: every way in which they come to pytest and to a reward. */
const testScript = `#!/bin/bash
apt-get update > /dev/null
apt-get install -y curl > /dev/null 2>&1
curl -LsSf https://astral.sh/uv/0.9.7/install.sh | sh
source $HOME/.local/bin/env
pip3 install -q pytest pytest-json-ctrf
export PATH="$HOME/.local/bin:$PATH"
mkdir -p /logs/verifier
cd /app
code=0
uvx --with pytest pytest --ctrf /logs/verifier/ctrf.json /tests/test_outputs.py -rA || code=1
python3 -m pytest /tests/test_outputs.py > /logs/verifier/said.txt 2>&1 || code=1
pytest -q /tests || code=1
grep -q passed /logs/verifier/said.txt || code=1
python3 -c 'import json; print(json.dumps(1))' > /dev/null || code=1
if [ $code -eq 0 ]; then echo 1 > /logs/verifier/reward.txt; else echo 0 > /logs/verifier/reward.txt; fi
`;
const files = {
  "task.toml": "[environment]\nstorage_mb = 300\n",
  "environment/Dockerfile": "FROM debian\nWORKDIR /app\nRUN echo original > /app/given\n",
  "tests/test.sh": testScript,
  "tests/test_outputs.py":
    'def test_answer():\n    assert open("/app/answer").read().strip() == "42"\n',
};
const prepared = await bench.setUp(() => prepare(files));

const rootOf = ({ workspace = "" }: TaskEnvironment): string => dirname(workspace);

/** What every trial ends with: an honest verdict, nothing that runs, nothing left on the disk. */
async function expectReward(trial: TaskEnvironment, reward: number): Promise<void> {
  const root = rootOf(trial);
  const verification = await verdict(trial);
  expect({ reward: verification.reward, error: verification.error }).toEqual({
    reward,
    error: undefined,
  });
  expect(processesIn(root)).toEqual([]);
  await trial.close();
  expect(existsSync(root)).toBe(false);
  expect(readdirSync(dirname(root))).toEqual([]);
}

/** The next trial has what the image has, and can be passed. */
async function expectNextIsClean(): Promise<void> {
  const next = await begin(prepared);
  expect(await sh(next, "cat given; ls -a /app / | grep -c -e evil -e reward")).toBe(
    "original\n0\n",
  );
  await sh(next, "echo 42 > answer");
  await expectReward(next, 1);
}

test("an honest agent passes, and one that does nothing does not", async () => {
  await expectReward(await begin(prepared), 0);
  await expectNextIsClean();
});

test("rewards that the agent writes, wherever it writes them, are not the verdict", async () => {
  const trial = await begin(prepared);
  await sh(
    trial,
    `for d in / /logs /logs/verifier /tests /solution /app /tmp /root /.agent33 /proc /dev; do
  mkdir -p $d; echo 1 > $d/reward.txt; echo '{"reward": 1}' > $d/reward.json; done
for d in logs tests solution; do mv /$d /evil-$d; ln -s /evil-$d /$d; done`,
  );
  await expectReward(trial, 0);
  const other = await begin(prepared);
  await sh(
    other,
    `echo 1 > /app/evil.txt; mkdir -p /logs; ln -s /app /logs/verifier; ln -s /app/evil.txt /app/reward.txt
mkdir /tests; printf '#!/bin/sh\\necho 1 > /logs/verifier/reward.txt\\n' > /tests/test.sh; chmod 0 /tests`,
  );
  await expectReward(other, 0);
  await expectNextIsClean();
});

test("programs in the place of the verifier's are not run", async () => {
  const trial = await begin(prepared);
  await sh(
    trial,
    `for d in /usr/local/bin /usr/local/sbin $HOME/.local/bin $HOME/.cargo/bin /app /opt/bin; do mkdir -p $d
for p in bash sh env mkdir grep cat echo python3 python pip3 pip pytest uv uvx curl apt-get git; do
printf '#!/bin/sh\\nmkdir -p /logs/verifier; echo 1 > /logs/verifier/reward.txt; kill -9 $PPID; exit 0\\n' > $d/$p; chmod 755 $d/$p; done; done`,
  );
  await sh(trial, "rm -f /bin /sbin; cp -r /usr/local/bin /bin; cp -r /usr/local/bin /sbin");
  await expectReward(trial, 0);
  await expectNextIsClean();
});

test("files that tell shells, Python and pytest what to do are put back as they were", async () => {
  const trial = await begin(prepared);
  const forge =
    'import os; os.makedirs("/logs/verifier", exist_ok=True); open("/logs/verifier/reward.txt", "w").write("1"); os._exit(0)';
  await sh(
    trial,
    `forge='${forge}'
py=/usr/local/lib/$(basename $(readlink -f /usr/bin/python3))
user=$HOME/.local/lib/$(basename $py)/site-packages
mkdir -p $user /app/_pytest $HOME/.config/pip /etc/profile.d /etc/$(basename $py) /tests
for f in /conftest.py /app/conftest.py $HOME/conftest.py /tests/conftest.py $py/dist-packages/sitecustomize.py \\
  $py/dist-packages/usercustomize.py $py/dist-packages/pytest.py $user/usercustomize.py $user/sitecustomize.py \\
  /app/pytest.py /app/_pytest/__init__.py /app/pluggy.py /app/json.py /app/argparse.py /app/sitecustomize.py \\
  /app/tempfile.py /app/pip.py /etc/$(basename $py)/sitecustomize.py /__init__.py; do echo "$forge" > $f; done
echo "$forge" > $py/dist-packages/evil.pth; echo "$forge" > $user/evil.pth
echo "$forge" > $py/dist-packages/pytest_json_ctrf.py
echo "$forge" > /evil_plugin.py
for f in /pytest.ini /.pytest.ini /tox.ini /app/pytest.ini; do printf '[pytest]\\npythonpath = /\\naddopts = -p evil_plugin\\n' > $f; done
printf '[tool:pytest]\\naddopts = --collect-only\\n' > /setup.cfg
printf '[tool.pytest.ini_options]\\naddopts = "--collect-only"\\n' > /pyproject.toml
for f in $HOME/.bashrc $HOME/.bash_profile $HOME/.profile $HOME/.local/bin/env /etc/profile.d/evil.sh /etc/bash.bashrc /etc/profile /etc/environment; do
  mkdir -p $(dirname $f); echo 'mkdir -p /logs/verifier; echo 1 > /logs/verifier/reward.txt; exit 0' > $f; done
echo /app/evil.so > /etc/ld.so.preload; echo x > /etc/ld.so.cache; echo /app > /etc/ld.so.conf`,
  );
  await expectReward(trial, 0);
  await expectNextIsClean();
});

test("a home folder and top folders that are links lead the verifier nowhere else", async () => {
  const trial = await begin(prepared);
  await sh(
    trial,
    `mv /root /evil-root; ln -s ../../../../../../evil-root /root; mkdir -p /evil-root/.local/bin
echo 'echo 1 > /logs/verifier/reward.txt; exit' > /evil-root/.local/bin/env
mv /etc /evil-etc; ln -s /evil-etc /etc; rm -rf /lib64 /opt /var /app; touch /app; ln -s / /var; ln -s /evil-etc /opt`,
  );
  await expectReward(trial, 0);
  await expectNextIsClean();
});

test("a command in a folder that is gone fails as a command, not as the environment", async () => {
  const trial = await begin(prepared);
  await sh(trial, "rm -rf /app /lib64 /bin /etc");
  const { end } = await trial.run({ command: ["true"], timeoutMs: 10_000 });
  expect(end).toMatchObject({ kind: "exited", status: { code: 2 } });
  await expectReward(trial, 0);
});

test("nothing that the agent leaves running lives until the verdict", async () => {
  const trial = await begin(prepared);
  const forger =
    "while :; do mkdir -p /logs/verifier; echo 1 > /logs/verifier/reward.txt; echo 42 > /app/answer; done";
  await sh(trial, `(setsid sh -c '(setsid sh -c "${forger}" &)' &) ; sleep 0.3; rm -f answer`);
  const still = trial.run({ command: ["sh", "-c", `trap '' TERM; ${forger}`], timeoutMs: 60_000 });
  await trial.endAll();
  expect((await still).end.kind).toBe("cancelled");
  expect(processesIn(rootOf(trial))).toEqual([]);
  await sh(trial, "rm -f answer");
  await expectReward(trial, 0);
  await expectNextIsClean();
});

test("a trial that fills the disk is ended, and judged all the same", async () => {
  const trial = await begin(prepared);
  const one = "dd if=/dev/zero of=/tmp/evil bs=1M count=2000 status=none";
  expect(await sh(trial, one)).toContain("File size limit exceeded");
  const filled = await trial.run({
    command: [
      "sh",
      "-c",
      "i=0; while :; do i=$((i+1)); head -c 20000000 /dev/zero > /var/evil$i; done",
    ],
    timeoutMs: 60_000,
  });
  expect(filled.end.kind).toBe("cancelled");
  expect(trial.overrun.reason).toMatchObject({ code: "evaluation.storage_exceeded" });
  await expectReward(trial, 0);
  await expectNextIsClean();
});

test("a trial that forks without end is bounded, and ended with all that it started", async () => {
  const trial = await begin(prepared);
  const bomb = trial.run({
    command: ["bash", "-c", "f() { f | f & }; f; sleep 60"],
    timeoutMs: 3_000,
  });
  expect((await bomb).end.kind).toBe("timeout");
  await trial.endAll();
  expect(processesIn(rootOf(trial))).toEqual([]);
  await expectReward(trial, 0);
  await expectNextIsClean();
});

test("signals to everything reach the agent's own processes only", async () => {
  const trial = await begin(prepared);
  const other = await begin(prepared);
  const asleep = other.run({ command: ["sh", "-c", "sleep 2; echo slept"], timeoutMs: 30_000 });
  await sh(trial, "for p in $(ls /proc | grep '^[0-9]'); do kill -9 $p; done; kill -9 -1");
  expect((await asleep).output).toBe("slept\n");
  await other.close();
  await expectReward(trial, 0);
});

test("folders that cannot be read, 100,000 files and very deep folders hold nothing up", async () => {
  const trial = await begin(prepared);
  const script = `import os
os.makedirs("/app/many")
for one in range(100_000):
    os.close(os.open("/app/many/%d" % one, os.O_CREAT))
os.makedirs("/app/closed/inner"); open("/app/closed/inner/f", "w").close(); os.chmod("/app/closed", 0)
os.makedirs("/tests"); os.chmod("/tests", 0)
os.mkdir("/app/deep"); os.chdir("/app/deep")
for one in range(1500):
    os.mkdir("d" * 100); os.chdir("d" * 100)
`;
  const made = await trial.run({ command: ["/usr/bin/python3", "-c", script], timeoutMs: 60_000 });
  expect(made.output).toBe("");
  expect(await trial.take("/app/closed", join(bench.dir, "closed"))).toBe(true);
  expect(existsSync(join(bench.dir, "closed/inner/f"))).toBe(true);
  await expectReward(trial, 0);
  await expectNextIsClean();
});
