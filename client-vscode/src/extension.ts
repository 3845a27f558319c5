/** The door of the extension: makes the parts and joins them. */

import * as vscode from "vscode";
import { registerCommands } from "./commands";
import { ServerInstallation } from "./install";
import { ApiKey } from "./key";
import { OtherDiagnostics } from "./otherDiagnostics";
import { Server } from "./server";
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
    }),
    key.onDidChange(refresh),
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
  void started.restart();
}

export function deactivate(): Promise<void> | undefined {
  return server?.stop();
}
