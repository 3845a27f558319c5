"""What clients declare in `initialize`: recorded, or from their public sources (named at each), what matters here.

The first two are recorded from VS Code (vscode-languageclient) and from Neovim 0.11.
"""

from __future__ import annotations

from typing import Any

_SYNC = {"dynamicRegistration": True, "willSave": True, "willSaveWaitUntil": True, "didSave": True}

VSCODE: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {
            "documentChanges": True,
            "failureHandling": "textOnlyTransactional",
            "changeAnnotationSupport": {"groupsOnLabel": True},
        },
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "workspaceFolders": True,
        "textDocumentContent": {"dynamicRegistration": True},
        "codeLens": {"refreshSupport": True},
    },
    "notebookDocument": {"synchronization": {"dynamicRegistration": True, "executionSummarySupport": True}},
    "textDocument": {
        "synchronization": _SYNC,
        "publishDiagnostics": {
            "relatedInformation": True,
            "versionSupport": False,
            "tagSupport": {"valueSet": [1, 2]},
            "codeDescriptionSupport": True,
            "dataSupport": True,
        },
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "codeAction": {
            "isPreferredSupport": True,
            "disabledSupport": True,
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit", "command"]},
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "refactor"]}},
        },
    },
    "window": {
        "workDoneProgress": True,
        "showMessage": {"messageActionItem": {"additionalPropertiesSupport": True}},
        "showDocument": {"support": True},
    },
}

NEOVIM: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-8", "utf-16", "utf-32"]},
    "workspace": {
        "workspaceEdit": {"resourceOperations": ["rename", "create", "delete"]},
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": False},
        "workspaceFolders": True,
    },
    "textDocument": {
        "synchronization": _SYNC,
        "publishDiagnostics": {"relatedInformation": True, "dataSupport": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "codeAction": {
            "isPreferredSupport": True,
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit", "command"]},
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix"]}},
        },
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}

_LITERALS = {
    "codeActionKind": {
        "valueSet": [
            "quickfix",
            *("refactor", "refactor.extract", "refactor.inline", "refactor.rewrite"),
            *("source", "source.organizeImports"),
        ]
    }
}
_BOTH_FORMATS = {"contentFormat": ["markdown", "plaintext"]}
_TAGS = {"valueSet": [1, 2]}

NEOVIM_0_7: dict[str, Any] = {  # recorded: vim.lsp.protocol.make_client_capabilities() of Neovim 0.7.2 (Debian 12)
    "workspace": {
        "applyEdit": True,
        "workspaceFolders": True,
        "workspaceEdit": {"resourceOperations": ["rename", "create", "delete"]},
    },
    "textDocument": {
        "synchronization": {"didSave": True, "willSave": False, "willSaveWaitUntil": False},
        "publishDiagnostics": {"relatedInformation": True, "tagSupport": _TAGS},
        "hover": _BOTH_FORMATS,
        "codeAction": {
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
            "codeActionLiteralSupport": _LITERALS,
        },
    },
    "window": {
        "workDoneProgress": True,
        "showMessage": {"messageActionItem": {"additionalPropertiesSupport": False}},
        "showDocument": {"support": False},
    },
}

HELIX: dict[str, Any] = {  # helix-editor/helix, helix-lsp/src/client.rs (`Client::initialize`), 25.x
    "general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]},
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": False},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "workspaceFolders": True,
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create", "rename", "delete"],
            "failureHandling": "abort",
        },
    },
    "textDocument": {
        "publishDiagnostics": {"versionSupport": True, "tagSupport": _TAGS},
        "hover": {"contentFormat": ["markdown"]},
        "codeAction": {
            "isPreferredSupport": True,
            "disabledSupport": True,
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit", "command"]},
            "codeActionLiteralSupport": _LITERALS,
        },
    },
    "window": {"workDoneProgress": True},
}

EGLOT_1_9: dict[str, Any] = {  # eglot.el 1.9 (`eglot-client-capabilities`), as Debian 12 has it
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "configuration": True,
        "workspaceFolders": True,
    },
    "textDocument": {
        "synchronization": {"dynamicRegistration": False, "willSave": True, "willSaveWaitUntil": True, "didSave": True},
        "publishDiagnostics": {"relatedInformation": False, "codeDescriptionSupport": False, "tagSupport": _TAGS},
        "hover": {"contentFormat": ["plaintext"]},  # without a Markdown mode
        "codeAction": {"codeActionLiteralSupport": _LITERALS, "isPreferredSupport": True},
    },
}

EGLOT: dict[str, Any] = {  # emacs-mirror/emacs, lisp/progmodes/eglot.el (`eglot-client-capabilities`), Emacs 30
    "general": {"positionEncodings": ["utf-32", "utf-8", "utf-16"]},
    "workspace": {**EGLOT_1_9["workspace"], "didChangeWatchedFiles": {"dynamicRegistration": True}},
    "textDocument": {
        **EGLOT_1_9["textDocument"],
        "hover": _BOTH_FORMATS,
        "codeAction": {
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit", "command"]},
            "codeActionLiteralSupport": _LITERALS,
            "isPreferredSupport": True,
        },
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}

ZED: dict[str, Any] = {  # zed-industries/zed, crates/lsp/src/lsp.rs (`default_initialize_params`), 2025
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True, "relativePatternSupport": True},
        "workspaceFolders": True,
        "codeLens": {"refreshSupport": True},
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create", "rename", "delete"]},
    },
    "textDocument": {
        "synchronization": {"didSave": True},
        "publishDiagnostics": {"relatedInformation": True},
        "hover": {"contentFormat": ["markdown"]},
        "codeLens": {"dynamicRegistration": False},
        "codeAction": {
            "dataSupport": True,
            "resolveSupport": {"properties": ["kind", "diagnostics", "isPreferred", "disabled", "edit", "command"]},
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["refactor", "quickfix", "source"]}},
        },
    },
    "window": {"workDoneProgress": True, "showMessage": {}},
}

SUBLIME: dict[str, Any] = {  # sublimelsp/LSP, plugin/core/sessions.py (`get_initialize_params`), a version of 2020
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "workspaceEdit": {"documentChanges": True, "failureHandling": "abort"},
        "workspaceFolders": True,
    },
    "textDocument": {
        "synchronization": _SYNC,
        "publishDiagnostics": {"relatedInformation": True},
        "hover": {"dynamicRegistration": True, **_BOTH_FORMATS},
        "codeAction": {"dynamicRegistration": True, "codeActionLiteralSupport": _LITERALS},
    },
    "window": {"workDoneProgress": True},
}

KATE: dict[str, Any] = {  # KDE/kate, addons/lspclient/lspclientserver.cpp (`initialize`), 24.x; no settings are pulled
    "workspace": {"workspaceFolders": True},
    "textDocument": {
        "synchronization": {"didSave": True},
        "publishDiagnostics": {"relatedInformation": True},
        "hover": _BOTH_FORMATS,
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor", "source"]}}
        },
    },
    "window": {
        "workDoneProgress": True,
        "showMessage": {"messageActionItem": {"additionalPropertiesSupport": True}},
    },
}

LSP4IJ: dict[str, Any] = {  # redhat-developer/lsp4ij, internal/capabilities/ClientCapabilitiesFactory.java, 0.1x
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "workspaceFolders": True,
        "codeLens": {"refreshSupport": True},
        "workspaceEdit": {"documentChanges": True, "failureHandling": "undo"},
    },
    "textDocument": {
        "synchronization": {"willSave": True, "willSaveWaitUntil": True, "didSave": True},
        "publishDiagnostics": {
            "relatedInformation": True,
            "dataSupport": True,
            "codeDescriptionSupport": True,
            "tagSupport": _TAGS,
        },
        "hover": {"dynamicRegistration": True, **_BOTH_FORMATS},
        "codeLens": {"dynamicRegistration": True},
        "codeAction": {
            "dynamicRegistration": True,
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
            "codeActionLiteralSupport": _LITERALS,
        },
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}, "showMessage": {}},
}

MINIMAL: dict[str, Any] = {}

PROFILES: dict[str, dict[str, Any]] = {
    "vscode": VSCODE,
    "neovim": NEOVIM,
    "minimal": MINIMAL,
    "neovim-0.7": NEOVIM_0_7,
    "helix": HELIX,
    "eglot": EGLOT,
    "eglot-1.9": EGLOT_1_9,
    "zed": ZED,
    "sublime": SUBLIME,
    "kate": KATE,
    "lsp4ij": LSP4IJ,
}


def undeclared(profile: dict[str, Any], method: str, params: dict[str, Any]) -> str | None:
    """What a message of the server takes for granted that the client did not declare; None if nothing."""

    def has(path: str) -> bool:
        value: Any = profile
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value is not None and value is not False

    gate = _GATES.get(method)
    if gate is not None and not has(gate):
        return gate
    if method == "client/registerCapability":
        for one in params["registrations"]:
            path = f"{_registered(one['method'])}.dynamicRegistration"
            if not has(path):
                return path
    if method == "textDocument/publishDiagnostics":
        for field, path in _FIELDS.items():
            if any(field in one for one in params["diagnostics"]) and not has(
                f"textDocument.publishDiagnostics.{path}"
            ):
                return path
    return None


_GATES = {
    "workspace/configuration": "workspace.configuration",
    "workspace/applyEdit": "workspace.applyEdit",
    "workspace/codeLens/refresh": "workspace.codeLens.refreshSupport",
    "workspace/textDocumentContent/refresh": "workspace.textDocumentContent",
    "window/workDoneProgress/create": "window.workDoneProgress",
    "window/showDocument": "window.showDocument.support",
    "$/progress": "window.workDoneProgress",
}
_FIELDS = {
    "relatedInformation": "relatedInformation",
    "codeDescription": "codeDescriptionSupport",
    "data": "dataSupport",
    "tags": "tagSupport",
}


def _registered(method: str) -> str:
    section, _, name = method.partition("/")
    return f"{section}.{name}"


def with_encoding(profile: dict[str, Any], encoding: str) -> dict[str, Any]:
    return {**profile, "general": {"positionEncodings": [encoding]}}
