#!/usr/bin/env python3
"""Writes the frequency tables of the identity engine beside itself: given_names.txt, surnames.txt, commune_sizes.txt.

    shared/reference/frequencies.py --given prenoms.csv.gz --communes communes.csv.gz --records records.csv

`prenoms.csv.gz` and `communes.csv.gz` are INSEE's open lists (README.md). INSEE's list of surnames has no counts, so
those of the most common surnames are counted over the records of a register: a name, how many people have it, nothing
that tells one person.
"""

import argparse
import csv
import gzip
import unicodedata
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
# Below these a name or a commune says as much as one that isn't listed.
FEWEST_BIRTHS = 60
FEWEST_PEOPLE = 6
SMALLEST_COMMUNE = 5_000
# Per how many people counts are given, so that tables from registers of any size read alike.
PER = 1_000_000
# The parents' generation counts less: older students, and names that come back.
PARENTS_SHARE = 0.25


def fold(text):
    for written, folded in (("œ", "oe"), ("Œ", "OE"), ("æ", "ae"), ("Æ", "AE"), ("ß", "ss")):
        text = text.replace(written, folded)
    letters = (letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return "".join(letter for letter in letters if letter.isalnum()).upper()


def write(name, columns, rows):
    lines = [f"# {columns}", *(f"{key};{count}" for key, count in sorted(rows))]
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name}: {len(rows)} lines")


def given_names(path):
    births = Counter()
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            births[fold(row["prenom"])] += int(row["n_students"]) + PARENTS_SHARE * int(row["n_parents"])
    people = sum(births.values())
    return [(name, max(1, round(count * PER / people))) for name, count in births.items() if count >= FEWEST_BIRTHS]


def surnames(path):
    bearers = Counter()
    with open(path, encoding="utf-8", newline="") as file:
        seen = set()
        for row in csv.DictReader(file):
            name = fold(row["nom_naissance"])
            person = (name, fold(row["prenom1"]), row["date_naissance"])
            if name and person not in seen:
                seen.add(person)
                bearers[name] += 1
    people = sum(bearers.values())
    return [(name, round(count * PER / people)) for name, count in bearers.items() if count >= FEWEST_PEOPLE]


def communes(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        sizes = [(row["code"], int(row["pop"] or 0)) for row in csv.DictReader(file)]
    return [(code, size) for code, size in sizes if size >= SMALLEST_COMMUNE]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--given", required=True)
    arguments.add_argument("--communes", required=True)
    arguments.add_argument("--records", required=True)
    given = arguments.parse_args()
    write("given_names.txt", "folded given name;births per million, students' generation mostly", given_names(given.given))
    write("surnames.txt", "folded surname;people per million", surnames(given.records))
    write("commune_sizes.txt", "code;inhabitants", communes(given.communes))


if __name__ == "__main__":
    main()
