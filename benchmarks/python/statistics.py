"""Counts by DuckDB what `statistics_benchmark` counts: `python statistics.py ROWS`.

The rows are made Parquet first, which isn't measured. Then each student's main enrolment is chosen and every table counted at every
level, on one thread; what is printed is the processor time of that, and the students by académie.
"""

import json
import pathlib
import resource
import sys

import duckdb

BAND = "CASE WHEN age <= 17 THEN '17-' WHEN age <= 25 THEN age::VARCHAR WHEN age <= 29 THEN '26-29' ELSE '30+' END"
MULTIPLE = """CASE WHEN bool_or(cpge) OVER student AND NOT bool_and(cpge) OVER student THEN 'double_cpge'
              WHEN count(*) OVER student >= 3 THEN '3+' ELSE (count(*) OVER student)::VARCHAR END"""
GROUP = "CASE WHEN regime IN ('RF1','RF2','RF3') THEN 'initiale' WHEN regime IN ('RF4','RF7') THEN 'alternance' ELSE 'continue' END"
# The shapes of `functions/statistics/src/tables/shape.rs`, and whether they count people alone.
SHAPES = [
    ("ROLLUP (region, academie, departement), ROLLUP (kind, uai), ROLLUP (cursus)", False),
    ("ROLLUP (academie), ROLLUP (uai), ROLLUP (sexe)", True),
    ("ROLLUP (academie), ROLLUP (uai), ROLLUP (groupe)", False),
    ("ROLLUP (academie), ROLLUP (groupe, regime)", False),
    ("ROLLUP (academie), ROLLUP (bande), ROLLUP (sexe)", True),
    ("ROLLUP (academie), ROLLUP (naissance)", True),
    ("ROLLUP (academie), ROLLUP (statut)", False),
    ("ROLLUP (diplome, niveau)", False),
    ("ROLLUP (academie), ROLLUP (multiple)", True),
]


def processor():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(rows):
    database = duckdb.connect()
    database.execute("SET threads = 1")
    columns = str(rows.with_suffix(".parquet"))
    database.execute(
        f"""COPY (SELECT * FROM read_csv('{rows}', types = {{'regime': 'VARCHAR', 'diplome': 'VARCHAR', 'niveau': 'VARCHAR',
            'departement': 'VARCHAR', 'region': 'VARCHAR'}})) TO '{columns}' (FORMAT parquet, COMPRESSION zstd)"""
    )
    started = processor()
    database.execute(
        f"""CREATE TEMP TABLE fact AS SELECT *, {BAND} AS bande, {GROUP} AS groupe, {MULTIPLE} AS multiple,
            row_number() OVER (student ORDER BY statut = 'admis', NOT cpge, main_order, debut, uai, diplome, niveau) = 1 AS main
            FROM '{columns}' WINDOW student AS (PARTITION BY student)"""
    )
    cells = 0
    for shape, people in SHAPES:
        where = "WHERE main" if people else ""
        sums = "count(*) AS n" if people else "count(*) FILTER (main) AS n, count(*) AS m, count(DISTINCT student) AS p"
        database.execute(f"CREATE OR REPLACE TEMP TABLE counted AS SELECT {sums} FROM fact {where} GROUP BY {shape}")
        cells += database.execute("SELECT count(*) FROM counted").fetchone()[0]
    seconds = processor() - started
    academies = database.execute("SELECT academie, count(*) FROM fact WHERE main GROUP BY 1 ORDER BY 1").fetchall()
    pathlib.Path(columns).unlink()
    print(json.dumps({"seconds": seconds, "cells": cells, "academies": academies}))


main(pathlib.Path(sys.argv[1]))
