/** Which Pythons can run the server. Pure. */

export interface PythonCommand {
  readonly command: string;
  readonly args: readonly string[];
}

const NEWEST = 14;
const OLDEST = 11;

/** Commands to try, the best first. */
export function pythonCandidates(platform: NodeJS.Platform): PythonCommand[] {
  const versions = Array.from({ length: NEWEST - OLDEST + 1 }, (_, back) => `3.${NEWEST - back}`);
  if (platform === "win32") {
    return [
      ...versions.map((version) => ({ command: "py", args: [`-${version}`] })),
      { command: "python", args: [] },
    ];
  }
  return [...versions.map((version) => `python${version}`), "python3", "python"].map((command) => ({ command, args: [] }));
}

/** Whether a version such as "3.12" can run the server. */
export function isSupported(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(version) ?? [];
  return major === "3" && Number(minor) >= OLDEST && Number(minor) <= NEWEST;
}
