import { Component, type ErrorInfo, type ReactNode } from "react";

interface Props {
  readonly children: ReactNode;
}
interface State {
  readonly error: string | undefined;
}

/** Keeps a fault of one page from taking the navigation with it. React knows no other way than a class. */
export class PageBoundary extends Component<Props, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error.message : String(error) };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    // For whoever looks into the browser's own tools.
    reportError(new Error(`A page failed: ${info.componentStack ?? ""}`, { cause: error }));
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <div role="alert" className="problem">
        <p className="problem-title">This page failed</p>
        <p>{error}</p>
        <p className="problem-hint">
          Load it again. A server that was brought up to date has new files for the page.
        </p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Load again
        </button>
      </div>
    );
  }
}
