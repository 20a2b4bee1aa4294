"""`python -m policies.check PLANS`: every policy of the plans, by the opinion of others.

Fails for a finding that `accepted.toml` doesn't have, and for an entry there that nothing is said of any more.
"""

import fnmatch
import pathlib
import sys
import tomllib

from policies import opinions, plans

ACCEPTED = pathlib.Path(__file__).with_name("accepted.toml")


class Accepted:
    """What is said and is no fault, each with a reason."""

    def __init__(self, entries: list[dict]) -> None:
        for entry in entries:
            if set(entry) - {"detail"} != {"policy", "statement", "issue", "reason"} or len(entry["reason"]) < 20:
                raise plans.Unreadable(f"an accepted finding has a policy, a statement, an issue and a reason: {entry}")
        self._entries = entries
        self._used: set[int] = set()

    def takes(self, finding: opinions.Finding) -> bool:
        """Whether some entry is about the finding."""
        taken = [index for index, entry in enumerate(self._entries) if _is_about(entry, finding)]
        self._used.update(taken)
        return bool(taken)

    def unused(self) -> list[dict]:
        """The entries that were about nothing."""
        return [entry for index, entry in enumerate(self._entries) if index not in self._used]


def _is_about(entry: dict, finding: opinions.Finding) -> bool:
    return (
        fnmatch.fnmatchcase(finding.policy, entry["policy"])
        and finding.statement == entry["statement"]
        and fnmatch.fnmatchcase(finding.issue, entry["issue"])
        and fnmatch.fnmatchcase(finding.detail, entry.get("detail", "*"))
    )


def faults(policies: list[plans.Policy], accepted: Accepted) -> list[str]:
    """What is to be mended, a line each."""
    found = sorted({finding for policy in policies for finding in opinions.findings(policy)})
    lines = [
        f"{finding.policy}, {finding.statement or 'as a whole'}: {finding.issue} {finding.detail}"
        for finding in found
        if not accepted.takes(finding)
    ]
    return lines + [f"accepted, and said of nothing any more: {entry}" for entry in accepted.unused()]


def main(arguments: list[str]) -> int:
    with open(arguments[0], encoding="utf-8") as lines:
        policies = [policy for plan in plans.read(lines) for policy in plan.policies()]
    found = faults(policies, Accepted(tomllib.loads(ACCEPTED.read_text("utf-8"))["accepted"]))
    for line in found:
        print(line)
    statements = sum(len(policy.document["Statement"]) for policy in policies)
    print(f"{len(policies)} policies of {statements} statements: {len(found)} findings")
    return 1 if found or not policies else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except plans.Unreadable as error:
        sys.exit(str(error))
