/**
 * The commands of the palette. The server's own commands (`rebuttal.review`, ...) are registered by the language
 * client under their ids; these have ids of their own, work while the server is down, and say what to do then.
 */

import * as vscode from "vscode";
import { ExecuteCommandRequest } from "vscode-languageclient/node";
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
  const review = (given: Arguments): Promise<unknown> => ask("rebuttal.review", given);
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
    ...Object.entries(commands).map(([id, run]) => vscode.commands.registerCommand(id, run)),
  );
}

/** The server's answer; undefined where it could not be asked or said no, which the user has been told. */
async function askServer(server: Server, log: vscode.LogOutputChannel, command: string, given: Arguments): Promise<unknown> {
  const client = await server.whenStarted();
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
    void vscode.window.showErrorMessage(`Rebuttal: ${error instanceof Error ? error.message : String(error)}`);
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

interface Action extends vscode.QuickPickItem {
  readonly command: string;
}

async function showActions(server: Server): Promise<void> {
  const busy: Action[] = [{ label: "$(debug-stop) Cancel Review", command: "rebuttal.cancelReview" }];
  const idle: Action[] = [
    { label: "$(law) Review Current Change", command: "rebuttal.reviewChange" },
    { label: "$(git-branch) Review Branch", command: "rebuttal.reviewBranch" },
    { label: "$(graph) Estimate the Cost", command: "rebuttal.estimateChange" },
  ];
  const always: Action[] = [
    { label: "$(eye) Show What Would Be Sent", command: "rebuttal.openPayload" },
    { label: "$(warning) Show Findings", command: "workbench.actions.view.problems" },
    { label: "$(credit-card) Open Cost Report", command: "rebuttal.openCostReport" },
    { label: "$(comment-discussion) Show Transcript", command: "rebuttal.openTranscript" },
    { label: "$(key) Set API Key", command: "rebuttal.setApiKey" },
    { label: "$(pulse) Check the Installation", command: "rebuttal.openDoctor" },
    { label: "$(output) Show Log", command: "rebuttal.showLog" },
  ];
  const picked = await vscode.window.showQuickPick([...(isBusy(server.status) ? busy : idle), ...always], {
    title: "Rebuttal",
    placeHolder: "What should Rebuttal do?",
  });
  if (picked !== undefined) {
    await vscode.commands.executeCommand(picked.command);
  }
}
