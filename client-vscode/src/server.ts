/** The server's life: one process, started with what is set now, restarted when that changes. */

import { existsSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import * as vscode from "vscode";
import { LanguageClient, RevealOutputChannelOn, State, type LanguageClientOptions } from "vscode-languageclient/node";
import { ASK_AGAIN, withComment } from "./askAgain";
import type { ServerInstallation } from "./install";
import type { ApiKey } from "./key";
import { logLevel, resolveLaunch, serverEnvironment, type Launch } from "./launch";
import { settingsEnvironment, trust, workspaceSettings, type Inspected } from "./settings";
import { CELL } from "./shown";
import { isElsewhere, showPage } from "./page";
import { SingleFlight } from "./singleFlight";
import { isBusy, Statuses, type Health, type Status } from "./status";

/** Restarts after a crash within three minutes. Few: a server that spends money must not run wild. */
const MOST_RESTARTS = 2;

/** What the palette calls the command that keeps the key: messages of the server name it. */
const KEY_COMMAND = "Rebuttal: Set API Key";

/** The version in which the user was last offered to install the server. */
const OFFERED = "rebuttal.offered";

const HEALTH_OF: Readonly<Record<State, Health>> = {
  [State.Stopped]: "stopped",
  [State.Starting]: "starting",
  [State.Running]: "ready",
  [State.StartFailed]: "stopped",
};

interface Plan {
  readonly launch: Launch | undefined;
  readonly env: Readonly<Record<string, string>>;
}

export class Server implements vscode.Disposable {
  #client: LanguageClient | undefined;
  #plan: Plan | undefined;
  readonly #statuses = new Statuses();
  #changed = false;
  #ended = false;
  readonly #flight = new SingleFlight(() => this.#restart());
  readonly #statusEmitter = new vscode.EventEmitter<Status | Health>();
  readonly onDidChangeStatus = this.#statusEmitter.event;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly installation: ServerInstallation,
    private readonly key: ApiKey,
  ) {}

  get client(): LanguageClient | undefined {
    return this.#client?.state === State.Running ? this.#client : undefined;
  }

  /** The running client, once a start that is under way is over; undefined where there is none. */
  async whenStarted(): Promise<LanguageClient | undefined> {
    await this.#flight.idle();
    return this.client;
  }

  /** Whether there is no server to start. */
  get isMissing(): boolean {
    return this.#plan !== undefined && this.#plan.launch === undefined;
  }

  get status(): Status | undefined {
    return this.#statuses.shown(inFront());
  }

  /** Another file is in front: it may be of another repository. */
  look(): void {
    const status = this.status;
    if (status !== undefined && this.client !== undefined) {
      this.#statusEmitter.fire(status);
    }
  }

  /** A folder was closed. */
  forget(folder: vscode.Uri): void {
    this.#statuses.forget(folder.fsPath);
    if (this.client !== undefined) {
      this.#statusEmitter.fire(this.status ?? "ready");
    }
  }

  /** Start, or stop and start again. Calls that come meanwhile are one. */
  restart(): Promise<void> {
    return this.#flight.run();
  }

  /** Something that the server is started with may have changed: restart it if so, once no review is under way. */
  async refresh(): Promise<void> {
    if (isDeepStrictEqual(await this.#makePlan(), this.#plan)) {
      return;
    }
    if (isBusy(this.status)) {
      this.#changed = true;
      return;
    }
    await this.restart();
  }

  async stop(): Promise<void> {
    this.#ended = true;
    await this.#stopClient();
  }

  dispose(): void {
    this.#statusEmitter.dispose();
  }

  async #restart(): Promise<void> {
    await this.#stopClient();
    if (this.#ended) {
      return;
    }
    this.#changed = false;
    this.#plan = await this.#makePlan();
    const { launch, env } = this.#plan;
    if (launch === undefined) {
      this.#tell("missing");
      await this.#offerOnce();
      return;
    }
    this.#tell("starting");
    this.log.info(`Starting ${[launch.command, ...launch.args].join(" ")} (${launch.origin})`);
    const client = await this.#makeClient(launch, env);
    this.#client = client;
    try {
      await client.start();
    } catch (error) {
      this.log.error(`The server did not start: ${String(error)}`);
      this.#tell("stopped");
      void this.#tellFailure(launch);
    }
  }

  async #stopClient(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#statuses.clear();
    if (client === undefined) {
      return;
    }
    try {
      await client.dispose();
    } catch (error) {
      this.log.warn(`The server did not stop in time: ${String(error)}`);
    }
  }

  async #makePlan(): Promise<Plan> {
    const settings = vscode.workspace.getConfiguration("rebuttal");
    const launch = resolveLaunch({
      setting: settings.inspect("serverCommand")?.globalValue,
      installed: this.installation.command(),
      env: process.env,
      platform: process.platform,
      home: homedir(),
      isFile: (file) => existsSync(file) && statSync(file).isFile(),
    });
    const own = settingsEnvironment((key) => settings.inspect(key));
    const wanted = settings.inspect<boolean>("linters")?.globalValue !== false;
    const trusted = trust(vscode.workspace.isTrusted, wanted);
    return { launch, env: serverEnvironment(process.env, { ...own, ...trusted }, await this.key.get()) };
  }

  async #makeClient(launch: Launch, env: Readonly<Record<string, string>>): Promise<LanguageClient> {
    // Not the workspace: Python must not find modules there, nor Windows programs.
    const cwd = this.context.globalStorageUri.fsPath;
    await mkdir(cwd, { recursive: true });
    const executable = { command: launch.command, args: [...launch.args], options: { cwd, env } };
    const client = new LanguageClient("rebuttal", "Rebuttal", executable, this.#clientOptions());
    client.onNotification("$/rebuttal.status", (status: Status) => {
      this.#hear(status);
    });
    client.onDidChangeState(({ newState }) => {
      // After a crash the client starts the server again by itself: the status bar must not stay at "stopped".
      if (this.#client === client) {
        this.#tell(HEALTH_OF[newState]);
      }
    });
    return client;
  }

  #clientOptions(): LanguageClientOptions {
    return {
      // Cells are told of with their notebook; here they are named so that hover and fixes are asked for in them too.
      documentSelector: [{ scheme: "file" }, { scheme: CELL, pattern: "**/*.ipynb" }],
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      connectionOptions: { maxRestartCount: MOST_RESTARTS },
      stdioOptions: { stdout: readLines, stderr: readLines },
      initializationOptions: () => ({ ...workspaceSettings(inspector()), keyCommand: KEY_COMMAND }),
      middleware: {
        executeCommand: async (command, args: unknown[], next) => {
          const asked = command === ASK_AGAIN ? await withComment(args) : args;
          return asked === undefined ? undefined : ((await next(command, asked)) as unknown);
        },
        workspace: {
          configuration: (params, token, next) =>
            params.items.every((item) => item.section === "rebuttal")
              ? params.items.map((item) => workspaceSettings(inspector(item.scopeUri)))
              : next(params, token),
        },
        window: {
          showDocument: async (params, token, next) => {
            const uri = vscode.Uri.parse(params.uri);
            if (params.external === true && isElsewhere(uri)) {
              return { success: await showPage(uri) };
            }
            if (uri.scheme !== "rebuttal" || !uri.path.endsWith(".md")) {
              return next(params, token);
            }
            await vscode.commands.executeCommand("markdown.showPreview", uri);
            return { success: true };
          },
        },
      },
    };
  }

  #hear(status: Status): void {
    this.#statuses.hear(status);
    const shown = this.status ?? status;
    this.#statusEmitter.fire(shown);
    if (this.#changed && !isBusy(shown)) {
      void this.restart();
    }
  }

  #tell(health: Health): void {
    this.#statuses.clear();
    this.#statusEmitter.fire(health);
  }

  /** Unasked only once in each version: from then on the status bar says it. */
  async #offerOnce(): Promise<void> {
    const version = (this.context.extension.packageJSON as { version: string }).version;
    if (this.context.globalState.get(OFFERED) !== version) {
      await this.context.globalState.update(OFFERED, version);
      void this.tellMissing();
    }
  }

  async tellMissing(): Promise<void> {
    const message = "Rebuttal's server is not installed yet: it needs Python 3.11 or later, and gets an environment of its own.";
    const answer = await vscode.window.showWarningMessage(message, "Install Server", "Open Settings");
    if (answer === "Install Server") {
      await vscode.commands.executeCommand("rebuttal.installServer");
    } else if (answer === "Open Settings") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "rebuttal.serverCommand");
    }
  }

  async #tellFailure(launch: Launch): Promise<void> {
    const message = `Rebuttal's server (${launch.command}) did not start: see the log for the reason.`;
    const answer = await vscode.window.showErrorMessage(message, "Show Log", "Restart Server");
    if (answer === "Show Log") {
      this.log.show();
    } else if (answer === "Restart Server") {
      await this.restart();
    }
  }
}

function inspector(scope?: string): (key: string) => Inspected | undefined {
  const settings = vscode.workspace.getConfiguration("rebuttal", scope === undefined ? null : vscode.Uri.parse(scope));
  return (key) => settings.inspect(key);
}

/** The path of the file in front, or of the notebook. */
function inFront(): string | undefined {
  const uri = vscode.window.activeNotebookEditor?.notebook.uri ?? vscode.window.activeTextEditor?.document.uri;
  return uri?.scheme === "file" ? uri.fsPath : undefined;
}

function readLines(stream: Readable, channel: vscode.LogOutputChannel): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => {
    channel[logLevel(line)](line);
  });
}
