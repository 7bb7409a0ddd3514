import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { grantTests } from "../../../../test/support/egress.ts";
import { temporaryFolder } from "../../../../test/support/temporary.ts";

grantTests("starts a program as a user whom permissions bind", { spawn: true });

/** Runs a module as somebody whom permissions bind: root without the right to pass them by. */
function asOrdinary(code: string): string {
  const node = [process.execPath, "--input-type=module-typescript", "--eval", code];
  const bound = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"];
  const [command = "", ...args] = process.getuid?.() === 0 ? [...bound, ...node] : node;
  return execFileSync(command, args, { encoding: "utf8" });
}

test("what was planted is found in folders that were closed to hide it", () => {
  const folder = temporaryFolder("restore");
  const [root, image] = [join(folder, "root"), join(folder, "image")];
  mkdirSync(image);
  const plant = (path: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), "forge");
  };
  plant("root/.config/pip/pip.conf");
  plant("hidden/deep/lib/python3/usercustomize.py");
  plant("usr/local/lib/python3/dist-packages/pytest.py");
  plant("app/pytest.py");
  symlinkSync("/hidden/deep", join(root, "root/.local"));
  const closed = [
    "app",
    "usr/local/lib",
    "usr/local",
    "root/.config",
    "hidden/deep",
    "hidden",
    "root",
  ];
  for (const path of closed) chmodSync(join(root, path), 0);

  const module = import.meta.resolve("./restore.ts");
  const gone = JSON.parse(
    asOrdinary(`
      const { removePrograms } = await import(${JSON.stringify(module)});
      const gone: string[] = [];
      const tools = { remove: async (...paths: string[]) => { gone.push(...paths); } } as never;
      const places = { workdir: "/app", hostEtc: [] };
      await removePrograms(${JSON.stringify(root)}, ${JSON.stringify(image)}, places, tools);
      console.log(JSON.stringify(gone));
    `),
  ) as readonly string[];
  expect(gone).toEqual(
    expect.arrayContaining(
      ["root/.config/pip", "hidden/deep/lib", "usr/local/lib/python3", "app/pytest.py"].map(
        (path) => join(root, path),
      ),
    ),
  );
});
