"""`python -m tests.recordings`: record the example's debates anew."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.recordings import DEBATES, file_of, record

if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        record(Path(folder))
    for name in DEBATES:
        sys.stdout.write(f"{file_of(name)}: {file_of(name).stat().st_size:,} bytes\n")
