/** Exactly what was counted: micro-USD as dollars, with cents at least and no digit that is nought after them. */
export function moneyText(microUsd: number): string {
  const sign = microUsd < 0 ? "-" : "";
  const digits = String(Math.abs(Math.round(microUsd))).padStart(7, "0");
  const parts = digits.slice(-6).replace(/0{1,4}$/, "");
  const whole = digits.slice(0, -6).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${sign}$${whole}.${parts}`;
}

/** A span of time in its two largest units: `1 h 05 min`, `12.3 s`, `340 ms`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} min ${pad(Math.round(seconds) % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${pad(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${pad(hours % 24)} h`;
}

/** A count with its thousands apart. */
export function countText(count: number): string {
  return count.toLocaleString("en-GB");
}

function pad(number: number): string {
  return String(number).padStart(2, "0");
}
