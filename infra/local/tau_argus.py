"""What τ-Argus finds of a system that we protected: the tool of the statistical offices, with its own audit and solver.

`python -m tau_argus FILE…` reads systems in its format (JJ), all tables and sums of one as we protect them, and has it look for the
least and the most of each hidden cell. A cell that has to be protected is found out when that is narrower than the file says.
"""

import sys
import tempfile
import time
from pathlib import Path

from pytauargus._tauargus import audit_jj


def widths(path: Path) -> dict[int, float]:
    """How wide each cell that has to be protected must stay."""
    _, cells, *lines = path.read_text(encoding="ascii").splitlines()
    fields = [line.split() for line in lines[: int(cells)]]
    return {int(cell): float(wide) for cell, _, _, status, *_, wide in fields if status == "u"}


def narrow_cells(path: Path) -> tuple[int, int, list[str]]:
    """How many cells are hidden, how many of them have to be protected, and which of those aren't."""
    audited = {row["cell"]: row["max"] - row["min"] for row in audit_jj(str(path))}
    wanted = widths(path)
    narrow = {cell: width for cell in wanted if (width := audited.get(cell, 0.0)) < wanted[cell] - 1e-6}
    said = [f"cell {cell} is {width:.2f} wide, of {wanted[cell]:.0f}" for cell, width in sorted(narrow.items())]
    return len(audited), len(wanted), said


def finds_what_one_sum_tells() -> bool:
    """Whether it finds anything: the one secret of a sum, and not one of two that leave room for each other."""
    sums = "1\n0 3 : 0 (-1) 1 (1) 2 (1)\n"
    cells = "0\n3\n0 100 1 s 0 200 0 0 4\n1 3 1 u 0 200 0 0 4\n2 97 1 {} 0 200 0 0 4\n"
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "sum.jj"
        found = []
        for state in ("s", "m"):
            path.write_text(cells.format(state) + sums, encoding="ascii")
            found.append(len(narrow_cells(path)[2]))
    return found == [1, 0]


def main(paths: list[str]) -> int:
    """Says what was found out, system by system."""
    if not finds_what_one_sum_tells():
        print("τ-Argus doesn't find what a single sum tells")
        return 1
    found = 0
    for path in map(Path, paths):
        started = time.perf_counter()
        hidden, protected, narrow = narrow_cells(path)
        for said in narrow[:20]:
            print(f"{path.stem}: {said}")
        found += len(narrow)
        seconds = time.perf_counter() - started
        print(f"{path.stem}: {protected} of {hidden} hidden cells have to be protected, {len(narrow)} aren't ({seconds:.1f} s)")
    return 1 if found or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
