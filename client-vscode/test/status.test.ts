import assert from "node:assert/strict";
import { test } from "node:test";
import { dollars, escapeMarkdown, healthText, healthTooltip, isBusy, isInside, Statuses, statusText, statusTooltip, type Status } from "../src/status";

const idle: Status = {
  state: "idle",
  job: "job-1",
  repository: "/home/me/shop",
  review: { spent: "0.0312" },
  day: { spent: "0.1200", cap: "5.00" },
  month: { spent: "1.5", cap: "50" },
  findings: { critical: 0, high: 1, medium: 0, low: 2 },
};

test("idle: findings, what the review cost, and the day", () => {
  assert.equal(statusText(idle), "$(law) 3 findings · $0.0312 · today $0.12/$5.00");
  assert.equal(
    statusText({ ...idle, review: { spent: "0" }, findings: { critical: 0, high: 0, medium: 0, low: 0 } }),
    "$(law) No findings · today $0.12/$5.00",
  );
});

test("before the first review it does not say that there are no findings", () => {
  assert.equal(statusText({ state: "idle", day: { spent: "0", cap: "5" } }), "$(law) Rebuttal · today $0.00/$5.00");
  assert.equal(statusText({ state: "noKey" }), "$(key) Rebuttal · no API key");
  assert.match(statusTooltip({ state: "idle" }), /Not reviewed yet\./);
});

test("one finding is not plural, and no cap is not shown as zero", () => {
  const one: Status = { ...idle, findings: { critical: 1, high: 0, medium: 0, low: 0 }, day: { spent: "0", cap: "0" } };
  assert.equal(statusText(one), "$(law) 1 finding · $0.0312 · today $0.00");
});

test("under way: a spinner, the phase and what is spent so far", () => {
  const debating: Status = {
    ...idle,
    state: "debating",
    phase: "cross_examination",
    estimate: { expected: "0.04", at_most: "1.00" },
  };
  assert.equal(statusText(debating), "$(loading~spin) Cross-examination · $0.0312 of about $0.04");
  assert.equal(statusText({ state: "debating" }), "$(loading~spin) Debating · $0.00");
  assert.equal(statusText({ state: "estimating" }), "$(loading~spin) Estimating");
  assert.ok(isBusy(debating));
  assert.ok(!isBusy(idle));
  assert.ok(!isBusy(undefined));
});

test("every other state says what is the matter", () => {
  assert.equal(statusText({ ...idle, state: "degraded" }), "$(warning) 3 findings, incomplete · $0.0312 · today $0.12/$5.00");
  assert.equal(statusText({ ...idle, state: "noKey" }), "$(key) 3 findings · no API key");
  assert.equal(statusText({ ...idle, state: "blocked" }), "$(circle-slash) 3 findings · stopped · today $0.12/$5.00");
  assert.equal(
    statusText({ state: "awaitingConsent", estimate: { expected: "0.04", at_most: "1" } }),
    "$(question) Waiting for your answer · about $0.04",
  );
});

test("null is as good as absent", () => {
  const sparse = { state: "idle", findings: null, day: null, review: null, estimate: null, phase: null } as const;
  assert.equal(statusText(sparse), "$(law) Rebuttal");
  assert.match(statusTooltip(sparse), /Not reviewed yet\./);
});

test("the tooltip says what the expectation rests on", () => {
  const told = (learned_from: number) =>
    statusTooltip({ ...idle, estimate: { expected: "0.04", at_most: "1.00", learned_from } });
  assert.match(told(0), /\| {2}\| assumed: no debate yet \|/);
  assert.match(told(1), /\| {2}\| from 1 debate of yours \|/);
  assert.match(told(46), /\| {2}\| from 46 debates of yours \|/);
  assert.doesNotMatch(statusTooltip({ ...idle, estimate: { expected: "0.04", at_most: "1.00" } }), /debates? of yours/);
});

test("the tooltip has the estimate, the review, the day and the month", () => {
  const tooltip = statusTooltip({ ...idle, estimate: { expected: "0.04", at_most: "1.00" }, message: "All done." });
  assert.match(tooltip, /\*\*Rebuttal\*\* · shop/);
  assert.match(tooltip, /\| Estimate \| about \$0\.04, at most \$1\.00 \|/);
  assert.match(tooltip, /\| This review \| \$0\.0312 \|/);
  assert.match(tooltip, /\| Today \| \$0\.12 of \$5\.00 \|/);
  assert.match(tooltip, /\| This month \| \$1\.50 of \$50\.00 \|/);
  assert.match(tooltip, /Findings: 1 high, 2 low\./);
  assert.match(tooltip, /All done\\\./);
});

test("what the server sends cannot become a link or markup", () => {
  const message = "[click](command:evil) <img> `x`\n# y";
  assert.equal(escapeMarkdown(message), "\\[click\\]\\(command:evil\\) \\<img\\> \\`x\\` \\# y");
});

test("money has two to four decimals", () => {
  for (const [amount, text] of [
    ["0", "$0.00"],
    ["0.0312", "$0.0312"],
    ["0.031", "$0.031"],
    ["1.5", "$1.50"],
    ["10", "$10.00"],
    ["0.00001", "<$0.0001"],
    ["nonsense", "$?"],
  ] as const) {
    assert.equal(dollars(amount), text);
  }
});

test("a server that is not there is told in words, not only by an icon", () => {
  assert.equal(healthText("missing"), "$(cloud-download) Install Rebuttal");
  assert.equal(healthText("stopped"), "$(debug-disconnect) Rebuttal stopped");
  assert.match(healthTooltip("missing"), /not installed/);
});

test("another repository's idle status hid a running debate, and let the server be restarted under it", () => {
  const statuses = new Statuses();
  assert.equal(statuses.shown(), undefined);
  const debating: Status = { ...idle, state: "debating", phase: "opening" };
  const other: Status = { ...idle, repository: "/home/me/lib" };
  statuses.hear(debating);
  statuses.hear(other);
  assert.deepEqual(statuses.shown(), debating);
  assert.equal(isBusy(statuses.shown()), true);
  statuses.hear(idle);
  assert.equal(statuses.shown(), idle);
  statuses.clear();
  assert.equal(statuses.shown(), undefined);
});

test("amounts are shown in the user's currency, rounded up, and caps with the dollars in which they count", () => {
  const euro: Status = { ...idle, currency: { code: "EUR", rate: "0.92", places: 2 }, estimate: { expected: "0.04", at_most: "1" } };
  assert.equal(statusText(euro), "$(law) 3 findings · €0.0288 · today €0.1104/€4.60");
  assert.match(statusTooltip(euro), /\| Today \| €0\.1104 of €4\.60 \(\$5\.00\) \|/);
  assert.match(statusTooltip(euro), /about €0\.0368, at most €0\.92 \(\$1\.00\)/);
  const yen: Status = { ...idle, currency: { code: "JPY", rate: "151.3", places: 0 } };
  assert.equal(statusText(yen), "$(law) 3 findings · ¥5 · today ¥19/¥757");
});

test("of several repositories the one of the file in front is shown, the innermost where one holds another", () => {
  const statuses = new Statuses();
  const shop: Status = { ...idle, repository: "/home/me/shop" };
  const library: Status = { ...idle, repository: "/home/me/shop/library" };
  const other: Status = { ...idle, repository: "/home/me/shop-old" };
  for (const status of [library, shop, other]) {
    statuses.hear(status);
  }
  assert.deepEqual(statuses.shown("/home/me/shop/cart.py"), shop);
  assert.deepEqual(statuses.shown("/home/me/shop/library/src/a.py"), library);
  assert.equal(statuses.shown("/home/me/shop-old/cart.py"), other);
  assert.equal(statuses.shown("/home/you/cart.py"), other, "the one that spoke last");
  assert.equal(statuses.shown(), other);
  statuses.forget("/home/me/shop");
  assert.equal(statuses.shown("/home/me/shop/cart.py"), other, "its folder was closed");
});

test("a path lies in its folder however it is written", () => {
  assert.ok(isInside("/a/b", "/a/b/"));
  assert.ok(isInside("c:\\Work\\shop\\cart.py", "C:\\work\\shop"));
  assert.ok(!isInside("/a/bc", "/a/b"));
  assert.ok(!isInside("/a", "/a/b"));
  assert.ok(!isInside("/A/b", "/a"));
});

test("what the day has cost is the same for each repository, whichever spent it; a cap of its own stays", () => {
  const statuses = new Statuses();
  statuses.hear({ ...idle, day: { spent: "0", cap: "2" } });
  statuses.hear({ ...idle, repository: "/home/me/library", day: { spent: "0.05", cap: "5" } });
  assert.deepEqual(statuses.shown("/home/me/shop/cart.py")?.day, { spent: "0.05", cap: "2" });
  assert.deepEqual(statuses.shown("/home/me/library/a.py")?.day, { spent: "0.05", cap: "5" });
});

test("a review that failed does not read as a clean bill", () => {
  const failed: Status = { state: "degraded", job: "job-1", findings: { critical: 0, high: 0, medium: 0, low: 0 }, message: "No." };
  assert.equal(statusText(failed), "$(warning) Review incomplete");
  assert.doesNotMatch(statusTooltip(failed), /No findings/);
});

test("without a key the tooltip says where to set one", () => {
  assert.match(statusTooltip({ state: "noKey", job: "job-1" }), /Set API Key/);
});
