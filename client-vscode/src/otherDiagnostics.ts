/**
 * Tells the server what other tools show (`$/rebuttal.diagnostics`): the same fact is not shown twice, and a panel knows
 * what is known already.
 */

import * as vscode from "vscode";
import type { Server } from "./server";
import { isOnDisk, ofOthers, Pending } from "./shown";

/** Milliseconds to wait for more changes: linters publish in bursts. */
const QUIET = 300;
const OURS = "rebuttal";

export class OtherDiagnostics implements vscode.Disposable {
  readonly #pending = new Pending<vscode.Uri>();
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
        } else if (!this.#pending.isEmpty) {
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
    const versions = new Map(vscode.workspace.textDocuments.map(({ uri, version }) => [uri.toString(), version]));
    for (const uri of uris.filter(({ scheme }) => isOnDisk(scheme))) {
      this.#pending.note(uri.toString(), uri, versions.get(uri.toString()));
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
    for (const { name, document, version } of this.#pending.take()) {
      const others = ofOthers(vscode.languages.getDiagnostics(document), OURS);
      if (others.length > 0 || this.#told.has(name)) {
        this.#told.add(name);
        const diagnostics = client.code2ProtocolConverter.asDiagnosticsSync(others);
        void client.sendNotification("$/rebuttal.diagnostics", { uri: name, version, diagnostics });
      }
    }
    if (!this.#pending.isEmpty) {
      this.#note([]);
    }
  }
}
