/** The door of the extension: makes the parts and joins them. */

import * as vscode from "vscode";
import { registerCommands } from "./commands";
import { ServerInstallation } from "./install";
import { ApiKey } from "./key";
import { OtherDiagnostics } from "./otherDiagnostics";
import { Server } from "./server";
import { isBusy } from "./status";
import { StatusBar } from "./statusBar";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Rebuttal", { log: true });
  const key = new ApiKey(context.secrets);
  const installation = new ServerInstallation(context, log);
  const started = new Server(context, log, installation, key);
  const statusBar = new StatusBar();
  server = started;
  const refresh = (): void => {
    void started.refresh();
  };
  context.subscriptions.push(
    log,
    started,
    statusBar,
    new OtherDiagnostics(started),
    registerCommands(started, key, installation, log),
    started.onDidChangeStatus((status) => {
      statusBar.show(status);
      setContext("busy", isBusy(started.status));
      setContext("reviewed", Boolean(started.status?.job));
    }),
    key.onDidChange(() => {
      refresh();
      void tellOfKey(key);
    }),
    vscode.workspace.onDidChangeWorkspaceFolders((event) => {
      for (const { uri } of event.removed) {
        started.forget(uri);
      }
    }),
    vscode.window.onDidChangeActiveTextEditor(() => {
      started.look();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(refresh),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("rebuttal")) {
        refresh();
      }
    }),
  );
  void tellOfKey(key);
  void started.restart();
}

/** What the palette's `when` clauses ask for. */
function setContext(name: string, value: boolean): void {
  void vscode.commands.executeCommand("setContext", `rebuttal.${name}`, value);
}

async function tellOfKey(key: ApiKey): Promise<void> {
  setContext("hasKey", (await key.get()) !== undefined);
}

export function deactivate(): Promise<void> | undefined {
  return server?.stop();
}
