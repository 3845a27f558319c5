/** The server in a Python environment of its own, made from the wheel that the extension carries. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import { isSupported, pythonCandidates, type PythonCommand } from "./python";

const run = promisify(execFile);
const COMPLETE = ".complete";

export class ServerInstallation {
  readonly #folder: string;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {
    const version = (context.extension.packageJSON as { version: string }).version;
    this.#folder = path.join(context.globalStorageUri.fsPath, `server-${version}`);
  }

  /** The installed server's command; undefined where it is not installed, or only in part. */
  command(): string | undefined {
    return existsSync(path.join(this.#folder, COMPLETE)) ? this.#inEnvironment("rebuttal") : undefined;
  }

  /** Ask, then install. Whether the server is there now; what went wrong has been told. */
  async install(): Promise<boolean> {
    const wheel = await this.#wheel();
    if (wheel === undefined) {
      void vscode.window.showErrorMessage(
        "This build of the extension carries no server: install the Python package and set rebuttal.serverCommand.",
      );
      return false;
    }
    const agreed = await vscode.window.showInformationMessage(
      "Install Rebuttal's server?",
      {
        modal: true,
        detail: `It gets a Python environment of its own in ${this.#folder}. The packages it needs are downloaded from the package index that pip uses on this computer.`,
      },
      "Install",
    );
    if (agreed !== "Install") {
      return false;
    }
    const python = await this.#python();
    if (python === undefined) {
      void vscode.window.showErrorMessage("Rebuttal needs Python 3.11 to 3.14: install it, then run Install Server again.");
      return false;
    }
    return this.#withProgress(python, wheel);
  }

  async #withProgress(python: PythonCommand, wheel: string): Promise<boolean> {
    const options = { location: vscode.ProgressLocation.Notification, title: "Installing Rebuttal's server", cancellable: true };
    return vscode.window.withProgress(options, async (progress, token) => {
      const abort = new AbortController();
      const listener = token.onCancellationRequested(() => {
        abort.abort();
      });
      try {
        await this.#make(python, wheel, abort.signal, (message) => {
          progress.report({ message });
        });
        return true;
      } catch (error) {
        this.log.error(`The server could not be installed: ${String(error)}`);
        if (!token.isCancellationRequested) {
          void this.#tellFailure();
        }
        return false;
      } finally {
        listener.dispose();
      }
    });
  }

  async #tellFailure(): Promise<void> {
    const message = "Rebuttal's server could not be installed: see the log for what pip says.";
    if ((await vscode.window.showErrorMessage(message, "Show Log")) === "Show Log") {
      this.log.show();
    }
  }

  async #make(python: PythonCommand, wheel: string, signal: AbortSignal, report: (message: string) => void): Promise<void> {
    const storage = this.context.globalStorageUri.fsPath;
    await mkdir(storage, { recursive: true });
    await rm(this.#folder, { recursive: true, force: true });
    // The working folder is ours: Python must not find modules in the workspace.
    const options = { cwd: storage, signal, maxBuffer: 64 * 1024 * 1024 };
    report("making an environment");
    await run(python.command, [...python.args, "-I", "-m", "venv", this.#folder], options);
    report("installing packages");
    const pip = ["-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", wheel];
    const { stdout } = await run(this.#inEnvironment("python"), pip, options);
    this.log.info(stdout.trim());
    await writeFile(path.join(this.#folder, COMPLETE), "");
  }

  #inEnvironment(program: string): string {
    return process.platform === "win32"
      ? path.join(this.#folder, "Scripts", `${program}.exe`)
      : path.join(this.#folder, "bin", program);
  }

  async #wheel(): Promise<string | undefined> {
    const folder = path.join(this.context.extensionPath, "bundled");
    const names = existsSync(folder) ? await readdir(folder) : [];
    const wheel = names.filter((name) => name.endsWith(".whl")).sort().at(-1);
    return wheel === undefined ? undefined : path.join(folder, wheel);
  }

  async #python(): Promise<PythonCommand | undefined> {
    for (const candidate of pythonCandidates(process.platform)) {
      try {
        const { stdout } = await run(
          candidate.command,
          [...candidate.args, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
          { cwd: this.context.extensionPath, timeout: 20_000 },
        );
        if (isSupported(stdout.trim())) {
          return candidate;
        }
      } catch {
        // Not on this computer: try the next.
      }
    }
    return undefined;
  }
}
