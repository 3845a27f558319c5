"""Rebuttal in a real VS Code: code-server (the same workbench and extension host) in a headless Chromium."""
