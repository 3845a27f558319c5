// Drives the workbench as a user does. One argument: {"url", "lab", "chromium", "steps", "pictures"} as JSON.
// Each step waits for what it needs to see. The last line of stdout is JSON: what was seen. Progress goes to stderr.
import { createRequire } from "node:module";

const given = JSON.parse(process.argv[2]);
const { chromium } = createRequire(`${given.lab}/pw/package.json`)("playwright-core");
const ITEM = '[id="rebuttal.rebuttal.rebuttal.status"]';
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-dev-shm-usage",
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
];
const started = Date.now();
const seen = {};
const say = (text) => console.error(`${((Date.now() - started) / 1000).toFixed(1)} s  ${text}`);

const browser = await chromium.launch({ executablePath: given.chromium, headless: true, args: FLAGS });
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
page.setDefaultTimeout(60_000);

async function command(title) {
  await page.keyboard.press("F1");
  const input = page.locator(".quick-input-widget input");
  await input.waitFor();
  await input.fill(`>${title}`);
  // The palette sorts by likeness and use: the first row need not be the one that is meant.
  await page.locator(`.quick-input-list .monaco-list-row[aria-label^="${title}"]`).first().click();
}

// From the tree, for the search of names is not installed here.
async function open(name) {
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).first().dblclick();
  await page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
}

async function choose(code, words) {
  const line = page.locator(".editor-instance .view-line", { hasText: code }).first();
  const entry = page.locator(".action-widget .monaco-list-row.action", { hasText: words }).first();
  // A lens that comes meanwhile moves the lines and closes the menu: a user opens it once more, and so does this.
  for (let left = 5; ; left--) {
    await line.click({ position: { x: 90, y: 8 } });
    await page.keyboard.press("Control+.");
    try {
      await entry.click({ timeout: left > 0 ? 5_000 : 60_000 });
      return;
    } catch (error) {
      if (left === 0) throw error;
      await page.keyboard.press("Escape");
    }
  }
}

async function statusText(pattern) {
  await page.locator(ITEM, { hasText: new RegExp(pattern) }).waitFor({ timeout: 120_000 });
  return (await page.locator(ITEM).innerText()).trim();
}

const STEPS = {
  async open() {
    await page.goto(given.url, { waitUntil: "domcontentloaded" });
    await page.locator(".editor-instance .view-line").first().waitFor();
    await statusText("^\\s*Rebuttal( ·.*)?\\s*$|finding");
  },
  async status(pattern, name) {
    seen[name] = await statusText(pattern);
  },
  async statusAfter(before, pattern, name) {
    const given = { item: ITEM, pattern, old: seen[before] };
    const other = ({ item, pattern, old }) => {
      const text = document.querySelector(item)?.innerText.trim() ?? "";
      return text !== old && new RegExp(pattern).test(text);
    };
    await page.waitForFunction(other, given, { timeout: 120_000 });
    seen[name] = await statusText(pattern);
  },
  async command(title) {
    await command(title);
  },
  async toast(words, name) {
    const toast = page.locator(".notifications-toasts .notification-list-item", { hasText: words });
    await toast.first().waitFor({ timeout: 120_000 });
    seen[name] = (await toast.first().locator(".notification-list-item-message").innerText()).trim();
  },
  async press(button) {
    await page.locator(".notifications-toasts .monaco-button", { hasText: button }).first().click();
  },
  async squiggle(kind) {
    await page.locator(`.monaco-editor .squiggly-${kind}`).first().waitFor();
  },
  async problem(words, name) {
    await command("Problems: Focus on Problems View");
    const row = page.locator(".markers-panel .monaco-list-row", { hasText: words }).first();
    await row.waitFor();
    seen[name] = await row.getAttribute("aria-label");
  },
  async reveal(words) {
    await page.locator(".markers-panel .monaco-list-row", { hasText: words }).first().click();
  },
  async tooltip(words, name) {
    await page.locator(ITEM).hover();
    const hover = page.locator(".monaco-hover:visible", { hasText: words }).first();
    await hover.waitFor();
    seen[name] = await hover.innerText();
    await page.mouse.move(700, 15);
    await hover.waitFor({ state: "hidden" });
  },
  async hover(code, words) {
    const line = page.locator(".editor-instance .view-line", { hasText: code }).first();
    await line.hover({ position: { x: 120, y: 8 } });
    await page.locator(".monaco-hover-content", { hasText: words }).first().waitFor();
  },
  async scroll(pixels) {
    await page.locator(".editor-instance .view-lines").first().hover({ position: { x: 700, y: 20 } });
    for (const part of [1, 2, 3]) {
      await page.mouse.wheel(0, Number(pixels) / 3);
      await page.waitForTimeout(100 * part); // it scrolls smoothly; nothing tells when it is done
    }
  },
  async still() {
    // Hovers and toasts fade in and out: wait until none is on its way.
    await page.waitForFunction(() =>
      document.getAnimations().every((one) => one.playState !== "running" || one.effect.getTiming().iterations === Infinity),
    );
  },
  async save(typed) {
    await page.locator(".editor-instance .view-line").first().click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type(typed);
    await page.keyboard.press("Control+s");
    await page.locator(".tab.dirty").first().waitFor({ state: "detached" });
  },
  async action(code, words) {
    await choose(code, words);
  },
  async type(title, text) {
    // An input box of the extension's: filled in and sent by the keyboard alone.
    await page.locator(".quick-input-title", { hasText: title }).waitFor();
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
  },
  async lens(words, name) {
    const lens = page.locator(".codelens-decoration a", { hasText: words }).first();
    await lens.waitFor();
    seen[name] = await lens.innerText();
  },
  async clickLens(words) {
    await page.locator(".codelens-decoration a", { hasText: words }).first().click();
  },
  async file(name) {
    await open(name);
  },
  async problems(name) {
    await command("Problems: Focus on Problems View");
    // Only the rows in sight are drawn, and named; the badge counts all.
    const rows = page.locator(".markers-panel .monaco-list-row[aria-level='1']");
    await rows.first().waitFor();
    const files = await rows.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
    const badge = page.locator(".part.panel .action-item", { hasText: "Problems" }).locator(".badge-content").first();
    seen[name] = { count: Number(await badge.innerText()), files };
  },
  async noProblem(words) {
    await page.locator(".markers-panel .monaco-list-row", { hasText: words }).first().waitFor({ state: "detached" });
  },
  async closeFolder(name) {
    await command("Explorer: Focus on Folders View");
    await page.locator(".explorer-folders-view .monaco-list-row[aria-level='1']", { hasText: name }).click({ button: "right" });
    await page.locator(".monaco-menu .action-item", { hasText: "Remove Folder from Workspace" }).click();
  },
  async line(words) {
    await page.locator(".editor-instance .view-line", { hasText: words }).first().waitFor();
  },
  async preview(words) {
    const frame = page.frameLocator("iframe.webview").last().frameLocator("iframe#active-frame");
    await frame.getByText(words).first().waitFor();
  },
  async picture(path, part) {
    // `part`: x, y, width and height of what is wanted of it.
    const [x, y, width, height] = part?.split(",").map(Number) ?? [];
    await page.screenshot(part === undefined ? { path } : { path, clip: { x, y, width, height } });
  },
};

let failure;
for (const [name, ...values] of given.steps) {
  say([name, ...values].join(" "));
  try {
    await STEPS[name](...values);
  } catch (error) {
    failure = `${name} ${values.join(" ")}: ${String(error).slice(0, 500)}`;
    const status = await page.locator(ITEM).innerText({ timeout: 1000 }).catch(() => "no status bar item");
    failure += `\nstatus bar: ${status}`;
    await page.screenshot({ path: `${given.pictures}/failed.png` });
    break;
  }
}
await browser.close();
console.log(JSON.stringify({ seen, failure }));
process.exit(failure === undefined ? 0 : 1);
