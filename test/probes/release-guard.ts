import { probe, type Bench } from "./support/bench.ts";

// The second change of a series is not let in before the first is merged, and is let in after.
// Sabotaged: the first is merged from the start.
const git = async ({ start }: Bench, ...words: readonly string[]): Promise<void> => {
  const who = ["-c", "user.name=probe", "-c", "user.email=probe@example.org"];
  const { code, stderr } = await start("git", [...who, ...words]).ended;
  if (code !== 0) throw new Error(`git ${words.join(" ")}: ${stderr}`);
};

await probe(async (bench) => {
  const commit = async (branch: string, from: string, message: string): Promise<void> => {
    await git(bench, "checkout", "-q", "-b", branch, from);
    bench.put(`${branch}.txt`, message);
    await git(bench, "add", `${branch}.txt`);
    await git(bench, "commit", "-q", "-m", message);
  };
  await git(bench, "init", "-q", "-b", "main");
  bench.put("start.txt", "start");
  await git(bench, "add", "start.txt");
  await git(bench, "commit", "-q", "-m", "Begin");
  await commit("one", "main", "First step\n\nSequence: 1");
  await commit("two", "main", "Second step\n\nSequence: 2");
  const merge = async (): Promise<void> => {
    await git(bench, "checkout", "-q", "main");
    await git(bench, "merge", "-q", "--no-ff", "-m", "Merge the first\n\nSequence: 1", "one");
  };
  const guard = async () =>
    (await bench.agent33("release", "guard", "--base", "main", "--head", "two", "--json")).code;
  if (bench.sabotaged) await merge();
  const before = await guard();
  if (!bench.sabotaged) await merge();
  return { before, after: await guard() };
});
