"""`python -m policies.rights PLANS PACKAGES`: each function's role against what the program in its package calls.

What the program was linked with (linked.py), of what the sources call (code.py), is what the role needs, on what
`calls.toml` says: nothing may be missing in its policy, and nothing may be more. Keys, logs and traces are left to
Terraform's own tests.
"""

import pathlib
import sys
import tomllib

from policies import code, linked, plans

HERE = pathlib.Path(__file__)
ROOT = HERE.parents[3]
# Nothing in the code names them: the services do it, for each table, queue and bucket that has a key.
NOT_CALLED = ("kms:", "logs:", "xray:")
SECRET = "secretsmanager:GetSecretValue"
Functions = dict[str, code.Function]


def unlisted(functions: Functions, calls: dict) -> list[str]:
    """Calls that `calls.toml` lacks, and what it has that is no call."""
    called = {path for path, function in functions.items() if function.actions - {SECRET}}
    named = set(calls["on"])
    lines = [f"{path} calls AWS, and calls.toml doesn't say on what" for path in sorted(called - named)]
    lines += [f"calls.toml names {path}, which calls nothing" for path in sorted(named - called)]
    within = {*calls["within"], *(caller for callers in calls["within"].values() for caller in callers)}
    lines += [f"calls.toml names {path}, which isn't there" for path in sorted(within - set(functions))]
    return lines


def needed(name: str, reached: set[str], functions: Functions, calls: dict) -> set[str]:
    """The rights that a program's calls take, `action resource`, and those that its role has to have besides."""
    elsewhere = calls["elsewhere"].get(name, {})
    rights = set()
    for path in reached & set(calls["on"]):
        on = calls["on"][path]
        rights |= {f"{action} {elsewhere.get(on, on)}" for action in functions[path].actions - {SECRET}}
    return rights | {right for entry in calls["beyond"] if entry["function"] == name for right in entry["rights"]}


def given(policies: list[plans.Policy]) -> set[str]:
    """The rights that a role's policy gives in some plan, in the same form."""
    pairs = {
        (action, resource)
        for policy in policies
        for statement in policy.document["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    return {f"{action} {_short(resource)}" for action, resource in pairs if not action.startswith(NOT_CALLED)}


def _short(arn: str) -> str:
    """What a table, a queue, a topic, a bucket or a secret is called in the tests' plans."""
    return arn.rpartition(":")[2].removeprefix("table/").removeprefix("statut-etudiant-test-").replace("-123456789012", "")


def differences(name: str, needs: set[str], gives: set[str]) -> list[str]:
    """What a role lacks, and what it has for nothing."""
    return [f"{name} needs {right}, which its role doesn't give" for right in sorted(needs - gives)] + [
        f"{name}'s role gives {right}, which no code of it calls" for right in sorted(gives - needs)
    ]


def unexplained(name: str, program: linked.Program, reached: set[str], functions: Functions) -> list[str]:
    """Operations that the program was linked with and that no call of ours that it was linked with makes: a call that
    code.py doesn't know, or that was compiled into what `within` doesn't name."""
    known = {operation for path in reached for operation in code.operations(functions[path].body)}
    return [
        f"{name} was linked with {operation}, and with nothing that calls it"
        for operation in sorted(program.operations())
        if operation.partition("::")[2] not in known
    ]


def secrets(name: str, made: list[plans.Plan]) -> set[str]:
    """The right to each secret that the function's environment names."""
    arns = {
        value
        for plan in made
        for address, resource in plan.resources.items()
        if plans.without_index(address) == f"module.{name}.aws_lambda_function.this"
        for variable, value in resource["environment"][0]["variables"].items()
        if variable.endswith("_SECRET_ARN")
    }
    return {f"{SECRET} {_short(arn)}" for arn in arns}


def compare(made: list[plans.Plan], packages: pathlib.Path, functions: Functions, calls: dict) -> list[str]:
    """What is to be mended, a line each."""
    found, used = unlisted(functions, calls), set()
    for name in sorted(path.name for path in (ROOT / "functions").iterdir()):
        program = linked.Program.of_package(packages / name / "bootstrap.zip")
        own = {path: function for path, function in functions.items() if path.partition("::")[0] in ("shared", name)}
        reached = linked.reached(program, own, calls["within"])
        used |= reached
        role = f"module.{name}.aws_iam_role_policy.this"
        gives = given([policy for plan in made for policy in plan.policies() if policy.name == role])
        needs = needed(name, reached, own, calls)
        if not gives or not needs:
            found.append(f"{name}: its policy isn't in the plans, or its program calls nothing")
        found += differences(name, needs | secrets(name, made), gives)
        found += unexplained(name, program, reached, own)
    operators = set(calls["operators"]["calls"])
    missing = set(calls["on"]) - used - operators
    found += [f"{path} is in no program: say into what it is compiled" for path in sorted(missing)]
    found += [f"{path} is a function's, and calls.toml leaves it to operators" for path in sorted(operators & used)]
    return found


def main(arguments: list[str]) -> int:
    calls = tomllib.loads(HERE.with_name("calls.toml").read_text("utf-8"))
    with open(arguments[0], encoding="utf-8") as lines:
        made = plans.read(lines)
    found = compare(made, pathlib.Path(arguments[1]), code.functions(ROOT), calls)
    for line in found:
        print(line)
    print(f"Roles compared with what the programs call: {len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except plans.Unreadable as error:
        sys.exit(str(error))
