"""Puts the programs into the wheel: `cargo xtask dist --wheel` names their folder and the platform.

Without the two variables the wheel has no programs and fits every platform, as a checkout does.
"""

import os
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Programs(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        folder = os.environ.get("WHEEL_PROGRAMS")
        if folder is None:
            return
        build_data["force_include"][folder] = "bandwidth_mock/programs"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{os.environ['WHEEL_PLATFORM']}"
