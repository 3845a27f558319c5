/** The API key: kept in the secret storage, given to the server's environment, never to settings or logs. */

import * as vscode from "vscode";

const SECRET = "rebuttal.apiKey";

export class ApiKey {
  constructor(private readonly secrets: vscode.SecretStorage) {}

  async get(): Promise<string | undefined> {
    return (await this.secrets.get(SECRET)) ?? undefined;
  }

  /** Ask for the key and keep it. Whether one was given. */
  async ask(): Promise<boolean> {
    const given = await vscode.window.showInputBox({
      title: "Rebuttal: API key",
      prompt: "Kept in this computer's secret storage. It goes to Rebuttal's server only.",
      placeHolder: "sk-ant-…",
      password: true,
      ignoreFocusOut: true,
      validateInput: (value) => (/\s/.test(value.trim()) ? "A key holds no blanks." : undefined),
    });
    if (!given?.trim()) {
      return false;
    }
    await this.secrets.store(SECRET, given.trim());
    return true;
  }

  async remove(): Promise<void> {
    await this.secrets.delete(SECRET);
  }

  onDidChange(listener: () => void): vscode.Disposable {
    return this.secrets.onDidChange((event) => {
      if (event.key === SECRET) {
        listener();
      }
    });
  }
}
