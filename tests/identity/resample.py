#!/usr/bin/env python3
"""Draws another labelled set from a labelled set: other people, another seed, other rates of homonyms and of errors.

    tests/identity/resample.py DIR OUT --seed 7 --people 40000 --homonyms 0.05 --errors 1.5

DIR is a set such as the development one. Its people are taken apart and put together again: a surname of one, a given
name of another of the same sex and country, a date, a commune; so the frequencies of values stay and no person does.
With `--names REFERENCE`, surnames and given names come from the open lists of that directory instead (noms.txt.gz,
prenoms.csv.gz), so that a set has other names than those the engine's frequencies were counted over; some are in no list.
With `--alike SHARE`, that share of twins, in the register and absent, has given names a letter apart that no list has.

Errors are this script's own. `--homonyms` is how many pairs of each kind of homonym a thousand people have: 1.4 is the
development set's rate, some 35 times the real one; 0.04 is the real one.
"""

import argparse
import csv
import gzip
import random
import unicodedata
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

COLUMNS = (
    "record_id,date_reception,uai,annee,ine,nom_naissance,nom_usage,prenom1,autres_prenoms,sexe,date_naissance,"
    "code_commune_naissance,libelle_naissance,code_pays_naissance"
).split(",")
FRANCE = "99100"
SOUNDS = [("PH", "F"), ("TH", "T"), ("Y", "I"), ("AI", "E"), ("EAU", "O"), ("AU", "O"), ("C", "K"), ("QU", "K"),
          ("SS", "S"), ("LL", "L"), ("NN", "N"), ("S", "SS"), ("N", "NN"), ("I", "Y"), ("K", "C"), ("F", "PH")]
SCANNED = [("RN", "M"), ("M", "RN"), ("O", "Q"), ("I", "L"), ("E", "C"), ("CL", "D"), ("U", "II"), ("H", "N")]
CITIES = {"75": ("75056", "PARIS"), "69": ("69123", "LYON"), "13": ("13055", "MARSEILLE")}


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path, columns, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def plain(text):
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


def rnie(number):
    key = 97 - number % 97
    return f"{number:09}{'ABCDEFGHJK'[key // 10]}{'ABCDEFGHJK'[key % 10]}"


def bea(number):
    return f"{number:010}{'ABCDEFGHJKLMNPRSTUVWXYZ'[number % 23]}"


class Population:
    """People drawn from the values of a labelled set."""

    def __init__(self, directory, draw):
        self.draw = draw
        truth = {row["record_id"]: row for row in read(directory / "truth.csv")}
        best = {}
        for row in read(directory / "records.csv"):
            label = truth[row["record_id"]]
            faults = label["corruptions"].count("|") + bool(label["corruptions"])
            if label["person_id"] not in best or faults < best[label["person_id"]][0]:
                best[label["person_id"]] = (faults, row)
        self.seen = [row for _, row in best.values() if row["code_pays_naissance"] and row["sexe"]]
        self.by_country, self.by_name = defaultdict(list), defaultdict(list)
        self.labels = {}
        for row in self.seen:
            self.by_country[row["code_pays_naissance"]].append(row)
            self.by_name[row["code_pays_naissance"], row["sexe"]].append(row)
            if row["code_commune_naissance"] and row["libelle_naissance"]:
                self.labels[row["code_commune_naissance"]] = row["libelle_naissance"]
        self.numbers = iter(range(80_000_000, 10**9, 3))
        self.people, self.alike = [], 0.0

    def rename(self, reference):
        """Names from open lists. INSEE's surnames have no counts: they are given those of a Zipf law, in a random order,
        which is the shape of counts that are published elsewhere."""
        with gzip.open(reference / "noms.txt.gz", "rt", encoding="utf-8") as file:
            surnames = [line.strip() for line in file if line.strip()]
        self.draw.shuffle(surnames)
        counts = [1 / (rank + 20) for rank in range(len(surnames))]
        born = {"F": ([], []), "M": ([], [])}
        with gzip.open(reference / "prenoms.csv.gz", "rt", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                names, weights = born["F" if row["sexe"] in "2F" else "M"]
                names.append(row["prenom"])
                # The parents' generation alone: the engine's table counts the students' four times as much.
                weights.append(int(row["n_parents"] or 0) + 1)
        drawn = {sex: iter(self.draw.choices(*lists, k=400_000)) for sex, lists in born.items()}
        for row, surname in zip(self.seen, self.draw.choices(surnames, counts, k=len(self.seen))):
            row["nom_naissance"] = surname
            row["prenom1"] = self.syllables() if self.draw.random() < 0.05 else next(drawn[row["sexe"]])
            row["autres_prenoms"] = " ".join(next(drawn[row["sexe"]]) for _ in row["autres_prenoms"].split())

    def syllables(self):
        """A given name that is in no list."""
        draw = self.draw
        return "".join(draw.choice("BDFGHJKLMNRSTVZ") + draw.choice("AEIOU") for _ in range(draw.choice([2, 2, 3, 3, 4])))

    def person(self, **fixed):
        draw = self.draw
        base = draw.choice(self.seen)
        country = base["code_pays_naissance"]
        kin = self.by_country[country]
        person = {
            "sexe": base["sexe"],
            "code_pays_naissance": country,
            "nom_naissance": draw.choice(kin)["nom_naissance"],
            "nom_usage": draw.choice(kin)["nom_naissance"] if draw.random() < 0.03 else "",
            "date_naissance": draw.choice(kin)["date_naissance"],
            **self.place(kin),
            **fixed,
        }
        person.setdefault("prenoms", self.given_names(person))
        person["ine"], person["second_ine"] = self.number(), self.number()
        person["id"] = f"N{len(self.people):06}"
        self.people.append(person)
        return person

    def given_names(self, person):
        named = self.by_name[person["code_pays_naissance"], person["sexe"]]
        first = self.draw.choice(named)["prenom1"]
        others = self.draw.choice(named)["autres_prenoms"].split()
        return [first, *(name for name in others if name != first)]

    def place(self, kin):
        for _ in range(20):
            row = self.draw.choice(kin)
            if row["code_pays_naissance"] != FRANCE or row["code_commune_naissance"] in self.labels:
                break
        code = row["code_commune_naissance"]
        label = self.labels.get(code, "") if row["code_pays_naissance"] == FRANCE else row["libelle_naissance"]
        return {"code_commune_naissance": code, "libelle_naissance": label}

    def number(self):
        number = next(self.numbers)
        return rnie(number) if self.draw.random() < 0.8 else bea(number * 7 % 10**10)

    def relative(self, one, days):
        born = date.fromisoformat(one["date_naissance"]) + timedelta(days=days)
        shared = {key: one[key] for key in ("nom_naissance", "code_pays_naissance", "code_commune_naissance", "libelle_naissance")}
        sex = self.draw.choice("FM")
        names = self.given_names({"sexe": sex, "code_pays_naissance": one["code_pays_naissance"]})
        if days == 0 and self.draw.random() < self.alike:
            sex, names = one["sexe"], [self.letter_apart(one), *names[1:]]
        if names[0] == one["prenoms"][0]:
            return None
        return self.person(**shared, sexe=sex, prenoms=names, date_naissance=born.isoformat())

    def letter_apart(self, one):
        """What parents call a twin whose given name is another's but for a letter, neither of which is in a list."""
        name = self.syllables()
        one["prenoms"] = [name, *one["prenoms"][1:]]
        at = self.draw.choice([0, len(name) - 1])
        return name[:at] + self.draw.choice([letter for letter in ("BDFGKLMNRTVZ", "AEIOU")[at > 0] if letter != name[at]]) + name[at + 1:]

    def homonym(self, one, kind):
        kin = self.by_country[one["code_pays_naissance"]]
        names = [one["prenoms"][0], *self.given_names(one)[1:]]
        born, place = one["date_naissance"], self.place(kin)
        if kind.endswith("near_dob"):
            born = (date.fromisoformat(born) + timedelta(days=self.draw.choice([-30, -10, -1, 1, 2, 10, 31]))).isoformat()
        while kind.startswith("absent") and place["code_commune_naissance"][:2] == one["code_commune_naissance"][:2]:
            place = self.place(kin)
        together = {"homonym_same_dob": 0.0, "near_dob": 0.5, "homonym_same_dob_commune": 1.0}
        if self.draw.random() < together.get(kind, 0.0):
            place = {key: one[key] for key in ("code_commune_naissance", "libelle_naissance")}
        shared = {key: one[key] for key in ("nom_naissance", "code_pays_naissance", "sexe")}
        return self.person(**shared, prenoms=names, date_naissance=born, **place)


class Errors:
    """How establishments write what they know."""

    def __init__(self, population, draw, rate):
        self.population, self.draw, self.rate = population, draw, rate

    def happens(self, share):
        return self.draw.random() < share * self.rate

    def slip(self, text):
        draw, at = self.draw, self.draw.randrange(len(text))
        kind = draw.randrange(4)
        letter = draw.choice("AEIOULNRSTMCDPBZ")
        if kind == 0 and len(text) > at + 1:
            return text[:at] + text[at + 1] + text[at] + text[at + 2:]
        if kind == 1 and len(text) > 3:
            return text[:at] + text[at + 1:]
        return text[:at] + letter + text[at + (kind == 2):]

    def swapped_sound(self, text, table):
        upper = text.upper()
        found = [(left, right) for left, right in table if left in upper]
        return upper.replace(*self.draw.choice(found), 1) if found else text

    def name(self, text):
        for share, fault in ((0.02, self.slip), (0.011, lambda name: self.swapped_sound(name, SOUNDS)),
                             (0.006, lambda name: self.swapped_sound(name, SCANNED))):
            if self.happens(share):
                text = fault(text)
        return text

    def surname(self, text):
        if "-" in text or " " in text:
            parts = text.replace("-", " ").split()
            if self.happens(0.1):
                return self.draw.choice(parts)
            if self.happens(0.15):
                text = self.draw.choice([" ", "-", ""]).join(parts)
        return self.name(text)

    def born(self, text):
        year, month, day = text.split("-")
        if self.happens(0.007) and int(day) <= 12:
            return f"{year}-{day}-{month}"
        if self.happens(0.014):
            digits = list(text)
            digits[self.draw.choice([3, 6, 8, 9])] = str(self.draw.randrange(10))
            changed = "".join(digits)
            try:
                date.fromisoformat(changed)
                return changed
            except ValueError:
                return text
        if self.happens(0.004):
            return f"{int(year) + self.draw.choice([-1, 1])}-{month}-{day}"
        return f"{year}-01-01" if self.happens(0.002) else text

    def identifier(self, person):
        if self.happens(0.14):
            return ""
        number = person["second_ine" if self.happens(0.014) else "ine"]
        if self.happens(0.002):
            return (person.get("relative") or self.draw.choice(self.population.people))["ine"]
        if self.happens(0.012):
            at = self.draw.randrange(9)
            return number[:at] + str(self.draw.randrange(10)) + number[at + 1:]
        if self.happens(0.006):
            at = self.draw.randrange(8)
            return number[:at] + number[at + 1] + number[at] + number[at + 2:]
        return number

    def place(self, person):
        code, label = person["code_commune_naissance"], person["libelle_naissance"]
        if person["code_pays_naissance"] != FRANCE:
            missing = self.happens(0.085)
            return {"libelle_naissance": "" if missing else label, "code_pays_naissance": "" if self.happens(0.02) else person["code_pays_naissance"]}
        if self.happens(0.085):
            return {"code_pays_naissance": FRANCE}
        if self.happens(0.02):
            place = self.population.place(self.population.by_country[FRANCE])
            code, label = place["code_commune_naissance"], place["libelle_naissance"]
        if "ARRONDISSEMENT" in label.upper() and self.happens(0.3):
            code, label = CITIES[code[:2]]
        if self.happens(0.007):
            at = self.draw.randrange(2, 5)
            code = code[:at] + str(self.draw.randrange(10)) + code[at + 1:]
        style = self.draw.random()
        if style < 0.15:
            code = ""
        elif style < 0.3:
            label = ""
        return {"code_commune_naissance": code, "libelle_naissance": label, "code_pays_naissance": FRANCE}

    def record(self, person):
        names = list(person["prenoms"])
        if len(names) > 1 and self.happens(0.025):
            self.draw.shuffle(names)
        if self.happens(0.45):
            names = names[:1]
        surname, usage = person["nom_naissance"], person["nom_usage"]
        if usage and self.happens(0.3):
            surname, usage = usage, ""
        elif self.draw.random() < 0.6:
            usage = ""
        row = {
            "ine": self.identifier(person),
            "nom_naissance": self.surname(surname),
            "nom_usage": usage,
            "prenom1": self.name(names[0]),
            "autres_prenoms": " ".join(names[1:]),
            "sexe": "" if self.happens(0.011) else {"F": "M", "M": "F"}[person["sexe"]] if self.happens(0.0035) else person["sexe"],
            "date_naissance": self.born(person["date_naissance"]),
            **self.place(person),
        }
        if self.happens(0.009):
            row["nom_naissance"], row["prenom1"] = row["prenom1"], row["nom_naissance"]
        style = self.draw.random()
        for column in ("nom_naissance", "nom_usage", "prenom1", "autres_prenoms", "libelle_naissance"):
            value = row.get(column, "")
            row[column] = plain(value).upper() if style < 0.55 else value.upper() if style < 0.7 else value.title()
        return row


def questions(population, errors, known, absent, count):
    """Look-ups: of people who are there, exactly or not, and of people who only resemble them."""
    draw = population.draw

    def ask(person, kind, expected, row=None, bare=False):
        names = person["prenoms"] if draw.random() < 0.55 else person["prenoms"][:1]
        row = row or {**{key: person[key] for key in ("nom_naissance", "sexe", "date_naissance", "code_pays_naissance")},
                      "code_commune_naissance": person["code_commune_naissance"]}
        first = row.get("prenom1") or names[0]
        asked = {
            "nom": row["nom_naissance"],
            "prenoms": person["prenoms"][0] if bare else " ".join([first, *names[1:]]),
            "sexe": person["sexe"],
            "date_naissance": row["date_naissance"],
            "code_commune_naissance": "" if bare else row.get("code_commune_naissance", ""),
            "libelle_naissance": "" if bare or row.get("code_commune_naissance") else row.get("libelle_naissance", ""),
            "code_pays_naissance": "" if bare else row.get("code_pays_naissance", ""),
        }
        return asked, {"kind": kind, "expected": expected}

    for person in draw.sample(known, count // 2):
        yield ask(person, "present_clean", person["id"])
    for person in draw.sample(known, count // 4):
        yield ask(person, "present_noisy", "NONE_OR:" + person["id"], errors.record(person))
    for kind, people in absent.items():
        for person in people:
            if kind == "ambiguous":
                yield ask(person, kind, "AMBIGUOUS", bare=True)
            else:
                yield ask(person, kind, "NONE")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--people", type=int, default=40_000)
    arguments.add_argument("--homonyms", type=float, default=0.04, help="pairs of each kind a thousand people")
    arguments.add_argument("--errors", type=float, default=1.0, help="times the usual rate of errors")
    arguments.add_argument("--relatives", type=float, default=10.0, help="pairs of twins a thousand people; three times as many siblings")
    arguments.add_argument("--names", type=Path, help="a directory with other lists of names")
    arguments.add_argument("--alike", type=float, default=0.0, help="share of twins named a letter apart, in no list")
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    draw = random.Random(given.seed)
    population = Population(given.directory, draw)
    population.alike = given.alike
    if given.names:
        population.rename(given.names)
    for _ in range(given.people):
        population.person()
    originals, hard = list(population.people), []
    pairs = lambda rate: draw.sample(originals, max(1, round(rate * given.people / 1000)))
    for kind, rate, days in (("twin", given.relatives, lambda: 0), ("sibling", 3 * given.relatives, lambda: draw.choice([-1, 1]) * draw.randrange(300, 2200))):
        for one in pairs(rate):
            other = population.relative(one, days())
            if other:
                one["relative"], other["relative"] = other, one
                hard.append((one, other, kind))
    for kind, rate in (("homonym_same_dob", given.homonyms), ("near_dob", given.homonyms), ("homonym_same_dob_commune", given.homonyms / 10)):
        hard += [(one, population.homonym(one, kind), kind) for one in pairs(rate)]
    known = list(population.people)
    native = [one for one in known if one["code_pays_naissance"] == FRANCE]
    absent = {
        "absent_random": [population.person() for _ in range(600)],
        "absent_homonym_other_commune": [population.homonym(one, "absent") for one in draw.sample(native, 200)],
        "absent_homonym_near_dob": [population.homonym(one, "absent_near_dob") for one in draw.sample(native, 200)],
        "absent_twin": [one for one in (population.relative(one, 0) for one in draw.sample(known, 200)) if one],
        "absent_sibling": [one for one in (population.relative(one, 700) for one in draw.sample(known, 200)) if one],
        "ambiguous": [one for one, _, kind in hard if kind.startswith("homonym")],
    }
    errors = Errors(population, draw, given.errors)
    rows = []
    for person in known:
        times = draw.choices(range(1, 8), [33176, 3744, 1740, 856, 290, 116, 78])[0]
        rows += [(errors.record(person), person["id"]) for _ in range(times)]
    draw.shuffle(rows)
    records, truth = [], []
    for number, (row, person) in enumerate(rows):
        name = f"R{number:07}"
        records.append({"record_id": name, "date_reception": "2025-07-01T06:00:00", "uai": "0440085D", "annee": "2025", **row})
        truth.append({"record_id": name, "person_id": person, "corruptions": ""})
    asked = [({"query_id": f"Q{number:06}", **question}, {"query_id": f"Q{number:06}", **answer})
             for number, (question, answer) in enumerate(questions(population, errors, known, absent, 8_000))]
    write(given.out / "records.csv", COLUMNS, records)
    write(given.out / "truth.csv", ["record_id", "person_id", "corruptions"], truth)
    write(given.out / "hard_negatives.csv", ["person_a", "person_b", "kind"],
          [{"person_a": one["id"], "person_b": other["id"], "kind": kind} for one, other, kind in hard])
    write(given.out / "lookups.csv", list(asked[0][0]), [question for question, _ in asked])
    write(given.out / "lookups_truth.csv", ["query_id", "kind", "expected"], [answer for _, answer in asked])


if __name__ == "__main__":
    main()
