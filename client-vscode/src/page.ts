/** Pages that the server has written, for where no browser can reach their file. */

import * as vscode from "vscode";

/** Whether the file is on another machine than the browser: in a container, over SSH, or in a browser's VS Code. */
export function isElsewhere(uri: vscode.Uri): boolean {
  return uri.scheme === "file" && (vscode.env.remoteName !== undefined || vscode.env.uiKind === vscode.UIKind.Web);
}

/** Show a page in a tab. It may run nothing and load nothing, whatever is in it. */
export async function showPage(uri: vscode.Uri): Promise<boolean> {
  try {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    const panel = vscode.window.createWebviewPanel("rebuttal.page", "Rebuttal: Cost Report", vscode.ViewColumn.Active, {
      enableScripts: false,
      enableFindWidget: true,
      localResourceRoots: [],
    });
    panel.webview.html = text.replace("<html ", `<html class="${scheme()}" `);
    return true;
  } catch {
    return false;
  }
}

/** As the editor looks, which need not be as the browser around it does. */
function scheme(): "dark" | "light" {
  const { kind } = vscode.window.activeColorTheme;
  return kind === vscode.ColorThemeKind.Dark || kind === vscode.ColorThemeKind.HighContrast ? "dark" : "light";
}
