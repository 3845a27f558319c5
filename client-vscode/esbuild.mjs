// Bundles the extension into one file; with --tests, the tests into another.
import { readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const tests = process.argv.includes("--tests");
const production = process.argv.includes("--production");
const common = { bundle: true, platform: "node", target: "node20", format: "cjs", external: ["vscode"], logLevel: "warning" };

if (tests) {
  rmSync("out", { recursive: true, force: true });
  const names = readdirSync("test").filter((name) => name.endsWith(".test.ts"));
  await build({
    ...common,
    stdin: { contents: names.map((name) => `import "./test/${name}";`).join("\n"), resolveDir: ".", loader: "ts" },
    outfile: "out/tests.cjs",
    sourcemap: "inline",
  });
} else {
  rmSync("dist", { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    minify: production,
    sourcemap: !production,
  });
}
