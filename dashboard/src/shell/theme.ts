import { useSyncExternalStore } from "react";

/** `system` follows the machine. */
export type Theme = "system" | "light" | "dark";

const place = "agent33.theme";
const listeners = new Set<() => void>();

function kept(): Theme {
  const word = localStorage.getItem(place);
  return word === "light" || word === "dark" ? word : "system";
}

function show(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

/** Shows what was chosen last. */
export function startTheme(): void {
  show(kept());
}

export function setTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(place);
  else localStorage.setItem(place, theme);
  show(theme);
  for (const listener of listeners) listener();
}

/** The next of the three. */
export function nextTheme(theme: Theme): Theme {
  return theme === "system" ? "light" : theme === "light" ? "dark" : "system";
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, kept);
}

const systemDark = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark now, for what no style sheet reaches. */
export function useLook(): "light" | "dark" {
  const theme = useTheme();
  const isDark = useSyncExternalStore(
    (listener) => {
      systemDark.addEventListener("change", listener);
      return () => systemDark.removeEventListener("change", listener);
    },
    () => systemDark.matches,
  );
  return theme === "system" ? (isDark ? "dark" : "light") : theme;
}
