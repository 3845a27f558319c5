"""What holds a process or a file open: closed at the end of a `with`, whatever happened in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """Closed at the end of the `with` block that it is used in."""

    __slots__ = ()

    @abstractmethod
    def close(self) -> None:
        """Give back what is held; harmless when it is done already."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
