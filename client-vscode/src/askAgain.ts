/** Asking again about a finding: what the user has to say of it is typed here, for a code action cannot ask. */

import * as vscode from "vscode";

export const ASK_AGAIN = "rebuttal.askAgain";

/** The command's arguments with a comment, which may be empty; undefined where the user thought better of it. */
export async function withComment(given: readonly unknown[]): Promise<unknown[] | undefined> {
  const [first, ...others] = given;
  const asked: Readonly<Record<string, unknown>> = typeof first === "object" && first !== null ? { ...first } : {};
  if (typeof asked.comment === "string") {
    return [...given];
  }
  const comment = await vscode.window.showInputBox({
    title: "Rebuttal: Ask Again",
    prompt: "What should the reviewers weigh? It is sent with the finding and its code. Leave it empty to have them just look again.",
    placeHolder: "Callers never pass an empty list: see total() in cart.py",
    ignoreFocusOut: true,
  });
  return comment === undefined ? undefined : [{ ...asked, comment }, ...others];
}
