import assert from "node:assert/strict";
import { test } from "node:test";
import { logLevel, resolveLaunch, serverEnvironment, type Surroundings } from "../src/launch";

const nothing: Surroundings = {
  setting: [],
  installed: undefined,
  env: {},
  platform: "linux",
  home: "/home/me",
  isFile: () => false,
};

test("the setting comes first, and serve is added once", () => {
  const around = { ...nothing, installed: "/storage/bin/rebuttal" };
  assert.deepEqual(resolveLaunch({ ...around, setting: ["~/r/bin/rebuttal"] }), {
    command: "/home/me/r/bin/rebuttal",
    args: ["serve"],
    origin: "setting",
  });
  assert.deepEqual(resolveLaunch({ ...around, setting: ["python", "-m", "rebuttal", "serve"] })?.args, [
    "-m",
    "rebuttal",
    "serve",
  ]);
});

test("then the installed server, then the PATH, then nothing", () => {
  const env = { PATH: "/usr/bin:/opt/bin" };
  const isFile = (file: string): boolean => file === "/opt/bin/rebuttal";
  assert.equal(resolveLaunch({ ...nothing, installed: "/storage/bin/rebuttal", env, isFile })?.origin, "installed");
  assert.deepEqual(resolveLaunch({ ...nothing, env, isFile }), {
    command: "/opt/bin/rebuttal",
    args: ["serve"],
    origin: "path",
  });
  assert.equal(resolveLaunch({ ...nothing, env }), undefined);
});

test("a setting that is no list of words counts as none", () => {
  for (const setting of [undefined, "rebuttal", [], [""], ["  "], [1], ["rebuttal", null], {}]) {
    assert.equal(resolveLaunch({ ...nothing, setting }), undefined);
  }
});

test("a relative folder of the PATH is passed over, since it may lie in a hostile workspace", () => {
  assert.equal(resolveLaunch({ ...nothing, env: { PATH: ".::bin" }, isFile: () => true }), undefined);
});

test("Windows has Path, semicolons and .exe", () => {
  const found = resolveLaunch({
    ...nothing,
    platform: "win32",
    env: { Path: "C:\\Windows;C:\\Tools" },
    isFile: (file) => file === "C:\\Tools\\rebuttal.exe",
  });
  assert.equal(found?.command, "C:\\Tools\\rebuttal.exe");
});

test("the key goes into the environment only where there is one", () => {
  assert.equal(serverEnvironment({}, {}, "sk-1").ANTHROPIC_API_KEY, "sk-1");
  assert.ok(!("ANTHROPIC_API_KEY" in serverEnvironment({}, { REBUTTAL_MAX_COST: "2" }, undefined)));
  assert.equal(serverEnvironment({ ANTHROPIC_API_KEY: "sk-0" }, {}, undefined).ANTHROPIC_API_KEY, "sk-0");
});

test("the server inherits the editor's environment, since the language client hands on only what it is given", () => {
  const env = serverEnvironment({ PATH: "/bin", GONE: undefined, REBUTTAL_MAX_COST: "1" }, { REBUTTAL_MAX_COST: "2" }, undefined);
  assert.equal(env.PATH, "/bin");
  assert.ok(!("GONE" in env));
  assert.equal(env.REBUTTAL_MAX_COST, "2");
});

test("stderr is logged by its own words, not as an error", () => {
  assert.equal(logLevel("10:51:36 INFO rebuttal.lsp: started"), "info");
  assert.equal(logLevel("WARNING: something"), "warn");
  assert.equal(logLevel("ERROR something"), "error");
  assert.equal(logLevel("no word at all"), "info");
});
