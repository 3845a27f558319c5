// Builds the server's wheel into bundled/, from where the extension installs it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bundled = fileURLToPath(new URL("../bundled", import.meta.url));
const candidates = [process.env.PYTHON, `${root}.venv/bin/python`, `${root}.venv\\Scripts\\python.exe`, "python3", "python"];
const python = candidates.find((one) => one && (!/[\\/]/.test(one) || existsSync(one)));

rmSync(bundled, { recursive: true, force: true });
mkdirSync(bundled, { recursive: true });
const built = spawnSync(python, ["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--wheel-dir", bundled, root], {
  stdio: "inherit",
});
if (built.status !== 0) {
  console.error(`The server's wheel could not be built with ${python}: name a Python with pip in PYTHON.`);
  process.exit(1);
}
