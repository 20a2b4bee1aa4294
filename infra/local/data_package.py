"""Whether others read the files of snapshots as they are meant.

`python -m data_package DIRECTORY…` validates the Data Package of each, reads each table in Parquet with DuckDB and compares
it with the CSV, and reads the catalogue as RDF.
"""

import csv
import json
import sys
from pathlib import Path

import duckdb
import frictionless
import rdflib

DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
COUNTS = ("effectif", "inscriptions", "part_attendue")


def validated(directory: Path) -> list[str]:
    """What the Data Package says that isn't so: a schema that a table doesn't have, a file that isn't there."""
    description = json.loads((directory / "datapackage.json").read_text(encoding="utf-8"))
    missing = [one["path"] for one in description["resources"] if not (directory / one["path"]).is_file()]
    # frictionless reads tables in Parquet by a library that is larger than itself: DuckDB reads them here.
    description["resources"] = [one for one in description["resources"] if one["format"] == "csv"]
    if not description["resources"]:
        return ["no table in CSV"]
    package = frictionless.Package.from_descriptor(description, basepath=str(directory))
    report = package.validate()
    errors = [f"{task.name}: {error.message}" for task in report.tasks for error in task.errors]
    errors.extend(error.message for error in report.errors)
    errors.extend(f"{path} isn't there" for path in missing)
    if not report.valid and not errors:
        errors.append("the Data Package isn't valid")
    return errors


def rows_of(path: Path) -> list[tuple[str | None, ...]]:
    """The rows of a CSV with its heading, an empty count or date as nothing."""
    with path.open(encoding="utf-8", newline="") as file:
        heading, *rows = csv.reader(file, delimiter=";")
    optional = {at for at, name in enumerate(heading) if name in (*COUNTS, "dernier_versement")}
    empty = lambda at, value: None if at in optional and value == "" else value
    return [tuple(heading), *(tuple(empty(at, value) for at, value in enumerate(row)) for row in rows)]


def same_rows(directory: Path) -> tuple[list[str], int]:
    """Tables whose Parquet hasn't the rows of their CSV in the same order, or has a code as a number; and how many rows."""
    errors, count = [], 0
    tables = sorted(directory.glob("*.csv"))
    for path in tables:
        columnar = path.with_suffix(".parquet")
        if not columnar.is_file():
            errors.append(f"{columnar.name} isn't there")
            continue
        read = duckdb.sql(f"SELECT * FROM read_parquet('{columnar}')")
        kinds = dict(zip(read.columns, map(str, read.types)))
        for name, kind in kinds.items():
            expected = "BIGINT" if name in COUNTS else "DATE" if name == "dernier_versement" else "VARCHAR"
            if kind != expected:
                errors.append(f"{columnar.name}: {name} is {kind}, not {expected}")
        text = lambda value: None if value is None else str(value)
        found = [tuple(read.columns), *(tuple(map(text, row)) for row in read.fetchall())]
        expected = rows_of(path)
        count += len(expected) - 1
        if found != expected:
            errors.append(f"{columnar.name} hasn't the rows of {path.name}")
    if not tables:
        errors.append("no table")
    return errors, count


def catalogue(directory: Path) -> list[str]:
    """Distributions of the catalogue that aren't files of the snapshot, and tables that aren't in it."""
    graph = rdflib.Graph()
    base = "https://example.org/snapshot/"
    graph.parse(data=(directory / "dcat.jsonld").read_text(encoding="utf-8"), format="json-ld", publicID=base)
    found = {str(address).rsplit("/", 1)[-1] for address in graph.objects(None, DCAT.downloadURL)}
    expected = {path.name for suffix in ("csv", "parquet") for path in directory.glob(f"*.{suffix}")}
    expected |= {f"{path.stem}.json" for path in directory.glob("*.csv")} & {path.name for path in directory.glob("*.json")}
    errors = [f"dcat.jsonld doesn't have {name}" for name in sorted(expected - found)]
    errors.extend(f"dcat.jsonld has {name}" for name in sorted(found - expected))
    if len(list(graph.subjects(rdflib.RDF.type, DCAT.Dataset))) != 1:
        errors.append("dcat.jsonld hasn't one data set")
    return errors


def main(directories: list[str]) -> int:
    """Says what is wrong, snapshot by snapshot."""
    wrong = 0
    for directory in map(Path, directories):
        different, rows = same_rows(directory)
        errors = validated(directory) + different + catalogue(directory)
        for error in errors:
            print(f"{directory.name}: {error}")
        wrong += len(errors)
        print(f"{directory.name}: {rows} rows, {len(errors)} errors")
    return 1 if wrong or not directories else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
