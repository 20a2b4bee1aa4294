"""The policies of the plans that Terraform's tests make, each with what it is attached to.

The tests give distinct ARNs to what only AWS could name, so a policy is whole there, offline: `terraform test -json
-verbose` writes the plan of each run on a line.
"""

import dataclasses
import json
import re
from collections.abc import Iterator

ACCOUNT = "123456789012"

# Where each kind of resource has its policy, and what the policy is about: what an identity may do, or who may do
# something with the resource that it is attached to.
IDENTITY = {"aws_iam_policy": "policy", "aws_iam_role_policy": "policy"}
ATTACHED = {
    "aws_iam_role": "assume_role_policy",
    "aws_kms_key": "policy",
    "aws_s3_bucket_policy": "policy",
    "aws_sns_topic_policy": "policy",
    "aws_sqs_queue_policy": "policy",
}


class Unreadable(Exception):
    """The tests failed, or a policy isn't in the plan."""


def without_index(address: str) -> str:
    """The address of a resource, whichever of several it is."""
    return re.sub(r"\[[^]]*\]", "", address)


@dataclasses.dataclass(frozen=True)
class Policy:
    """A policy, by the address of its resource and the run that planned it."""

    address: str
    run: str
    document: dict

    @property
    def name(self) -> str:
        """The address as a reviewer finds it in the sources."""
        return without_index(self.address)


@dataclasses.dataclass(frozen=True)
class Plan:
    """One run of Terraform's tests: what would be made, by address."""

    run: str
    resources: dict[str, dict]
    kinds: dict[str, str]
    unknown: dict[str, dict]

    def policies(self) -> Iterator[Policy]:
        for address, resource in self.resources.items():
            kind = self.kinds[address]
            attribute = IDENTITY.get(kind) or ATTACHED.get(kind)
            if attribute is None:
                if kind.endswith("_policy") and "policy" in resource:
                    raise Unreadable(f"{address}: nobody has said what a policy of {kind} is attached to")
                continue
            text = resource.get(attribute)
            if text is None or self.unknown[address].get(attribute) is True:
                raise Unreadable(
                    f"{address}: its policy is known once it is deployed only; give the test what it names ({self.run})"
                )
            document = json.loads(text)
            if kind in ATTACHED:
                own = _own_arn(kind, resource)
                # A key's policy says "*" for the key, and a role's says nothing for the role.
                for statement in document["Statement"] if own else []:
                    if statement.get("Resource", "*") == "*":
                        statement["Resource"] = own
            yield Policy(address, self.run, document)


def _own_arn(kind: str, resource: dict) -> str | None:
    if kind == "aws_iam_role":
        return f"arn:aws:iam::{ACCOUNT}:role/{resource['name']}"
    return resource["arn"] if kind == "aws_kms_key" else None


def read(lines: Iterator[str]) -> list[Plan]:
    """The plans of `terraform test -json -verbose`."""
    plans, summary = [], None
    for line in lines:
        message = json.loads(line)
        if message["type"] == "diagnostic" and message["diagnostic"]["severity"] == "error":
            detail = message["diagnostic"]
            raise Unreadable(f"Terraform's tests fail: {detail['summary']}: {detail['detail']}")
        if message["type"] == "test_plan":
            changes = message["test_plan"]["resource_changes"]
            changed = [change for change in changes if change["mode"] == "managed" and change["change"]["after"]]
            plans.append(
                Plan(
                    message["@testrun"],
                    {change["address"]: change["change"]["after"] for change in changed},
                    {change["address"]: change["type"] for change in changed},
                    {change["address"]: change["change"]["after_unknown"] for change in changed},
                )
            )
        if message["type"] == "test_summary":
            summary = message["test_summary"]
    if summary is None or summary["status"] != "pass" or len(plans) != summary["passed"]:
        raise Unreadable(f"Terraform's tests didn't end well: {summary}, {len(plans)} plans")
    return plans
