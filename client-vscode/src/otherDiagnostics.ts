/** Tells the server what other tools show, so that the same fact is not shown twice (`$/rebuttal.diagnostics`). */

import * as vscode from "vscode";
import type { Server } from "./server";

/** Milliseconds to wait for more changes: linters publish in bursts. */
const QUIET = 300;
const OURS = "rebuttal";

export class OtherDiagnostics implements vscode.Disposable {
  readonly #pending = new Map<string, vscode.Uri>();
  readonly #told = new Set<string>();
  readonly #listeners: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly server: Server) {
    this.#listeners = vscode.Disposable.from(
      vscode.languages.onDidChangeDiagnostics((event) => {
        this.#note(event.uris);
      }),
      server.onDidChangeStatus((status) => {
        if (status === "starting") {
          this.#told.clear();
          this.#note(vscode.languages.getDiagnostics().map(([uri]) => uri));
        } else if (this.#pending.size > 0) {
          this.#note([]);
        }
      }),
    );
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#listeners.dispose();
  }

  #note(uris: readonly vscode.Uri[]): void {
    for (const uri of uris.filter(({ scheme }) => scheme === "file")) {
      this.#pending.set(uri.toString(), uri);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#send();
    }, QUIET);
  }

  #send(): void {
    const client = this.server.client;
    if (client === undefined) {
      return;
    }
    for (const [name, uri] of this.#pending) {
      const others = vscode.languages.getDiagnostics(uri).filter(({ source }) => source !== OURS);
      if (others.length > 0 || this.#told.has(name)) {
        this.#told.add(name);
        const diagnostics = client.code2ProtocolConverter.asDiagnostics(others);
        void client.sendNotification("$/rebuttal.diagnostics", { uri: name, diagnostics });
      }
    }
    this.#pending.clear();
  }
}
