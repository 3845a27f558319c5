"""Which exceptions are for the user: those that say in one sentence what to do."""

from __future__ import annotations

from rebuttal.budget.model import UnknownPrice
from rebuttal.change.model import ChangeError
from rebuttal.review.request import UsageError
from rebuttal.settings import SettingsError
from rebuttal.store.model import StoreError


def user_message(error: Exception) -> str | None:
    """The sentence for the user, or None where the error is a defect of ours."""
    if isinstance(error, ChangeError | SettingsError | StoreError | UnknownPrice | UsageError):
        return str(error)
    return None
