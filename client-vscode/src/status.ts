/** What the server says of itself (`$/rebuttal.status`) as the words of the status bar. Pure. */

export type State = "idle" | "estimating" | "awaitingConsent" | "debating" | "degraded" | "noKey" | "blocked";

export interface Spending {
  readonly spent: string;
  readonly cap?: string;
}

/** What a review is expected to cost and costs at most; `learned_from`: past debates that the expectation rests on. */
export interface Estimate {
  readonly expected: string;
  readonly at_most: string;
  readonly learned_from?: number;
  readonly likely?: { readonly from: string; readonly to: string };
}

/** The currency that the user reads, at the rate that the user gave; amounts come in US dollars all the same. */
export interface Currency {
  readonly code: string;
  readonly rate: string;
  readonly places: number;
}

/** The server's notification; money is a decimal string of US dollars. */
export interface Status {
  readonly state: State;
  readonly job?: string | null;
  readonly phase?: string | null;
  readonly repository?: string | null;
  readonly estimate?: Estimate | null;
  readonly review?: { readonly spent: string } | null;
  readonly day?: Spending | null;
  readonly month?: Spending | null;
  readonly currency?: Currency | null;
  readonly findings?: Readonly<Record<Severity, number>> | null;
  readonly message?: string | null;
}

export type Severity = "critical" | "high" | "medium" | "low";
const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low"];

/** How the server is, seen from the editor: before it speaks, and after it is gone. */
export type Health = "starting" | "ready" | "stopped" | "missing";

const HEALTH: Record<Health, { text: string; tooltip: string }> = {
  starting: { text: "$(loading~spin) Starting Rebuttal…", tooltip: "Rebuttal's server is starting." },
  ready: { text: "$(law) Rebuttal", tooltip: "Rebuttal has not reviewed anything yet. Click for actions." },
  stopped: { text: "$(debug-disconnect) Rebuttal stopped", tooltip: "Rebuttal's server is not running. Click to restart it." },
  missing: { text: "$(cloud-download) Install Rebuttal", tooltip: "Rebuttal's server is not installed. Click to install it." },
};

export function healthText(health: Health): string {
  return HEALTH[health].text;
}

export function healthTooltip(health: Health): string {
  return HEALTH[health].tooltip;
}

/** Whether a review is under way: the server must not be restarted then. */
export function isBusy(status: Status | undefined): boolean {
  return status !== undefined && ["estimating", "awaitingConsent", "debating"].includes(status.state);
}

/**
 * What each repository's last status was. One window has one status bar item: it shows a review that is under way, else
 * the repository of the file in front, else the one that spoke last.
 */
export class Statuses {
  readonly #last = new Map<string, Status>();

  hear(status: Status): void {
    const name = status.repository ?? "";
    this.#last.delete(name);
    // The day and the month are all repositories': what one has spent since, the others have not told. A cap may be one's own.
    for (const [other, { day, month, ...rest }] of this.#last) {
      this.#last.set(other, { ...rest, day: spentSince(day, status.day), month: spentSince(month, status.month) });
    }
    this.#last.set(name, status);
  }

  clear(): void {
    this.#last.clear();
  }

  /** A folder was closed: what was said of the repositories in it holds no longer. */
  forget(folder: string): void {
    for (const name of [...this.#last.keys()].filter((name) => name !== "" && isInside(name, folder))) {
      this.#last.delete(name);
    }
  }

  /** For a window whose file in front is `front`; undefined before the first. */
  shown(front?: string): Status | undefined {
    const latest = [...this.#last.values()].reverse();
    return latest.find(isBusy) ?? this.#nearest(front) ?? latest[0];
  }

  #nearest(front: string | undefined): Status | undefined {
    const around = [...this.#last].filter(([name]) => name !== "" && front !== undefined && isInside(front, name));
    return around.sort(([one], [other]) => other.length - one.length)[0]?.[1];
  }
}

function spentSince(told: Spending | null | undefined, now: Spending | null | undefined): Spending | null {
  return told && now ? { ...told, spent: now.spent } : (told ?? null);
}

/** Whether a file is the folder or lies in it. Windows writes one path in several ways. */
export function isInside(file: string, folder: string): boolean {
  const [inner, outer] = [file, folder].map((one) => {
    const slashed = one.replace(/\\/g, "/").replace(/\/+$/, "");
    return /^([a-z]:|\/\/)/i.test(slashed) ? slashed.toLowerCase() : slashed;
  }) as [string, string];
  return inner === outer || inner.startsWith(`${outer}/`);
}

/** The status bar item's text: short, one icon in front. */
export function statusText(status: Status): string {
  const [icon, ...parts] = pieces(status);
  return `$(${icon}) ${parts.filter((part) => part !== "").join(" · ")}`;
}

function pieces(status: Status): [string, ...string[]] {
  const expected = status.estimate ? `about ${money(status.estimate.expected, status)}` : "";
  switch (status.state) {
    case "idle":
      return ["law", findings(status), reviewCost(status), today(status)];
    case "estimating":
      return ["loading~spin", phaseName(status.phase) || "Estimating", expected];
    case "awaitingConsent":
      return ["question", "Waiting for your answer", expected];
    case "debating":
      return [
        "loading~spin",
        phaseName(status.phase) || "Debating",
        money(status.review?.spent ?? "0", status) + (expected ? ` of ${expected}` : ""),
      ];
    case "degraded":
      return ["warning", count(status) > 0 ? `${findings(status)}, incomplete` : "Review incomplete", reviewCost(status), today(status)];
    case "noKey":
      return ["key", findings(status), "no API key"];
    case "blocked":
      return ["circle-slash", findings(status), "stopped", today(status)];
  }
}

function reviewCost(status: Status): string {
  const spent = status.review?.spent ?? "0";
  return Number(spent) > 0 ? money(spent, status) : "";
}

function today(status: Status): string {
  return status.day ? `today ${spending(status.day, status)}` : "";
}

function spending(given: Spending, status: Status): string {
  const cap = given.cap !== undefined && Number(given.cap) > 0 ? `/${money(given.cap, status)}` : "";
  return money(given.spent, status) + cap;
}

function count(status: Status): number {
  return SEVERITIES.reduce((sum, severity) => sum + (status.findings?.[severity] ?? 0), 0);
}

function findings(status: Status): string {
  const total = count(status);
  if (total === 0) {
    // Before the first review nothing is known: silence must not read as a clean bill.
    return status.job ? "No findings" : "Rebuttal";
  }
  return `${total} finding${total === 1 ? "" : "s"}`;
}

const PHASES: Record<string, string> = {
  triage: "Triage",
  opening: "Opening",
  cross_examination: "Cross-examination",
  rebuttal: "Rebuttal",
  consensus: "Consensus",
  summary: "Summary",
};

function phaseName(phase: string | null | undefined): string {
  return phase ? (PHASES[phase] ?? phase) : "";
}

/** The item's tooltip, in Markdown. What the server sends is shown as text, never as markup. */
export function statusTooltip(status: Status): string {
  const lines = [`**Rebuttal**${status.repository ? ` · ${escapeMarkdown(baseName(status.repository))}` : ""}`];
  if (status.message) {
    lines.push("", escapeMarkdown(status.message));
  }
  const rows = costRows(status);
  if (rows.length > 0) {
    lines.push("", "| | |", "|---|---|", ...rows.map(([name, amount]) => `| ${name} | ${amount} |`));
  }
  const counts = SEVERITIES.filter((severity) => (status.findings?.[severity] ?? 0) > 0).map(
    (severity) => `${status.findings?.[severity] ?? 0} ${severity}`,
  );
  const none = !status.job ? "Not reviewed yet." : status.state === "degraded" ? "The review was not held to its end." : "No findings.";
  const click = status.state === "noKey" ? "Click for actions, such as *Set API Key*." : "Click for actions.";
  lines.push("", counts.length > 0 ? `Findings: ${counts.join(", ")}.` : none, "", click);
  return lines.join("\n");
}

function costRows(status: Status): [string, string][] {
  const rows: [string, string][] = [];
  if (status.estimate) {
    rows.push(["Estimate", `about ${money(status.estimate.expected, status)}, at most ${moneyOfCap(status.estimate.at_most, status)}`]);
    const learned = status.estimate.learned_from;
    if (learned !== undefined) {
      const debates = `${learned} ${learned === 1 ? "debate" : "debates"}`;
      rows.push(["", learned > 0 ? `from ${debates} of yours` : "assumed: no debate yet"]);
    }
  }
  if (status.review) {
    rows.push(["This review", money(status.review.spent, status)]);
  }
  for (const [name, given] of [
    ["Today", status.day],
    ["This month", status.month],
  ] as const) {
    if (given) {
      const cap = given.cap !== undefined && Number(given.cap) > 0 ? ` of ${moneyOfCap(given.cap, status)}` : "";
      rows.push([name, money(given.spent, status) + cap]);
    }
  }
  return rows;
}

/** An amount of US dollars in the currency that the user reads, rounded up. */
export function money(amount: string, status: Pick<Status, "currency"> | undefined): string {
  const currency = status?.currency;
  const value = Number(amount) * Number(currency?.rate);
  if (!currency || !Number.isFinite(value)) {
    return dollars(amount);
  }
  const most = currency.places > 0 && Number(currency.rate) < 10 ? currency.places + 2 : currency.places;
  const factor = 10 ** most;
  const rounded = Math.ceil(value * factor - 1e-6) / factor;
  const digits = { minimumFractionDigits: currency.places, maximumFractionDigits: most };
  return new Intl.NumberFormat("en-US", { style: "currency", currency: currency.code, ...digits }).format(rounded);
}

/** The same for a cap, with the dollars in which it counts. */
export function moneyOfCap(amount: string, status: Pick<Status, "currency"> | undefined): string {
  return status?.currency ? `${money(amount, status)} (${dollars(amount)})` : dollars(amount);
}

/** US dollars for people: two to four decimals ("$0.0312", "$1.00"). */
export function dollars(amount: string): string {
  const value = Number(amount);
  if (!Number.isFinite(value)) {
    return "$?";
  }
  if (value > 0 && value < 0.0001) {
    return "<$0.0001";
  }
  const [whole = "0", decimals = ""] = value.toFixed(4).split(".");
  return `$${whole}.${decimals.replace(/0{1,2}$/, "")}`;
}

function baseName(path: string): string {
  return path.split(/[/\\]/).filter(Boolean).at(-1) ?? path;
}

/** A text that Markdown shows as it is. */
export function escapeMarkdown(text: string): string {
  return text.replace(/\r?\n/g, " ").replace(/[\\`*_{}[\]()#+\-.!|<>~$&]/g, "\\$&");
}
