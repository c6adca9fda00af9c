"""Each fault has a test, wherever in this folder's neighbours that is."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bad_days.rows import ELSEWHERE, FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]


def marked(source: str) -> Iterator[int]:
    """Yield the numbers of the faults whose tests are in a file."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("test_"):
                yield from numbers(node.decorator_list)
        elif isinstance(node, ast.Assign):
            names = [one.id for one in node.targets if isinstance(one, ast.Name)]
            if names == ["pytestmark"]:
                yield from numbers([node.value])


def numbers(nodes: list[ast.expr]) -> Iterator[int]:
    for node in (inner for one in nodes for inner in ast.walk(one)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
            (number,) = node.args
            yield ast.literal_eval(number)


def found() -> dict[int, set[str]]:
    """Return the files that test a fault, by its number."""
    files: dict[int, set[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for number in marked(path.read_text()):
            files.setdefault(number, set()).add(path.name)
    return files


def test_rows__have_a_test_each() -> None:
    assert set(found()) == set(FAULTS) - set(ELSEWHERE)


def test_rows__are_thirty_five() -> None:
    assert list(FAULTS) == list(range(1, 36))
    assert set(ELSEWHERE) <= set(FAULTS)


def test_marker__counts_where_a_test_has_it() -> None:
    """Not on a helper, and not in a text."""
    source = (
        "pytestmark = [pytest.mark.keycloak, pytest.mark.fault(1)]\n"
        "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.fault(2))])\n"
        "def test_one(x): pass\n"
        "@pytest.mark.fault(3)\n"
        "async def test_two(): pass\n"
        "@pytest.mark.fault(4)\n"
        "def helper(): 'pytest.mark.fault(5)'\n"
        "other = pytest.mark.fault(6)\n"
    )

    assert list(marked(source)) == [1, 2, 3]
