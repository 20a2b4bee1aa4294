"""What schemathesis must know to ask this API: who asks, and what is no failure.

Schemathesis has headers for each operation in its configuration too, but sends them with all the others (4.32).
"""

import os
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData

TOKEN = ("Authorization", f"Bearer {os.environ['FUZZ_TOKEN']}")
WRITE_KEY = ("X-API-Key", os.environ["FUZZ_WRITE_KEY"])
REVIEW_KEY = ("X-API-Key", os.environ["FUZZ_REVIEW_KEY"])
# A route that is added under one of these is asked with its key.
KEYS = {
    "/api/revues": REVIEW_KEY,
    "/api/inscription": WRITE_KEY,
    "/api/depots": WRITE_KEY,
    "/api/qualite": WRITE_KEY,
}
# The consultation's routes differ by what they take.
CREDENTIALS = {
    # Upstream's contract has a key for each route.
    "statutParIne": ("X-API-Key", os.environ["FUZZ_INE_KEY"]),
    "statutParEtatCivil": ("X-API-Key", os.environ["FUZZ_IDENTITY_KEY"]),
    "directParIne": TOKEN,
    "directParIdentite": TOKEN,
    "directParLot": TOKEN,
    "introspect": TOKEN,
    "directParFranceConnect": ("Authorization", f"Bearer {os.environ['FUZZ_FRANCE_CONNECT_TOKEN']}"),
}


def operation_id(operation):
    return operation.definition.raw.get("operationId")


def credential_of(operation):
    by_path = (key for path, key in KEYS.items() if operation.path.startswith(path))
    return CREDENTIALS.get(operation_id(operation)) or next(by_path, None)


@schemathesis.auth(refresh_interval=None).apply_to(
    lambda context: context.operation.definition.raw.get("security") and credential_of(context.operation)
)
class Credential:
    def get(self, case, context):
        return credential_of(context.operation)

    def set(self, case, data, context):
        name, value = data
        case.headers[name] = value


@schemathesis.hook.apply_to(operation_id="directParIdentite")
def map_query(context, query):
    """The given name that goes with the family name of schemathesis.toml, which can't name the items of a list."""
    if query and query.get("nomNaissance") in ("ROUSSEL", "Roussel"):
        given_names = query.get("prenoms[]")
        if isinstance(given_names, list) and len(given_names) == 1 and isinstance(given_names[0], str):
            query["prenoms[]"] = ["Camille"]
    return query


@schemathesis.hook
def filter_failure(context, failure, case, response):
    return not (
        isinstance(failure, AcceptedNegativeData)
        and response.status_code == 200
        and (_says_which_line_is_wrong(case, response) or _is_blank(case, response))
    )


def _says_which_line_is_wrong(case, response):
    """A batch is answered line by line: a line that can't be read is `invalide` in a 200, and costs the others nothing."""
    match operation_id(case.operation):
        case "directParLot":
            return response.json()["meta"]["invalides"] > 0
        case "lot":
            return any(result["code"] == 400 for result in response.json()["resultats"])
    return False


def _is_blank(case, response):
    """An optional parameter that is blank is one that isn't given: forms send them all."""
    phase = case.meta.phase.data
    wrong = {getattr(phase, "parameter", None), *(mutation.parameter for mutation in getattr(phase, "mutations", []))} - {None}
    optional = {parameter.name for parameter in case.operation.query if not parameter.is_required}
    values = dict(parse_qsl(urlsplit(response.request.url).query, keep_blank_values=True))
    return bool(wrong) and wrong <= optional and all(not values.get(name, "absent").strip() for name in wrong)
