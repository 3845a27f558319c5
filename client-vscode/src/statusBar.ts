/** The one status bar item: what is found, what it costs, and the way to the actions. */

import * as vscode from "vscode";
import { healthText, healthTooltip, statusText, statusTooltip, type Health, type Status } from "./status";

const COMMANDS: Record<Health, string> = {
  starting: "rebuttal.showLog",
  ready: "rebuttal.showActions",
  stopped: "rebuttal.restartServer",
  missing: "rebuttal.installServer",
};

export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem("rebuttal.status", vscode.StatusBarAlignment.Left, 10);

  constructor() {
    this.#item.name = "Rebuttal";
    this.show("starting");
    this.#item.show();
  }

  show(given: Status | Health): void {
    this.#show(given);
    // A screen reader would read the icon's name, and each character of the separators.
    const label = this.#item.text.replace(/\$\([^)]*\)\s*/g, "").replace(/ · /g, ", ");
    this.#item.accessibilityInformation = { label: label.includes("Rebuttal") ? label : `Rebuttal: ${label}`, role: "button" };
    const alarming = typeof given === "string" ? given === "stopped" : given.state === "blocked";
    this.#item.backgroundColor = alarming ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
  }

  #show(given: Status | Health): void {
    if (typeof given === "string") {
      this.#item.text = healthText(given);
      this.#item.tooltip = healthTooltip(given);
      this.#item.command = COMMANDS[given];
      return;
    }
    this.#item.text = statusText(given);
    this.#item.tooltip = new vscode.MarkdownString(statusTooltip(given));
    this.#item.command = "rebuttal.showActions";
  }

  dispose(): void {
    this.#item.dispose();
  }
}
