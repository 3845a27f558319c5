/** What other tools show: which of it the server is told, and when. Knows nothing of VS Code, so that it can be tested. */

/** The scheme of a notebook's cell. */
export const CELL = "vscode-notebook-cell";
/** Diagnostics of one file; the gravest are told. */
export const MOST = 100;
/** Files at a time; open ones come first. */
export const MOST_FILES = 200;

export interface Shown {
  readonly severity: number;
  readonly source?: string | undefined;
  readonly range: { readonly start: { readonly line: number } };
}

/** Whether a document is a file, or a part of one: only these can be reviewed. */
export function isOnDisk(scheme: string): boolean {
  return scheme === "file" || scheme === CELL;
}

/** What others than `ours` show, the gravest first (VS Code counts errors as 0), at most MOST. */
export function ofOthers<T extends Shown>(all: readonly T[], ours: string): T[] {
  return all
    .filter(({ source }) => source !== ours)
    .sort((one, other) => one.severity - other.severity || one.range.start.line - other.range.start.line)
    .slice(0, MOST);
}

/** Documents whose diagnostics changed, until the server is told. */
export class Pending<T> {
  readonly #noted = new Map<string, { readonly document: T; readonly version: number | undefined }>();

  get isEmpty(): boolean {
    return this.#noted.size === 0;
  }

  /** `version`: of the text that the diagnostics speak of; undefined where it is not open. */
  note(name: string, document: T, version: number | undefined): void {
    this.#noted.delete(name);
    this.#noted.set(name, { document, version });
  }

  /** The next ones to tell, open ones first, then the latest; the others wait. */
  take(): { readonly name: string; readonly document: T; readonly version: number | undefined }[] {
    const all = [...this.#noted].map(([name, noted]) => ({ name, ...noted })).reverse();
    const isOpen = ({ version }: { version: number | undefined }): boolean => version !== undefined;
    const next = [...all.filter(isOpen), ...all.filter((one) => !isOpen(one))].slice(0, MOST_FILES);
    for (const { name } of next) {
      this.#noted.delete(name);
    }
    return next;
  }
}
