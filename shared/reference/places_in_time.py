#!/usr/bin/env python3
"""Writes the lists of places in time beside itself: former_communes.txt, postal_codes.txt.

    npm pack @etalab/decoupage-administratif@6.0.0 && tar xzf etalab-decoupage-administratif-6.0.0.tgz
    shared/reference/places_in_time.py package/data/communes.json

The package has INSEE's code officiel géographique and La Poste's postal codes (README.md).
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

from frequencies import fold

HERE = Path(__file__).parent
PRESENT = ("commune-actuelle", "arrondissement-municipal")


def former_communes(communes):
    """Former codes with the present one, and former names: of delegated and associated communes, which are the only
    former ones whose names are in the package."""
    lines = set()
    for commune in communes:
        if commune["type"] == "commune-actuelle":
            for former in commune.get("anciensCodes", []):
                lines.add((former, "", commune["code"]))
    present = {former: code for former, _, code in lines}
    names = {(commune["code"], fold(commune["nom"])) for commune in communes if commune["type"] == "commune-actuelle"}
    for commune in communes:
        if commune["type"] in PRESENT:
            continue
        code, name = commune["code"], fold(commune["nom"])
        # Where the two lists differ, the seat that the commune itself names is right.
        now = commune["chefLieu"]
        lines.discard((code, "", present.get(code)))
        if (now, name) != (code, name) or (code, name) not in names:
            lines.add((code, name, now))
    return sorted(lines)


def postal_codes(communes):
    codes = defaultdict(set)
    for commune in communes:
        for postal in commune.get("codesPostaux", []):
            codes[postal].add(commune["code"])
    return sorted(codes)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("communes", help="communes.json of the package")
    communes = json.loads(Path(arguments.parse_args().communes).read_text(encoding="utf-8"))
    former = ["# former code;folded name, if known;present code", *(";".join(line) for line in former_communes(communes))]
    (HERE / "former_communes.txt").write_text("\n".join(former) + "\n", encoding="utf-8")
    (HERE / "postal_codes.txt").write_text("\n".join(postal_codes(communes)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
