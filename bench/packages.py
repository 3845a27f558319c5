"""Real changes: git repositories made from two consecutive releases of real packages.

The source distributions come from the package index by the ordinary clients (pip, npm) and are kept in
bench/.cache; nothing of them is committed. (pip asks a source distribution for its metadata when it downloads it.)
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from attrs import frozen

HERE = Path(__file__).resolve().parent
CACHE = HERE / ".cache"
WORK = HERE / ".work"


@frozen
class Release:
    """A package and the two releases whose difference is the change."""

    name: str
    old: str
    new: str
    kind: str
    """What is in it, for the table."""
    index: str = "pip"
    """Which client downloads it: pip or npm."""
    built: tuple[str, ...] = ()
    """Folders of what the package's build made of its sources: no repository holds them."""


RELEASES = (
    Release("flask", "3.0.3", "3.1.0", "Python"),
    Release("httpx", "0.27.2", "0.28.1", "Python"),
    Release("click", "8.1.8", "8.2.0", "Python"),
    Release("rich", "13.8.1", "13.9.4", "Python"),
    Release("urllib3", "1.26.20", "2.0.7", "Python"),
    Release("celery", "5.4.0", "5.5.0", "Python"),
    Release("trio", "0.26.2", "0.28.0", "Python"),
    Release("pytest", "8.2.2", "8.3.4", "Python"),
    Release("aiohttp", "3.9.5", "3.10.11", "Python, C"),
    Release("markupsafe", "2.1.5", "3.0.2", "Python, C"),
    Release("psutil", "5.9.8", "6.1.0", "C, Python"),
    Release("zod", "4.0.5", "4.1.0", "TypeScript", index="npm"),
    Release("rxjs", "7.5.7", "7.8.1", "TypeScript", index="npm", built=("dist",)),
    Release("express", "4.21.2", "5.0.1", "JavaScript", index="npm"),
    Release("fastify", "4.28.1", "5.1.0", "JavaScript", index="npm"),
    Release("undici", "6.21.0", "7.2.0", "JavaScript", index="npm"),
    Release("axios", "1.7.2", "1.7.9", "JavaScript", index="npm", built=("dist",)),
    Release("cordova-android", "12.0.1", "13.0.0", "Java, JavaScript", index="npm"),
    Release("react-native-fs", "2.18.0", "2.20.0", "Java, C#, Objective-C", index="npm"),
    Release("react-native-webview", "13.12.2", "13.13.1", "Java, Kotlin, C++, TypeScript", index="npm", built=("lib",)),
    Release("react-native-svg", "15.8.0", "15.9.0", "Java, C++, TypeScript", index="npm", built=("lib",)),
    Release("react-native-screens", "4.0.0", "4.4.0", "Kotlin, C++, TypeScript", index="npm", built=("lib",)),
    Release(
        "@wordpress/block-library",
        "9.12.0",
        "9.13.0",
        "PHP, JavaScript",
        index="npm",
        built=("build", "build-module", "build-style", "build-types"),
    ),
)
"""Neither index gave Go, Rust or Ruby worth the name: pip asks a source distribution for its metadata, and those with
Rust in them want their build tools for it. These languages are measured on single commits (bench/precision)."""


class NotDownloaded(Exception):
    """The package index did not give a release; the message is the client's last line."""


def repository(release: Release) -> Path:
    """A repository whose one commit after the first is the step from the old release to the new one."""
    target = WORK / f"{release.name}-{release.old}-{release.new}"
    if target.is_dir():
        return target
    making = target.with_suffix(".part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    git(making, "init", "-q", "-b", "main")
    for version in (release.old, release.new):
        for entry in making.iterdir():
            if entry.name != ".git":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        unpack(download(release, version), making)
        for folder in release.built:
            shutil.rmtree(making / folder, ignore_errors=True)
        git(making, "add", "-A", "-f")
        git(making, "commit", "-q", "-m", f"{release.name} {version}")
    making.rename(target)
    return target


def download(release: Release, version: str) -> Path:
    """The source distribution as a tar archive, from the cache if it is there."""
    folder = CACHE / release.name / version
    archives = sorted(folder.glob("*.tar.gz")) + sorted(folder.glob("*.tgz"))
    if archives:
        return archives[0]
    folder.mkdir(parents=True, exist_ok=True)
    if release.index == "npm":
        command = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{release.name}@{version}"]
    else:
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        command += ["--no-binary", ":all:", "-d", str(folder), f"{release.name}=={version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    archives = sorted(folder.glob("*.tar.gz")) + sorted(folder.glob("*.tgz"))
    if not archives:
        raise NotDownloaded((done.stderr.strip().splitlines() or ["no archive came"])[-1])
    return archives[0]


def unpack(archive: Path, target: Path) -> None:
    """The archive's files without their leading folder."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
        (top,) = Path(folder).iterdir()
        for entry in top.iterdir():
            if entry.name != ".git":
                shutil.move(str(entry), target / entry.name)


def git(folder: Path, *arguments: str) -> None:
    """Run git without the user's configuration."""
    person = {"NAME": "Bench", "EMAIL": "bench@example.com", "DATE": "2026-01-01T12:00:00+00:00"}
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in person.items()}
    isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "core.autocrlf=false", *arguments]
    subprocess.run(command, cwd=folder, env={**os.environ, **isolated, **who}, check=True)
