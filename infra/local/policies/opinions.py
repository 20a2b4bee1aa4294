"""What parliament and the database of policy_sentry say of a policy, statement by statement.

Both read AWS's Service Authorization Reference, each a copy of its own: an action that is in neither doesn't exist, and
one that is in one only is said.
"""

import dataclasses
import fnmatch
import json
from collections.abc import Iterator

import parliament
import parliament.finding
from policy_sentry.querying.actions import get_actions_for_service
from policy_sentry.querying.arns import get_matching_raw_arns
from policy_sentry.shared.iam_data import get_service_prefix_data

from policies.plans import Policy


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    """Something that is said against a statement."""

    policy: str
    statement: str
    issue: str
    detail: str


def findings(policy: Policy) -> Iterator[Finding]:
    """Everything that is said against a policy."""
    for issue in _parliament(policy.document):
        # What is said of one statement is had below, with its name.
        if issue.issue in ("DUPLICATE_SID", "INVALID_VERSION", "NO_VERSION", "OLD_VERSION"):
            yield Finding(policy.name, "", issue.issue, str(issue.detail))
    for index, statement in enumerate(policy.document["Statement"]):
        name = statement.get("Sid", f"#{index + 1}")
        for issue in _parliament({"Version": "2012-10-17", "Statement": [statement]}):
            for detail in _details(issue, listed(statement["Action"])):
                yield Finding(policy.name, name, issue.issue, detail)
        for issue, detail in _database(statement):
            yield Finding(policy.name, name, issue, detail)


def _parliament(document: dict) -> list:
    return parliament.analyze_policy_string(json.dumps(document)).findings


def _details(issue: parliament.finding.Finding, actions: list[str]) -> Iterator[str]:
    """What a finding is about. Of a resource that doesn't fit, only the actions that the statement names: a wildcard
    stands for whichever of its actions there are on that resource, and `_database` asks that there be one."""
    if issue.issue == "RESOURCE_MISMATCH":
        yield from (
            f"{each['action']} on {each['required_format']}" for each in issue.detail if each["action"] in actions
        )
    elif issue.issue == "RESOURCE_STAR":
        yield from (each for each in actions if any(fnmatch.fnmatchcase(named, each) for named in issue.detail))
    else:
        yield str(issue.detail)


def listed(value: object) -> list:
    """What IAM takes as one or as a list of them."""
    return value if isinstance(value, list) else [value]


def _database(statement: dict) -> Iterator[tuple[str, str]]:
    resources = listed(statement["Resource"])
    keys = [key for operator in statement.get("Condition", {}).values() for key in operator]
    used = set()
    for wanted in listed(statement["Action"]):
        service, _, pattern = wanted.partition(":")
        known = [action.partition(":")[2] for action in get_actions_for_service(service)]
        named = [action for action in known if fnmatch.fnmatchcase(action.lower(), pattern.lower())]
        if not named:
            yield "SENTRY_UNKNOWN_ACTION", wanted
            continue
        reached = [
            (action, resource) for action in named for resource in resources if _reaches(service, action, resource)
        ]
        used.update(resource for _, resource in reached)
        if not reached:
            yield "SENTRY_WRONG_RESOURCE", f"{wanted} on none of {', '.join(resources)}"
        for key in keys:
            if reached and not any(_supports(service, action, key) for action, _ in reached):
                yield "SENTRY_UNSUPPORTED_CONDITION", f"{key} of {wanted}"
    for resource in resources:
        if resource not in used:
            yield "SENTRY_USELESS_RESOURCE", resource


def _reaches(service: str, action: str, resource: str) -> bool:
    """Whether the action is one on that type of resource; one that has no type is on "*" alone."""
    types = [name for name in _privilege(service, action)["resource_types"] if name]
    if not types or resource == "*":
        return resource == "*"
    described = get_service_prefix_data(service)["resources"]
    return not {described[name]["arn"] for name in types}.isdisjoint(get_matching_raw_arns(resource))


def _privilege(service: str, action: str) -> dict:
    return get_service_prefix_data(service)["privileges"][action]


def _supports(service: str, action: str, key: str) -> bool:
    """Whether AWS gives that key to the action; the keys of every request are AWS's own (`aws:`)."""
    if key.lower().startswith("aws:"):
        return True
    types = _privilege(service, action)["resource_types"].values()
    offered = {_plain(offered) for kind in types for offered in kind["condition_keys"]}
    return _plain(key) in offered or any(fnmatch.fnmatchcase(_plain(key), offer) for offer in offered)


def _plain(key: str) -> str:
    """A key in the form that it is compared in: `kms:EncryptionContext:${EncryptionContextKey}` takes any name."""
    before, variable, _ = key.lower().partition("${")
    return before + "*" if variable else before
