"""A look-up by INE in Python: event, HMAC, one GetItem, answer.

As `lookup.py` it is the bare look-up: it checks no client, takes no quota, writes no trace and no metrics. As
`lookup.py whole` it does those too, as the function that it is compared with: the client's key, a share of its quota
drawn ahead, the trace before the answer, one line of metrics. In both its key is in its environment, and its runtime
loop is a bare keep-alive connection, lighter than the official one.
"""

import datetime
import hashlib
import hmac
import http.client
import json
import os
import secrets
import sys
import time
import uuid

import boto3

TABLE = os.environ["STUDENTS_TABLE"]
KEY_ID = os.environ["INE_KEY_ID"]
KEY = os.environ["INE_KEY"].encode()
HORIZON = datetime.timedelta(days=int(os.environ["STARTS_WITHIN_DAYS"]))

REGIMES = {
    "RF1": "formation initiale",
    "RF2": "formation initiale hors apprentissage",
    "RF3": "reprise d'études non financée sans convention",
    "RF4": "contrat d'apprentissage",
    "RF5": "formation continue",
    "RF6": "formation continue hors contrat professionnel",
    "RF7": "contrat de professionnalisation",
}

dynamodb = boto3.client("dynamodb")


def digest(ine):
    """The table's key for an INE, as `shared/src/identity/digest.rs` makes it."""
    text = ine.encode()
    mac = hmac.digest(KEY, len(text).to_bytes(8, "big") + text, hashlib.sha256)
    return f"I#{KEY_ID}.{mac[:16].hex()}"


def enrolment(stored):
    return {
        "dateDebutInscription": stored["dateDebut"]["S"],
        "dateFinInscription": stored["dateFin"]["S"],
        "statut": stored["statut"]["S"],
        "regime": REGIMES[stored["regime"]["S"]],
        "codeCommune": stored["codeCommune"]["S"],
        "etablissement": {
            "uai": stored["uai"]["S"],
            "nomEtablissement": stored["nomEtablissement"]["S"],
        },
    }


def told(ine, answer):
    # UTC's day rather than that of Paris: cheaper, and the same but for an hour or two a day.
    day = datetime.datetime.now(datetime.UTC).date()
    today, horizon = day.isoformat(), (day + HORIZON).isoformat()
    return {
        "ine": ine,
        "nomFamille": answer["nomFamille"]["S"],
        "prenom": answer["prenom"]["S"],
        "dateNaissance": answer["dateNaissance"]["S"],
        "inscriptions": [
            enrolment(item["M"])
            for item in answer["inscriptions"]["L"]
            if item["M"]["statut"]["S"] != "annulé"
            and item["M"]["dateFin"]["S"] >= today
            and item["M"]["dateDebut"]["S"] <= horizon
        ],
    }


# The function draws ahead of a caller that keeps it busy: it writes the quota for one request in five here.
DRAWN_AT_ONCE = 5
# A request's share of a quota of 50 a second, in microseconds.
COST = 1_000_000 // 50
CLIENT_REMEMBERED_SECONDS = 60
DAY_SECONDS = 24 * 60 * 60
clients = {}
drawn = {}


def client_of(event):
    """The client whose key this is, read once a minute."""
    digest_of_key = hashlib.sha256(event["headers"]["X-API-Key"].encode()).hexdigest()
    remembered = clients.get(digest_of_key)
    now = time.monotonic()
    if remembered is not None and remembered[1] > now:
        return remembered[0]
    key = dynamodb.get_item(TableName=os.environ["CLIENTS_TABLE"], Key={"id": {"S": f"KEY#{digest_of_key[:32]}"}})["Item"]
    client_id = key["client_id"]["S"]
    client = dynamodb.get_item(TableName=os.environ["CLIENTS_TABLE"], Key={"id": {"S": f"CLIENT#{client_id}"}})["Item"]
    if key["state"]["S"] != "active" or client["client_id"]["S"] != client_id:
        raise PermissionError("the key opens nothing")
    clients[digest_of_key] = (client_id, now + CLIENT_REMEMBERED_SECONDS)
    return client_id


def charge(client_id):
    """One request of the client's quota, drawn several at a time."""
    if drawn.get(client_id, 0) == 0:
        now = time.time_ns() // 1000
        dynamodb.update_item(
            TableName=os.environ["QUOTAS_TABLE"],
            Key={"subject": {"S": f"C#{client_id}"}},
            UpdateExpression="SET #bucket = :then, expires_at = :expires",
            ConditionExpression="attribute_not_exists(#bucket) OR #bucket <= :now",
            ExpressionAttributeNames={"#bucket": "spent_until"},
            ExpressionAttributeValues={
                ":now": {"N": str(now)},
                ":then": {"N": str(now + COST * DRAWN_AT_ONCE)},
                ":expires": {"N": str(now // 1_000_000 + DAY_SECONDS)},
            },
            ReturnValues="ALL_NEW",
        )
        drawn[client_id] = DRAWN_AT_ONCE
    drawn[client_id] -= 1


def trace(client_id, caller, student, enrolments):
    """Who was told what about whom, written before the answer."""
    now = datetime.datetime.now(datetime.UTC)
    at = f"{now.isoformat()}#{uuid.uuid4()}#{secrets.token_hex(4)}"
    dynamodb.put_item(
        TableName=os.environ["ACCESS_LOG_TABLE"],
        Item={
            "subject": {"S": f"S#{student}"},
            "at": {"S": at},
            "by": {"S": f"{client_id}#{now.date().isoformat()}#{at[-1]}"},
            "client": {"S": client_id},
            "route": {"S": "etudiant"},
            "action": {"S": "consulted"},
            "caller": {"S": caller},
            "found": {"BOOL": True},
            "enrolments": {"N": str(enrolments)},
            "fields": {"L": [{"S": field} for field in ("identite", "inscriptions", "regime", "etablissement")]},
            "expires_at": {"N": str(int(now.timestamp()) + 365 * DAY_SECONDS)},
        },
        ConditionExpression="attribute_not_exists(subject)",
    )


def metrics(client_id, started):
    """One line in CloudWatch's embedded metric format."""
    line = {
        "_aws": {
            "Timestamp": time.time_ns() // 1_000_000,
            "CloudWatchMetrics": [
                {"Namespace": "status", "Dimensions": [["route"]], "Metrics": [{"Name": "duration", "Unit": "Milliseconds"}]}
            ],
        },
        "route": "etudiant",
        "client": client_id,
        "outcome": "found",
        "duration": (time.monotonic() - started) * 1000,
    }
    print(json.dumps(line), flush=True)


def handle_whole(event):
    started = time.monotonic()
    client_id = client_of(event)
    charge(client_id)
    answer, found = answered(event)
    if found is not None:
        caller = event["headers"]["X-Caller"]
        trace(client_id, caller, found["student"]["S"], len(found["answer"]["M"]["inscriptions"]["L"]))
    metrics(client_id, started)
    return answer


def handle(event):
    return answered(event)[0]


def answered(event):
    ine = event["queryStringParameters"]["INE"]
    found = dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": digest(ine)}, "sk": {"S": "ANSWER"}})
    if "Item" not in found:
        return {"statusCode": 404, "body": "{}"}, None
    body = json.dumps(told(ine, found["Item"]["answer"]["M"]), ensure_ascii=False)
    answer = {
        "statusCode": 200,
        "headers": {"content-type": "application/json; charset=utf-8", "cache-control": "no-store"},
        "body": body,
    }
    return answer, found["Item"]


def main():
    handler = handle_whole if sys.argv[1:] == ["whole"] else handle
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        runtime.request("GET", "/2018-06-01/runtime/invocation/next")
        invocation = runtime.getresponse()
        request_id = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
        answer = json.dumps(handler(json.loads(invocation.read()))).encode()
        runtime.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", answer)
        runtime.getresponse().read()


main()
