import { Suspense, useEffect, useRef, useState } from "react";
import { Empty } from "../parts/empty.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { pageOf, pages } from "../pages.ts";
import { go, Link, usePlace } from "../router.tsx";
import { useSession } from "../session.ts";
import { PageBoundary } from "./boundary.tsx";
import { Help } from "./help.tsx";
import { step } from "./rows.ts";
import { useShortcuts } from "./shortcuts.ts";
import { nextTheme, setTheme, type Theme, useTheme } from "./theme.ts";

/** Navigation, and the page that is open. */
export function Shell({ onSignOut }: { readonly onSignOut: () => void }) {
  const { path } = usePlace();
  const { may } = useSession();
  const [helps, setHelps] = useState(false);
  const theme = useTheme();
  const main = useRef<HTMLElement>(null);
  const found = pageOf(path);
  const title = found?.page.title ?? "Not found";
  useEffect(() => {
    document.title = `${title} · AGENT-33`;
  }, [title]);
  useShortcuts({
    ...Object.fromEntries(
      pages.flatMap(({ key, path: to }) => (key === undefined ? [] : [[`g ${key}`, () => go(to)]])),
    ),
    "?": () => setHelps(true),
    t: () => setTheme(nextTheme(theme)),
    j: () => step(1),
    k: () => step(-1),
    "/": () => document.querySelector<HTMLInputElement>("input[type=search]")?.focus(),
  });
  const skip = (): void => main.current?.focus();
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={skip}>
        Skip to the page
      </button>
      <Navigation path={path} onHelp={() => setHelps(true)} onSignOut={onSignOut} theme={theme} />
      <main ref={main} tabIndex={-1} className="main" key={found?.page.path ?? path}>
        {found === undefined ? (
          <Empty title="There is no such page">
            <Link href="/">See what runs now</Link>
          </Empty>
        ) : may(found.page.scope) ? (
          <PageBoundary key={path}>
            <Suspense fallback={<Skeleton title={title} />}>
              <found.page.View id={found.id} />
            </Suspense>
          </PageBoundary>
        ) : (
          <Empty title={`Your key may not see “${title}”`}>
            It needs the scope <code>{found.page.scope}</code>:{" "}
            <code>agent33 keys create NAME --scope {found.page.scope}</code>
          </Empty>
        )}
      </main>
      {helps ? <Help onClose={() => setHelps(false)} /> : null}
    </div>
  );
}

interface NavigationProps {
  readonly path: string;
  readonly theme: Theme;
  readonly onHelp: () => void;
  readonly onSignOut: () => void;
}

function Navigation({ path, theme, onHelp, onSignOut }: NavigationProps) {
  const { session, may } = useSession();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  const shown = pages.filter(({ key, scope }) => key !== undefined && may(scope));
  const isHere = (to: string): boolean =>
    to === "/" ? path === "/" : path === to || path.startsWith(`${to}/`);
  return (
    <header className="bar" data-open={isOpen}>
      <div className="bar-head">
        <Link href="/" className="brand">
          AGENT-33
        </Link>
        <button
          type="button"
          className="button menu"
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        >
          Menu
        </button>
      </div>
      <div className="bar-body" id="navigation">
        <nav aria-label="Pages">
          <ul>
            {shown.map(({ path: to, title }) => (
              <li key={to}>
                <Link href={to} aria-current={isHere(to) ? "page" : undefined}>
                  {title}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="bar-foot">
          <p className="who">
            <strong>{session.user}</strong>
            <span>{session.tenant}</span>
          </p>
          <div className="bar-buttons">
            <button
              type="button"
              className="button quiet"
              title="Light, dark, or as the system has it (t)"
              onClick={() => setTheme(nextTheme(theme))}
            >
              Theme: {theme}
            </button>
            <button type="button" className="button quiet" onClick={onHelp}>
              Keys
            </button>
            <button type="button" className="button quiet" onClick={onSignOut}>
              Sign out
            </button>
          </div>
          <p className="version">
            <a href="/docs">API</a> · {session.version}
          </p>
        </div>
      </div>
    </header>
  );
}
