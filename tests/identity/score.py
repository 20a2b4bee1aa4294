#!/usr/bin/env python3
"""Scores what `cargo local match` wrote against a labelled set, as a line of JSON or a readable one.

    tests/identity/score.py DIR --entities E.csv --review R.csv [--answers A.csv] [--candidates C.csv] [--link-only]

DIR holds records.csv and truth.csv, and maybe lookups.csv, lookups_truth.csv and hard_negatives.csv. The measures are
those of the judge's own scorer, with the rows that it lacks: pair completeness of blocking, recall by sex, by place of
birth and with or without an identifier, look-ups that give one name and no birthplace.
"""

import argparse
import csv
import json
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def share(part, whole):
    return part / whole if whole else 1.0


def abroad(record):
    return record["code_pays_naissance"] not in ("", "99100")


def groups(one, other):
    """What a pair is an instance of, for recall by group."""
    yield "born abroad" if abroad(one) or abroad(other) else "born in France"
    yield {"F": "women", "M": "men"}.get(one["sexe"] or other["sexe"], "sex unknown")
    if one["ine"] and other["ine"]:
        yield "INE equal" if one["ine"] == other["ine"] else "INE different"
    else:
        yield "INE missing"


def score(directory, entities, review=None, answers=None, candidates=None, link_only=False):
    directory = Path(directory)
    person = {row["record_id"]: row["person_id"] for row in read(directory / "truth.csv")}
    record = {row["record_id"]: row for row in read(directory / "records.csv")}
    entity = {row["record_id"]: row["entity_id"] for row in read(entities)}
    kinds = {}
    if (directory / "hard_negatives.csv").exists():
        kinds = {frozenset((r["person_a"], r["person_b"])): r["kind"] for r in read(directory / "hard_negatives.csv")}
    counts = lambda one, other: not link_only or record[one]["uai"] != record[other]["uai"]

    by_entity, by_person = defaultdict(list), defaultdict(list)
    for name in person:
        by_entity[entity.get(name, name)].append(name)
        by_person[person[name]].append(name)
    right = wrong = misplaced = 0
    wrong_kinds, wrong_pairs = Counter(), []
    for members in by_entity.values():
        people = Counter(person[name] for name in members)
        misplaced += len(members) - max(people.values())
        for one, other in combinations(members, 2):
            if not counts(one, other):
                continue
            if person[one] == person[other]:
                right += 1
            else:
                wrong += 1
                wrong_kinds[kinds.get(frozenset((person[one], person[other])), "stranger")] += 1
                wrong_pairs.append((one, other))

    pairs = lambda path: {frozenset((row["record_id_a"], row["record_id_b"])) for row in read(path)}
    reviewed = pairs(review) if review else set()
    compared = pairs(candidates) if candidates else None
    total = missed_but_reviewed = missed_by_blocking = 0
    found = defaultdict(lambda: [0, 0])
    missed_pairs = []
    for members in by_person.values():
        for one, other in combinations(members, 2):
            if not counts(one, other):
                continue
            total += 1
            hit = entity.get(one, one) == entity.get(other, other)
            pair = frozenset((one, other))
            if not hit:
                missed_pairs.append((one, other))
                missed_but_reviewed += pair in reviewed
            missed_by_blocking += compared is not None and pair not in compared
            for group in groups(record[one], record[other]):
                found[group][0] += hit
                found[group][1] += 1
    precision, recall = share(right, right + wrong), share(right, total)
    result = {
        "records": len(person),
        "people": len(by_person),
        "true_pairs": total,
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "false_pairs": wrong,
        "false_pairs_by_kind": dict(wrong_kinds),
        "wrongly_attached_per_10000": 10_000 * misplaced / len(person),
        "recall_by_group": {group: share(*hits) for group, hits in sorted(found.items())},
        "pairs_by_group": {group: hits[1] for group, hits in sorted(found.items())},
    }
    if review:
        result["review_per_1000"] = 1000 * len(reviewed) / len(person)
        result["review_share_true"] = share(sum(len({person[name] for name in p}) == 1 for p in reviewed), len(reviewed))
        result["recall_match_or_review"] = share(right + missed_but_reviewed, total)
    if compared is not None:
        result["pair_completeness"] = share(total - missed_by_blocking, total)
    if answers:
        result["look_ups"] = score_answers(directory, answers, person)
    result["_wrong"], result["_missed"], result["_reviewed"] = wrong_pairs, missed_pairs, reviewed
    return result


def score_answers(directory, answers, person):
    truth = {row["query_id"]: (row["kind"], row["expected"].split(":")[-1]) for row in read(directory / "lookups_truth.csv")}
    question = {row["query_id"]: row for row in read(directory / "lookups.csv")}
    answered = {row["query_id"]: row["answer"] for row in read(answers)}
    kinds, bare, leaks = defaultdict(Counter), Counter(), []
    for query, (kind, expected) in truth.items():
        answer = answered.get(query, "NONE")
        answer = person.get(answer, answer)
        outcome = {"NONE": "none", "AMBIGUOUS": "ambiguous", expected: "right"}.get(answer, "leak")
        kinds[kind]["asked"] += 1
        kinds[kind][outcome] += 1
        if outcome == "leak":
            leaks.append(query)
        # One given name and no commune, as people born abroad have in FranceConnect.
        asked = question[query]
        if " " not in asked["prenoms"].strip() and not asked["code_commune_naissance"] and not asked["libelle_naissance"]:
            bare["asked"] += 1
            bare["should be found"] += kind.startswith("present")
            bare[outcome] += 1
    rate = lambda kind: share(kinds[kind]["right"], kinds[kind]["asked"])
    return {
        "asked": len(truth),
        "leaks": len(leaks),
        "leak_rate": share(len(leaks), len(truth)),
        "found_clean": rate("present_clean"),
        "found_noisy": rate("present_noisy"),
        "by_kind": {kind: dict(count) for kind, count in kinds.items()},
        "one_name_no_place": dict(bare),
        "_leaks": leaks,
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("directory")
    arguments.add_argument("--entities", required=True)
    for name in ("--review", "--answers", "--candidates"):
        arguments.add_argument(name)
    arguments.add_argument("--link-only", action="store_true")
    result = score(**vars(arguments.parse_args()))
    public = {key: value for key, value in result.items() if not key.startswith("_")}
    if "look_ups" in public:
        public["look_ups"] = {key: value for key, value in public["look_ups"].items() if not key.startswith("_")}
    print(json.dumps(public, indent=1))


if __name__ == "__main__":
    main()
