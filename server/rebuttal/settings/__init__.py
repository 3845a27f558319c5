"""What the user and others may set: the values (model), how each is read (values), who may change what (resolve), and
where a review is sent (endpoint)."""

from rebuttal.settings.endpoint import (
    endpoint_host,
    has_key,
    process_environment,
)
from rebuttal.settings.model import (
    FAIL_ON,
    MOST_FINDINGS,
    MOST_GLOBS,
    MOST_MONEY,
    MOST_TOKENS,
    ON_SAVE,
    PANELS,
    PROFILES,
    PROTOCOLS,
    ModelPrice,
    PanelChoice,
    Problem,
    Settings,
    SettingsError,
    trusts,
)
from rebuttal.settings.resolve import (
    home,
    narrow,
    repository_settings,
    repository_values,
    user_settings,
    widen,
)

__all__ = [
    "FAIL_ON",
    "MOST_FINDINGS",
    "MOST_GLOBS",
    "MOST_MONEY",
    "MOST_TOKENS",
    "ON_SAVE",
    "PANELS",
    "PROFILES",
    "PROTOCOLS",
    "ModelPrice",
    "PanelChoice",
    "Problem",
    "Settings",
    "SettingsError",
    "endpoint_host",
    "has_key",
    "home",
    "narrow",
    "process_environment",
    "repository_settings",
    "repository_values",
    "trusts",
    "user_settings",
    "widen",
]
