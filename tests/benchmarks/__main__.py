"""Run the benchmarks side by side, and say which targets hold."""

from __future__ import annotations

import argparse
import gc
import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.report import header
from tests.benchmarks.world import running

if TYPE_CHECKING:
    from types import ModuleType

_MODULES = {
    "a": "authorisation",
    "b": "downstream_get",
    "c": "stampede",
    "d": "middleware_cost",
    "e": "bearer_validation",
    "f": "impersonated_request",
    "g": "audit_record",
    "h": "shared_cache",
}


def main() -> None:
    """Print each benchmark's table when it is done."""
    chosen = _arguments()
    print(header(), flush=True)
    results = {}
    with running() as world:
        for letter in chosen.letter or _MODULES:
            module = _module(letter)
            gc.freeze()
            result = module.measure(world, quick=chosen.quick)
            print(f"\n{result.text()}", flush=True)
            results[letter] = result.data()
    if chosen.json:
        content = {"versions": header(), "results": results}
        chosen.json.write_text(json.dumps(content, indent=1) + "\n")


def _module(letter: str) -> ModuleType:
    """Import a benchmark, now that Django has the settings that its imports read."""
    try:
        return import_module(f"tests.benchmarks.{_MODULES[letter]}")
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"({letter}) needs {error.name}. Fix: pip install -e '.[benchmark]'"
        ) from error


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument(
        "letter", nargs="?", choices=[*_MODULES], help="which; all where none is named"
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for CI")
    parser.add_argument("--json", type=Path, help="write every sample to this file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
