/** How the server is started: which command, in which environment. Pure; what it asks of the disk is passed in. */

import * as path from "node:path";

export type Origin = "setting" | "installed" | "path";

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly origin: Origin;
}

export interface Surroundings {
  /** `rebuttal.serverCommand` as the user set it. */
  readonly setting: unknown;
  /** The command of the server's own environment, if it is installed. */
  readonly installed: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly isFile: (path: string) => boolean;
}

/** The setting, else the installed server, else `rebuttal` on the PATH; undefined where there is none. */
export function resolveLaunch(around: Surroundings): Launch | undefined {
  const [command, ...rest] = commandOf(around.setting);
  if (command !== undefined) {
    const args = rest.at(-1) === "serve" ? rest : [...rest, "serve"];
    return { command: expandHome(command, around.home), args, origin: "setting" };
  }
  if (around.installed !== undefined) {
    return { command: around.installed, args: ["serve"], origin: "installed" };
  }
  const found = onPath("rebuttal", around);
  return found === undefined ? undefined : { command: found, args: ["serve"], origin: "path" };
}

/** The words of the setting; none where it is not a list of words. */
function commandOf(setting: unknown): string[] {
  if (!Array.isArray(setting)) {
    return [];
  }
  const words = setting.filter((word): word is string => typeof word === "string");
  return words.length === setting.length && words[0]?.trim() ? words : [];
}

function expandHome(command: string, home: string): string {
  return /^~[/\\]/.test(command) ? path.join(home, command.slice(2)) : command;
}

/** The absolute path of a program. Relative folders of the PATH are passed over: they may lie in the workspace. */
export function onPath(name: string, around: Surroundings): string | undefined {
  const windows = around.platform === "win32";
  const paths = windows ? path.win32 : path.posix;
  const file = windows ? `${name}.exe` : name;
  const value = around.env.PATH ?? around.env.Path ?? "";
  return value
    .split(windows ? ";" : ":")
    .filter((folder) => paths.isAbsolute(folder))
    .map((folder) => paths.join(folder, file))
    .find((candidate) => around.isFile(candidate));
}

/** The server's whole environment: the editor's, the user's own settings, and the key. */
export function serverEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  settings: Readonly<Record<string, string>>,
  key: string | undefined,
): Record<string, string> {
  const known = Object.entries(inherited).filter((entry): entry is [string, string] => entry[1] !== undefined);
  // A server that prints in another encoding could not be read; its logs go to stderr unbuffered.
  const fixed = { PYTHONUTF8: "1", PYTHONUNBUFFERED: "1" };
  return { ...Object.fromEntries(known), ...fixed, ...settings, ...(key === undefined ? {} : { ANTHROPIC_API_KEY: key }) };
}

/** Severity words at the start of a log line decide how it is logged; stderr itself is no sign of an error. */
export function logLevel(line: string): "debug" | "info" | "warn" | "error" {
  const word = /\b(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b/.exec(line.slice(0, 60))?.[1];
  const levels = { DEBUG: "debug", INFO: "info", WARNING: "warn", ERROR: "error", CRITICAL: "error" } as const;
  return word === undefined ? "info" : levels[word as keyof typeof levels];
}
