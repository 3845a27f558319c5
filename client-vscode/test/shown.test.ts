import assert from "node:assert/strict";
import { test } from "node:test";
import { isOnDisk, MOST, MOST_FILES, ofOthers, Pending } from "../src/shown";

const at = (line: number, severity: number, source?: string) => ({ severity, source, range: { start: { line } } });

test("our own diagnostics are not told back, the gravest of others come first", () => {
  const told = ofOthers([at(9, 2, "ruff"), at(5, 0, "rebuttal"), at(7, 0, "eslint"), at(3, 0)], "rebuttal");
  assert.deepEqual(
    told.map(({ severity, range }) => [severity, range.start.line]),
    [[0, 3], [0, 7], [2, 9]],
  );
});

test("a flood in one file is cut, and what VS Code gave stays as it is", () => {
  const all = [...Array.from({ length: 500 }, (_, line) => at(line, 3)), at(1, 0)];
  const told = ofOthers(all, "rebuttal");
  assert.equal(told.length, MOST);
  assert.equal(told[0]?.severity, 0);
  assert.equal(all[0]?.severity, 3);
});

test("a document is told of once, with the text that was spoken of last", () => {
  const pending = new Pending<string>();
  pending.note("a", "A", 1);
  pending.note("b", "B", 1);
  pending.note("a", "A", 2);
  assert.deepEqual(pending.take(), [
    { name: "a", document: "A", version: 2 },
    { name: "b", document: "B", version: 1 },
  ]);
  assert.ok(pending.isEmpty);
});

test("of a whole project's problems, those of open documents come first and the rest follows", () => {
  const pending = new Pending<number>();
  pending.note("open", -1, 7);
  for (let file = 0; file < 2 * MOST_FILES; file += 1) {
    pending.note(`closed ${String(file)}`, file, undefined);
  }
  const told = pending.take();
  assert.equal(told.length, MOST_FILES);
  assert.equal(told[0]?.name, "open");
  assert.equal(pending.take().length + pending.take().length, MOST_FILES + 1);
  assert.ok(pending.isEmpty);
});

test("files and cells of notebooks can be reviewed, other documents cannot", () => {
  assert.deepEqual(
    ["file", "vscode-notebook-cell", "untitled", "git", "output"].filter(isOnDisk),
    ["file", "vscode-notebook-cell"],
  );
});
