/**
 * Settings on their way to the server. Pure.
 *
 * The user's own values may widen (raise a cap, name a model) and go by environment. What a workspace says
 * may only narrow; it goes by `workspace/configuration`, where the server takes it so.
 */

import { NARROWING, WIDENING } from "./settings.generated";

export interface Inspected {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

export { NARROWING, WIDENING };

/** `maxCostPerDay` -> `max_cost_per_day`: the server's names. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The user's own values, as environment variables of the server. Only what is set is passed on. */
export function settingsEnvironment(inspect: (key: string) => Inspected | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const key of [...NARROWING, ...WIDENING]) {
    const value = inspect(key)?.globalValue;
    if (isSet(value)) {
      found[`REBUTTAL_${snakeCase(key).toUpperCase()}`] = String(value);
    }
  }
  const endpoint = inspect("endpoint")?.globalValue;
  if (isSet(endpoint)) {
    found.ANTHROPIC_BASE_URL = String(endpoint);
  }
  return found;
}

/**
 * Whether the server may run what repositories in open folders bring along. It is told once, and not which folders those
 * are: else each folder that is added or removed would be another environment, and a restart that loses the findings.
 * A no is said too: the editor may have been started where the variable is set.
 */
export function trust(isTrusted: boolean, wanted: boolean): Record<string, string> {
  return { REBUTTAL_TRUST_OPEN_FOLDERS: isTrusted && wanted ? "1" : "0" };
}

/** What the workspace says, under the server's names: its answer to `workspace/configuration`. */
export function workspaceSettings(inspect: (key: string) => Inspected | undefined): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key of NARROWING) {
    const inspected = inspect(key);
    const value = inspected?.workspaceFolderValue ?? inspected?.workspaceValue;
    if (isSet(value)) {
      found[snakeCase(key)] = value;
    }
  }
  return found;
}

function isSet(value: unknown): value is string | number | boolean | readonly unknown[] {
  // A list is passed on in the environment as its members with commas between them.
  const full = Array.isArray(value) ? value.length > 0 : typeof value === "string" && value.trim() !== "";
  return full || typeof value === "number" || typeof value === "boolean";
}
