"""An attacker of frozen snapshots, who has their files and another solver (HiGHS) than the one that protected them.

`python -m attacker TERRITORIES DIRECTORY…` reads each table, takes what counts the same people for one unknown, writes down every
sum that readers know of, and looks for the least and the most of secret cells by linear programming. A cell is found out when
it must have people, certainly few, and what it may have is narrower than the threshold allows.
"""

import csv
import json
import random
import sys
from pathlib import Path

import highspy

ALL = "ensemble"
# What a column of codes tells apart: a dimension, and how finely.
COLUMNS = {
    "region": ("place", 1), "academie": ("place", 2), "departement": ("place", 3),
    "type": ("supplier", 1), "uai": ("supplier", 2), "cursus": ("cursus", 1), "sexe": ("sex", 1),
    "groupe": ("regime", 1), "regime": ("regime", 2), "age": ("age", 1), "naissance": ("birth", 1),
    "statut": ("status", 1), "diplome": ("diploma", 1), "niveau": ("diploma", 2),
    "inscriptions_par_etudiant": ("multiple", 1), "flux": ("flow", 1),
}  # fmt: skip
# Students of the snapshot before who aren't there any more: a part of no total.
LEFT = ("flow", "parti", 1)
UNITS = ("place", "supplier", "diploma")
# Cells that are attacked at most, drawn by chance: a program for each would take minutes.
MOST = 400


class Snapshot:
    """What readers are told: counts and secrets by cell, a cell being what it tells apart of each dimension."""

    def __init__(self, plain: int, personal: int):
        self.plain, self.personal = plain, personal
        self.date, self.before = "", ""
        # The snapshot before, whose places tell how many there were.
        self.previous: Snapshot | None = None
        self.told: dict[frozenset, int | None] = {}
        # The level above each value of a dimension.
        self.above: dict[tuple[str, str, int], tuple[str, int]] = {}
        # Cells of second enrolments as well: one may be secret for them, and have nobody's main enrolment.
        self.second: set[frozenset] = set()
        # The cells that each table splits a place, an establishment or a diploma into.
        self.rows: dict[tuple, list[frozenset]] = {}

    @classmethod
    def of(cls, directory: Path, territories: dict[tuple[str, int], tuple[str, int]]) -> "Snapshot":
        manifest = json.loads((directory / "manifeste.json").read_text(encoding="utf-8"))
        snapshot = cls(manifest["seuil"], manifest["seuilPersonnel"])
        snapshot.date, snapshot.before = manifest["date"], manifest["precedent"]
        snapshot.above = {("place", code, level): up for (code, level), up in territories.items()}
        for path in sorted(directory.glob("*.csv")):
            if path.stem != "couverture":
                snapshot.read(path)
        return snapshot

    def read(self, path: Path) -> None:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                values = {}
                for name, code in row.items():
                    if name not in COLUMNS or code == ALL:
                        continue
                    dimension, level = COLUMNS[name]
                    if name == "niveau":
                        code = f"{row['diplome']}/{code}"
                        self.above["diploma", code, 2] = (row["diplome"], 1)
                    if name == "regime":
                        self.above["regime", code, 2] = (row["groupe"], 1)
                    if name == "uai" and "type" in row:
                        self.above["supplier", code, 2] = (row["type"], 1)
                    if values.get(dimension, ("", 0))[1] < level:
                        values[dimension] = (code, level)
                cell = frozenset((dimension, *value) for dimension, value in values.items())
                unit = tuple(row[name] for name in row if COLUMNS.get(name, ("",))[0] in UNITS)
                self.rows.setdefault((path.stem, unit, LEFT in cell), []).append(cell)
                self.told[cell] = int(row["effectif"]) if row["etat"] == "publié" else None
                if "inscriptions" in row:
                    self.second.add(cell)

    def sums(self) -> dict[tuple[frozenset, str], list[frozenset]]:
        """For each cell and dimension, the cells one level down: a row that isn't there is zero."""
        sums: dict[tuple[frozenset, str, int], list[frozenset]] = {}
        for cell in self.told:
            for part in cell:
                if part == LEFT:
                    continue
                dimension, code, level = part
                rest = cell - {part}
                above = self.above.get((dimension, code, level))
                # The level above that has a cell: what a table doesn't tell apart is the total of its dimension.
                while above and rest | {(dimension, *above)} not in self.told:
                    above = self.above.get((dimension, *above))
                total = rest | {(dimension, *above)} if above else rest
                if total in self.told:
                    sums.setdefault((total, dimension, level), []).append(cell)
        return sums

    def moved_away(self) -> list[tuple[int, list[frozenset]]]:
        """For each académie whose students of before were published, how many they were and the cells of those who stayed and of
        those who left: the others are elsewhere, and nobody has a table of them."""
        before = self.previous.told if self.previous else {}
        parts = [
            (before.get(cell - {LEFT}), [cell - {LEFT} | {("flow", "reste", 1)}, cell])
            for cell in self.told
            if LEFT in cell and cell - {LEFT}
        ]
        return [(count, cells) for count, cells in parts if count is not None]

    def taken_away(self) -> set[frozenset]:
        """Cells of rows of which nothing is published, so that they may be empty."""
        secret = lambda cells: all(self.told[cell] is None for cell in cells)
        return {cell for cells in self.rows.values() if secret(cells) for cell in cells}

    def threshold(self, cell: frozenset) -> int:
        personal = any(dimension in ("sex", "age", "birth") for dimension, *_ in cell)
        return self.personal if personal else self.plain


def attack(snapshot: Snapshot) -> tuple[int, int, list[str]]:
    """How many cells are secret, how many of them were attacked, and those that were found out."""
    secret = [cell for cell, count in snapshot.told.items() if count is None]
    unknown = {cell: at for at, cell in enumerate(secret)}
    sums = snapshot.sums()
    taken_away = snapshot.taken_away()
    may_be_empty = taken_away | snapshot.second
    least = [0.0 if cell in may_be_empty else 1.0 for cell in secret]
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    for bound in least:
        solver.addVar(bound, highspy.kHighsInf)
    wrong = []
    for (total, dimension, _), parts in sums.items():
        weights: dict[int, float] = {}
        known = 0
        for cell, sign in [(total, -1), *((part, 1) for part in parts)]:
            count = snapshot.told[cell]
            if count is None:
                weights[unknown[cell]] = weights.get(unknown[cell], 0.0) + sign
            else:
                known += sign * count
        if weights:
            solver.addRow(-known, -known, len(weights), list(weights), list(weights.values()))
        elif known:
            wrong.append(f"{named(total)} isn't the sum of its parts by {dimension}")
    elsewhere = []
    for count, cells in snapshot.moved_away():
        known = count - sum(snapshot.told[cell] or 0 for cell in cells)
        hidden = [unknown[cell] for cell in cells if snapshot.told[cell] is None]
        if hidden:
            solver.addVar(0.0, highspy.kHighsInf)
            moved = solver.getNumCol() - 1
            elsewhere.append(moved)
            solver.addRow(known, known, len(hidden) + 1, [*hidden, moved], [1.0] * (len(hidden) + 1))
        elif 0 < known < snapshot.plain:
            wrong.append(f"{named(cells[1])}: {known} moved away")
    attacked = random.Random(20261020).sample(secret, min(MOST, len(secret)))
    bounds = lambda at, sense: bound_of(solver, at, sense)
    for cell in attacked:
        at, gap = unknown[cell], snapshot.threshold(cell) - 1
        low, high = bounds(at, highspy.ObjSense.kMinimize), bounds(at, highspy.ObjSense.kMaximize)
        if low is None:
            wrong.append("no population agrees with the tables")
            break
        is_few = low <= gap
        if cell not in taken_away and is_few and high is not None and high - low < gap - 1e-6:
            wrong.append(f"{named(cell)} is from {low:.2f} to {high:.2f}, of a threshold of {gap + 1}")
    for moved in elsewhere:
        low, high = bounds(moved, highspy.ObjSense.kMinimize), bounds(moved, highspy.ObjSense.kMaximize)
        if low is not None and high is not None and 0 < low < snapshot.plain and high - low < snapshot.plain - 1 - 1e-6:
            wrong.append(f"from {low:.2f} to {high:.2f} moved away")
    return len(secret), len(attacked) + len(elsewhere), wrong


def bound_of(solver: "highspy.Highs", at: int, sense: "highspy.ObjSense") -> float | None:
    """The least or the most of an unknown; nothing where there is none."""
    solver.changeObjectiveSense(sense)
    solver.changeColCost(at, 1.0)
    solver.run()
    optimal = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    value = solver.getInfo().objective_function_value if optimal else None
    solver.changeColCost(at, 0.0)
    return value


def named(cell: frozenset) -> str:
    """A cell, for whoever reads the failure: codes of tables, and nobody."""
    return ", ".join(f"{dimension} {code}" for dimension, code, _ in sorted(cell)) or "everybody"


def territories_of(path: Path) -> dict[tuple[str, int], tuple[str, int]]:
    """For each département its académie, and for each académie its region."""
    above = {("inconnu", 3): ("inconnu", 2), ("inconnu", 2): ("inconnu", 1)}
    for line in path.read_text(encoding="utf-8").splitlines():
        kind, code, *rest = line.split(";")
        if kind == "D":
            _, academy, region = rest
            above[code, 3], above[academy, 2] = (academy, 2), (region, 1)
    return above


def finds_what_one_sum_tells() -> bool:
    """Whether the attacker finds anything: the one secret of a sum, and not one of two that leave room for each other; the only
    person who moved away, and nobody where those who left are secret."""

    def of_sex(men: int | None, women: int | None, unknown: int | None) -> Snapshot:
        snapshot = Snapshot(plain=5, personal=11)
        snapshot.told[frozenset()] = 100
        for code, count in {"M": men, "F": women, "inconnu": unknown}.items():
            snapshot.told[frozenset({("sex", code, 1)})] = count
        return snapshot

    def since(left: int | None) -> Snapshot:
        place = ("place", "A01", 2)
        snapshot = Snapshot(plain=5, personal=11)
        snapshot.previous = Snapshot(plain=5, personal=11)
        snapshot.previous.told[frozenset({place})] = 100
        snapshot.told[frozenset({place, ("flow", "reste", 1)})] = 90
        snapshot.told[frozenset({place, LEFT})] = left
        return snapshot

    alone, in_company = attack(of_sex(57, 40, None)), attack(of_sex(57, None, None))
    told, untold = attack(since(9)), attack(since(None))
    return len(alone[2]) == 1 and not in_company[2] and len(told[2]) == 1 and not untold[2]


def main(territories: str, directories: list[str]) -> int:
    """Says what was found out, snapshot by snapshot."""
    if not finds_what_one_sum_tells():
        print("the attacker doesn't find what a single sum tells")
        return 1
    known, found = territories_of(Path(territories)), 0
    snapshots = [(directory, Snapshot.of(directory, known)) for directory in map(Path, directories)]
    by_date = {snapshot.date: snapshot for _, snapshot in snapshots}
    for directory, snapshot in snapshots:
        snapshot.previous = by_date.get(snapshot.before)
        secret, attacked, wrong = attack(snapshot)
        for one in wrong[:20]:
            print(f"{directory.name}: {one}")
        found += len(wrong)
        print(f"{directory.name}: {attacked} of {secret} secret cells attacked, {len(wrong)} found out")
    return 1 if found or not directories else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
