import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { serverEnvironment } from "../src/launch";
import { isSupported, pythonCandidates } from "../src/python";
import {
  NARROWING,
  settingsEnvironment,
  snakeCase,
  trust,
  WIDENING,
  workspaceSettings,
  type Inspected,
} from "../src/settings";

interface Manifest {
  contributes: {
    commands: { command: string }[];
    configuration: { properties: Record<string, { scope: string }> };
    menus: Record<string, { command: string; when?: string }[]>;
    walkthroughs: { steps: { description: string; media: { markdown?: string; image?: string } }[] }[];
  };
}
const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const properties = manifest.contributes.configuration.properties;

function inspecting(values: Record<string, Inspected>): (key: string) => Inspected | undefined {
  return (key) => values[key];
}

test("only what the user set goes by environment", () => {
  const inspect = inspecting({
    maxCostPerDay: { globalValue: 2.5 },
    profile: { globalValue: "thorough", workspaceValue: "frugal" },
    panel: { workspaceValue: "static" },
    modelOpus: { globalValue: "" },
    ignore: { globalValue: ["docs/**", "*.snap"], workspaceValue: ["gen/"] },
    codeLens: { globalValue: false },
    seatsOff: { globalValue: ["documentation"] },
    rulesOff: { globalValue: [] },
    maxCostPerHour: { globalValue: null },
    endpoint: { globalValue: "http://127.0.0.1:1234" },
  });
  assert.deepEqual(settingsEnvironment(inspect), {
    REBUTTAL_MAX_COST_PER_DAY: "2.5",
    REBUTTAL_PROFILE: "thorough",
    REBUTTAL_IGNORE: "docs/**,*.snap",
    REBUTTAL_CODE_LENS: "false",
    REBUTTAL_SEATS_OFF: "documentation",
    ANTHROPIC_BASE_URL: "http://127.0.0.1:1234",
  });
});

test("a workspace's caps, models, endpoint and command never reach the server", () => {
  const hostile = { workspaceValue: "x", workspaceFolderValue: "x" };
  const inspect = (): Inspected => hostile;
  assert.deepEqual(settingsEnvironment(inspect), {});
  const sent = Object.keys(workspaceSettings(inspect));
  assert.deepEqual(sent, NARROWING.map(snakeCase));
  for (const key of ["max_cost", "ask_above", "model_opus", "endpoint", "linters", "server_command", "defect_worth"]) {
    assert.ok(!sent.includes(key), key);
  }
});

test("open folders are trusted where the workspace is and its linters are wanted, without naming them", () => {
  assert.deepEqual(trust(true, true), { REBUTTAL_TRUST_OPEN_FOLDERS: "1" });
});

test("an untrusted workspace was trusted where the editor had inherited the variable", () => {
  const inherited = { REBUTTAL_TRUST_OPEN_FOLDERS: "1" };
  for (const no of [trust(false, true), trust(true, false), trust(false, false)]) {
    assert.equal(serverEnvironment(inherited, no, undefined).REBUTTAL_TRUST_OPEN_FOLDERS, "0");
  }
});

test("the folder's value goes before the workspace's, and a default is not sent", () => {
  const inspect = inspecting({
    onSave: { workspaceValue: "debate", workspaceFolderValue: "off" },
    panel: { globalValue: "large" },
    ignore: { workspaceValue: ["gen/"] },
  });
  assert.deepEqual(workspaceSettings(inspect), { on_save: "off", ignore: ["gen/"] });
});

test("what widens has machine scope in the manifest, what narrows has not", () => {
  for (const key of [...WIDENING, "endpoint", "linters", "serverCommand"]) {
    assert.equal(properties[`rebuttal.${key}`]?.scope, "machine", key);
  }
  for (const key of NARROWING) {
    assert.equal(properties[`rebuttal.${key}`]?.scope, "resource", key);
  }
});

test("no command of the manifest has an id that the server's client registers itself", () => {
  const server = "review cancel estimate dismiss restore askAgain showTrace showTranscript showPayload costReport doctor";
  const taken = new Set(server.split(" ").map((name) => `rebuttal.${name}`));
  const clashes = manifest.contributes.commands.filter(({ command }) => taken.has(command));
  assert.deepEqual(clashes, []);
});

test("menus and walkthrough name commands, conditions and pages that exist", () => {
  const { commands, menus, walkthroughs } = manifest.contributes;
  const known = new Set(commands.map(({ command }) => command));
  const steps = walkthroughs.flatMap((one) => one.steps);
  const named = [
    ...Object.values(menus).flatMap((items) => items.map(({ command }) => command)),
    ...steps.flatMap(({ description }) => [...description.matchAll(/command:([\w.]+)/g)].map(([, command]) => command)),
  ];
  assert.deepEqual(named.filter((command) => command === undefined || !known.has(command)), []);
  for (const { media } of steps) {
    assert.ok(existsSync(media.markdown ?? media.image ?? ""), JSON.stringify(media));
  }
  const source = readFileSync("src/extension.ts", "utf8");
  const keys = Object.values(menus).flatMap((items) => items.flatMap(({ when }) => when?.match(/rebuttal\.\w+/g) ?? []));
  for (const key of keys) {
    assert.match(source, new RegExp(`setContext\\("${key.replace("rebuttal.", "")}"`), key);
  }
});

test("Pythons that can run the server", () => {
  assert.deepEqual(["3.10", "3.11", "3.14", "3.15", "2.7", "nonsense"].map(isSupported), [
    false,
    true,
    true,
    false,
    false,
    false,
  ]);
  assert.equal(pythonCandidates("linux")[0]?.command, "python3.14");
  assert.deepEqual(pythonCandidates("win32")[0], { command: "py", args: ["-3.14"] });
});
