// Written by `python scripts/settings.py` from server/rebuttal/settings/schema.py: change that instead.

/** Settings that a workspace may set or narrow. */
export const NARROWING = [
  "panel",
  "profile",
  "protocol",
  "onSave",
  "onCommit",
  "codeLens",
  "showExisting",
  "contextTokens",
  "minimumSeverity",
  "maxFindings",
  "ignore",
  "rulesOn",
  "rulesOff",
  "seatsOff",
  "fallback",
] as const;

/** Settings with machine scope: VS Code itself lets no workspace set them. */
export const WIDENING = [
  "maxCost",
  "maxCostPerDay",
  "maxCostPerMonth",
  "maxCostPerHour",
  "maxCostPerRepository",
  "maxCostPerCall",
  "askAbove",
  "defectWorth",
  "modelHaiku",
  "modelSonnet",
  "modelOpus",
  "currency",
  "exchangeRate",
] as const;
