import { Agent33Error, toAgent33Error } from "../../src/base/errors.ts";
import { collectGarbage } from "../harness.ts";
import { read } from "../store/meter.ts";
import { contenders } from "./contenders.ts";
import { type RowPlan, rowPlanSchema, type RowReading } from "./reading.ts";

/** One row in a process of its own, started by `loop.ts` with its plan as JSON. Prints a reading. */
async function measure({ place, turns, calls, runs, atOnce }: RowPlan): Promise<RowReading> {
  const contender = contenders[place];
  if (contender === undefined) throw new Error("Start this through main.ts.");
  const loop = await contender.open();
  try {
    const run = async (): Promise<void> => {
      const made = await loop.run({ turns, calls });
      // A run that ends early would look cheap.
      if (made !== turns * calls) throw unfair(contender.name, made, turns * calls);
    };
    await inWaves(run, Math.ceil(warmUpTurns / (turns + 1)), atOnce);
    collectGarbage("major");
    const before = process.memoryUsage().rss;
    const { cpuMs, wallMs } = await read(() => inWaves(run, runs, atOnce));
    const turnsMade = runs * (turns + 1);
    return {
      cpuMsATurn: cpuMs / turnsMade,
      wallMsATurn: wallMs / turnsMade,
      rssMbMore: (process.memoryUsage().rss - before) / 1e6,
    };
  } finally {
    await loop.close();
  }
}

/** Until the machine code has settled. */
const warmUpTurns = 2_000;

async function inWaves(run: () => Promise<void>, runs: number, atOnce: number): Promise<void> {
  for (let begun = 0; begun < runs; begun += atOnce) {
    const wave = Array.from({ length: Math.min(atOnce, runs - begun) }, () => run());
    await Promise.all(wave);
  }
}

function unfair(name: string, made: number, asked: number): Agent33Error {
  return new Agent33Error("bench.unfair", `${name} made ${made} of ${asked} calls.`, {
    hint: "Its figures would mislead.",
  });
}

try {
  const plan = rowPlanSchema.parse(JSON.parse(process.argv[2] ?? ""));
  process.stdout.write(JSON.stringify(await measure(plan)));
} catch (thrown) {
  const { code, message } = toAgent33Error(thrown);
  process.stderr.write(`${code}: ${message}\n`);
  process.exitCode = 1;
}
