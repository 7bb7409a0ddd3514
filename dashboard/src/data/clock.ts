import { useEffect, useState } from "react";
import { useVisible } from "./visible.ts";

/** The time, told again so often while the page is seen. Milliseconds since the Unix epoch. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  const isVisible = useVisible();
  useEffect(() => {
    if (!isVisible) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, isVisible]);
  return now;
}
