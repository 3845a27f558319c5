/**
 * The commands of the palette. The server's own commands (`rebuttal.review`, ...) are registered by the language
 * client under their ids; these have ids of their own, work while the server is down, and say what to do then.
 */

import * as vscode from "vscode";
import { ExecuteCommandRequest, LSPErrorCodes, ResponseError } from "vscode-languageclient/node";
import type { ServerInstallation } from "./install";
import type { ApiKey } from "./key";
import type { Server } from "./server";
import { isOnDisk } from "./shown";
import { type Currency, isBusy, money, moneyOfCap } from "./status";

type Arguments = Readonly<Record<string, unknown>>;

export function registerCommands(
  server: Server,
  key: ApiKey,
  installation: ServerInstallation,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const ask = (command: string, given: Arguments = {}): Promise<unknown> => askServer(server, log, command, given);
  const hint = new KeyHint(server);
  const review = (given: Arguments): Promise<unknown> => {
    hint.reviewAsked();
    return ask("rebuttal.review", given);
  };
  const commands: Record<string, () => unknown> = {
    "rebuttal.reviewChange": () => review({ scope: "working", ...here() }),
    "rebuttal.reviewStaged": () => review({ scope: "staged", ...here() }),
    "rebuttal.reviewBranch": () => review({ scope: "branch", ...here() }),
    "rebuttal.reviewFile": () => review({ scope: "file", ...document() }),
    "rebuttal.reviewSelection": () => review({ ...document(), ...selection() }),
    "rebuttal.estimateChange": async () => {
      tellEstimate(await ask("rebuttal.estimate", { scope: "working", ...here() }));
    },
    "rebuttal.openPayload": () => ask("rebuttal.showPayload", { scope: "working", ...here() }),
    "rebuttal.openDoctor": () => ask("rebuttal.doctor", here()),
    "rebuttal.openCostReport": () => ask("rebuttal.costReport"),
    "rebuttal.cancelReview": () => ask("rebuttal.cancel"),
    "rebuttal.openTranscript": () => ask("rebuttal.showTranscript"),
    "rebuttal.showActions": () => showActions(server),
    "rebuttal.openSettings": () =>
      vscode.commands.executeCommand("workbench.action.openSettings", "@ext:rebuttal.rebuttal"),
    "rebuttal.setApiKey": () => key.ask(),
    "rebuttal.removeApiKey": () => key.remove(),
    "rebuttal.restartServer": () => server.restart(),
    "rebuttal.installServer": async () => {
      if (await installation.install()) {
        await server.restart();
      }
    },
    "rebuttal.showLog": () => {
      log.show();
    },
  };
  return vscode.Disposable.from(
    hint,
    ...Object.entries(commands).map(([id, run]) => vscode.commands.registerCommand(id, run)),
  );
}

/** The server's answer; undefined where it could not be asked or said no, which the user has been told. */
async function askServer(server: Server, log: vscode.LogOutputChannel, command: string, given: Arguments): Promise<unknown> {
  const client = await server.whenStarted();
  if (client === undefined && server.isMissing) {
    await server.tellMissing();
    return undefined;
  }
  if (client === undefined) {
    const answer = await vscode.window.showWarningMessage("Rebuttal's server is not running.", "Restart Server", "Show Log");
    if (answer === "Restart Server") {
      await server.restart();
    } else if (answer === "Show Log") {
      log.show();
    }
    return undefined;
  }
  try {
    return await client.sendRequest(ExecuteCommandRequest.type, { command, arguments: [given] });
  } catch (error) {
    log.error(`${command}: ${String(error)}`);
    const message = `Rebuttal: ${error instanceof Error ? error.message : String(error)}`;
    // What the user can mend is no fault of Rebuttal: no repository here, nothing changed, a review that runs already.
    const isRefused = error instanceof ResponseError && error.code === LSPErrorCodes.RequestFailed;
    void (isRefused ? vscode.window.showWarningMessage(message) : vscode.window.showErrorMessage(message));
    return undefined;
  }
}

function tellEstimate(answer: unknown): void {
  interface Estimate {
    readonly expected?: string;
    readonly at_most?: string;
    readonly grounds?: string;
  }
  const told = (answer ?? {}) as { estimate?: Estimate; currency?: Currency };
  const estimate = told.estimate;
  if (estimate?.expected !== undefined && estimate.at_most !== undefined) {
    const cost = `about ${money(estimate.expected, told)}, at most ${moneyOfCap(estimate.at_most, told)}`;
    const grounds = estimate.grounds ? ` (${estimate.grounds})` : "";
    void vscode.window.showInformationMessage(`Reviewing the current change costs ${cost}${grounds}.`);
  }
}

/** The file in front: it says which repository is meant, where several are open. */
function here(): Arguments {
  const uri = vscode.window.activeTextEditor?.document.uri ?? vscode.workspace.workspaceFolders?.[0]?.uri;
  return uri !== undefined && isOnDisk(uri.scheme) ? { uri: uri.toString() } : {};
}

/** The document in front, whatever it is: the server says why one that is not on disk cannot be reviewed. */
function document(): Arguments {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri === undefined ? {} : { uri: uri.toString() };
}

function selection(): Arguments {
  const selected = vscode.window.activeTextEditor?.selection;
  if (selected === undefined) {
    return {};
  }
  const { start, end } = selected;
  return {
    range: { start: { line: start.line, character: start.character }, end: { line: end.line, character: end.character } },
  };
}

/** Once in a window, who asked for a review and got the free checks alone is told why. */
class KeyHint implements vscode.Disposable {
  #asked = false;
  #told = false;
  readonly #listener: vscode.Disposable;

  constructor(server: Server) {
    this.#listener = server.onDidChangeStatus((status) => {
      if (this.#asked && !this.#told && typeof status !== "string" && status.state === "noKey" && status.job) {
        this.#told = true;
        void this.#tell();
      }
    });
  }

  reviewAsked(): void {
    this.#asked = true;
  }

  dispose(): void {
    this.#listener.dispose();
  }

  async #tell(): Promise<void> {
    const message = "The free checks ran. For the panel of reviewers, Rebuttal needs an API key.";
    if ((await vscode.window.showInformationMessage(message, "Set API Key")) === "Set API Key") {
      await vscode.commands.executeCommand("rebuttal.setApiKey");
    }
  }
}

interface Action extends vscode.QuickPickItem {
  readonly command?: string;
}

function group(label: string): Action {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

async function showActions(server: Server): Promise<void> {
  const setKey: Action = { label: "$(key) Set API Key", command: "rebuttal.setApiKey" };
  const busy: Action[] = [{ label: "$(debug-stop) Cancel Review", command: "rebuttal.cancelReview" }];
  const idle: Action[] = [
    { label: "$(law) Review Current Change", command: "rebuttal.reviewChange" },
    { label: "$(git-branch) Review Branch", command: "rebuttal.reviewBranch" },
    { label: "$(graph) Estimate Cost", command: "rebuttal.estimateChange" },
  ];
  const needsKey = server.status?.state === "noKey";
  const transcript: Action = { label: "$(comment-discussion) Show Transcript", command: "rebuttal.openTranscript" };
  const actions: Action[] = [
    ...(needsKey ? [setKey] : []),
    ...(isBusy(server.status) ? busy : idle),
    group("look"),
    { label: "$(warning) Show Findings", command: "workbench.actions.view.problems" },
    ...(server.status?.job ? [transcript] : []),
    { label: "$(eye) Show What Would Be Sent", command: "rebuttal.openPayload" },
    { label: "$(credit-card) Open Cost Report", command: "rebuttal.openCostReport" },
    group("set up"),
    ...(needsKey ? [] : [setKey]),
    { label: "$(gear) Open Settings", command: "rebuttal.openSettings" },
    { label: "$(pulse) Check the Installation", command: "rebuttal.openDoctor" },
    { label: "$(output) Show Log", command: "rebuttal.showLog" },
  ];
  const picked = await vscode.window.showQuickPick(actions, { title: "Rebuttal", placeHolder: "What should Rebuttal do?" });
  if (picked?.command !== undefined) {
    await vscode.commands.executeCommand(picked.command);
  }
}
