"""Make a virtual environment; runs on any Python, so that an old one gets a clear sentence."""

import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 14)


def main(folder):
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        return (
            "Rebuttal needs Python 3.11 to 3.14, and this is {}.{}: name another with `make PYTHON=python3.12 ...`."
        ).format(*version)
    try:
        subprocess.check_call([sys.executable, "-m", "venv", folder])
    except subprocess.CalledProcessError:
        return "A virtual environment could not be made: on Debian and Ubuntu, `apt install python3-venv` first."
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
