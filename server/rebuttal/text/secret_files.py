"""Files that hold secrets by their nature, known by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate

_SECRET_FILES = (
    ".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p8", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdb",
    "*.kdbx", "*.ppk", "*.ovpn", "*.agekey", "*.tfvars", "*.tfvars.json", "*.tfstate", "*.tfstate.*", "id_rsa",
    "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk", ".netrc", "_netrc", ".pgpass", ".my.cnf",
    ".npmrc", ".pypirc", ".htpasswd", ".git-credentials", ".dockercfg", ".dockerconfigjson", ".vault-token",
    ".terraformrc", "credentials.json", "credentials.yml.enc", "secrets.json", "secrets.yml", "secrets.yaml",
    "secrets.toml", "service-account*.json", "service_account*.json", "local.settings.json",
    "kubeconfig", "*.kubeconfig",
)  # fmt: skip
_SECRET_PATHS = ("*.aws/credentials", "*.aws/config", "*.kube/config", "*.docker/config.json", "*.ssh/*", "*.gnupg/*")
_SHOWN_FILES = (".env.example", ".env.sample", ".env.template", ".env.dist", "*.pub", "*.example.env", "*.ssh/config")


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """One expression for all: this is asked of every file, and each pattern by itself would cost as much as all."""
    return re.compile("|".join(f"(?:{translate(one)})" for one in patterns))


_SECRET_FILE, _SECRET_PATH, _SHOWN = map(_any_of, (_SECRET_FILES, _SECRET_PATHS, _SHOWN_FILES))


def is_secret_file(path: str) -> bool:
    """Whether a file of this name holds secrets by its nature: it is named to a reviewer, never shown."""
    lowered = path.lower().replace("\\", "/")
    name = lowered.rsplit("/", 1)[-1]
    if _SHOWN.match(name) or _SHOWN.match(lowered):
        return False
    return bool(_SECRET_FILE.match(name) or _SECRET_PATH.match(lowered))
