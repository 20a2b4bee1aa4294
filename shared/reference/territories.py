#!/usr/bin/env python3
"""Writes the list of territories beside itself: territories.txt.

    npm pack @etalab/decoupage-administratif@6.0.0 && tar xzf etalab-decoupage-administratif-6.0.0.tgz
    shared/reference/territories.py package/data/departements.json package/data/regions.json

The package has INSEE's départements and regions (README.md). Which département is of which académie is article
R222-2 of the code de l'éducation; the codes of the académies are the ministry's.
"""

import argparse
import json
from pathlib import Path

HERE = Path(__file__).parent

ACADEMIES = {
    "A01": ("Paris", "75"),
    "A02": ("Aix-Marseille", "04 05 13 84"),
    "A03": ("Besançon", "25 39 70 90"),
    "A04": ("Bordeaux", "24 33 40 47 64"),
    "A06": ("Clermont-Ferrand", "03 15 43 63"),
    "A07": ("Dijon", "21 58 71 89"),
    "A08": ("Grenoble", "07 26 38 73 74"),
    "A09": ("Lille", "59 62"),
    "A10": ("Lyon", "01 42 69"),
    "A11": ("Montpellier", "11 30 34 48 66"),
    "A12": ("Nancy-Metz", "54 55 57 88"),
    "A13": ("Poitiers", "16 17 79 86"),
    "A14": ("Rennes", "22 29 35 56"),
    "A15": ("Strasbourg", "67 68"),
    "A16": ("Toulouse", "09 12 31 32 46 65 81 82"),
    "A17": ("Nantes", "44 49 53 72 85"),
    "A18": ("Orléans-Tours", "18 28 36 37 41 45"),
    "A19": ("Reims", "08 10 51 52"),
    "A20": ("Amiens", "02 60 80"),
    "A22": ("Limoges", "19 23 87"),
    "A23": ("Nice", "06 83"),
    "A24": ("Créteil", "77 93 94"),
    "A25": ("Versailles", "78 91 92 95"),
    "A27": ("Corse", "2A 2B"),
    "A28": ("La Réunion", "974"),
    "A31": ("Martinique", "972"),
    "A32": ("Guadeloupe", "971 977 978"),
    "A33": ("Guyane", "973"),
    "A40": ("Nouvelle-Calédonie", "988"),
    "A41": ("Polynésie française", "987"),
    "A42": ("Wallis-et-Futuna", "986"),
    "A43": ("Mayotte", "976"),
    "A44": ("Saint-Pierre-et-Miquelon", "975"),
    "A70": ("Normandie", "14 27 50 61 76"),
}
# Saint-Barthélemy and Saint-Martin are of the académie of Guadeloupe: with its region, an académie lies in one region.
REGIONS = {"977": "01", "978": "01"}
# What COG codes have for places that are in no département: countries, and lands without a school.
ABROAD = "99"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("departements", type=Path)
    parser.add_argument("regions", type=Path)
    arguments = parser.parse_args()
    departments = {one["code"]: one for one in json.loads(arguments.departements.read_text())}
    regions = {one["code"]: one["nom"] for one in json.loads(arguments.regions.read_text())}
    academies = {code: academy for academy, (_, codes) in ACADEMIES.items() for code in codes.split()}
    used, lines = {}, []
    for code, academy in sorted(academies.items()):
        region = REGIONS.get(code, departments[code]["region"])
        assert used.setdefault(academy, region) == region, academy
        lines.append(f"D;{code};{departments[code]['nom']};{academy};{region}")
    lines.append(f"D;{ABROAD};Étranger;A00;{ABROAD}")
    lines += [f"A;{code};{name}" for code, (name, _) in sorted({**ACADEMIES, "A00": ("Étranger", "")}.items())]
    kept = set(used.values())
    lines += [f"R;{code};{name}" for code, name in sorted({**regions, ABROAD: "Étranger"}.items())
              if code in kept | {ABROAD}]
    (HERE / "territories.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
