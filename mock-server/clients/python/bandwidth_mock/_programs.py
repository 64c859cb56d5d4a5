"""Finds the programs, and is what the commands `bandwidth-mock` and `bandwidth-conformance` run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn, Optional

from ._error import Error

_SUFFIX = ".exe" if os.name == "nt" else ""


def find_mock() -> str:
    """The mock that `BANDWIDTH_MOCK` names, else the one in the wheel, else the one on the PATH."""
    named = os.environ.get("BANDWIDTH_MOCK")
    if named:
        found = shutil.which(named)
        if found is None:
            raise Error(f"BANDWIDTH_MOCK names {named}, which is not a program")
        return found
    found = _in_wheel("bandwidth-mock") or shutil.which("bandwidth-mock")
    if found is None:
        raise Error("bandwidth-mock was not found; install its wheel, or name the program with BANDWIDTH_MOCK")
    return found


def mock() -> NoReturn:
    _become("bandwidth-mock")


def conformance() -> NoReturn:
    _become("bandwidth-conformance")


def _in_wheel(name: str) -> Optional[str]:
    program = Path(__file__).with_name("programs") / f"{name}{_SUFFIX}"
    return str(program) if program.exists() else None


def _become(name: str) -> NoReturn:
    program = _in_wheel(name)
    if program is None:
        sys.exit(f"{name}: this package was installed without its programs; install the wheel")
    if os.name == "nt":
        sys.exit(subprocess.call([program, *sys.argv[1:]]))
    os.execv(program, [name, *sys.argv[1:]])
