"""The checks of the policies, on policies and sources that are wrong on purpose."""

import json
import pathlib
import unittest

from policies import check, code, linked, opinions, plans, rights

TABLE = "arn:aws:dynamodb:eu-west-3:123456789012:table/records"
ROLE = "module.ingestion.aws_iam_role_policy.this"


def policy(**statement: object) -> plans.Policy:
    whole = {"Sid": "Sid", "Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": [TABLE]} | statement
    return plans.Policy(ROLE, "run", {"Version": "2012-10-17", "Statement": [whole]})


def issues(**statement: object) -> set[str]:
    return {finding.issue for finding in opinions.findings(policy(**statement))}


def messages(after: dict, kind: str, status: str = "pass") -> list[str]:
    change = {"address": f"{kind}.this[0]", "type": kind, "mode": "managed"}
    change["change"] = {"after": after, "after_unknown": {} if after.get("policy") else {"policy": True}}
    plan = {"type": "test_plan", "@testrun": "run", "test_plan": {"resource_changes": [change]}}
    summary = {"type": "test_summary", "test_summary": {"status": status, "passed": 1}}
    return [json.dumps(plan), json.dumps(summary)]


class Opinions(unittest.TestCase):
    def test_a_right_policy_is_said_nothing_of(self) -> None:
        self.assertEqual(issues(), set())
        self.assertEqual(issues(Action=["dynamodb:Query"], Resource=[f"{TABLE}/index/slice"]), set())

    def test_an_action_that_does_not_exist_is_said_by_both(self) -> None:
        self.assertLessEqual(
            {"UNKNOWN_ACTION", "SENTRY_UNKNOWN_ACTION"}, issues(Action=["dynamodb:TransactWriteItems"])
        )
        self.assertIn("SENTRY_UNKNOWN_ACTION", issues(Action=["dynamodb:Nothing*"]))

    def test_an_action_on_another_type_of_resource_is_said_by_both(self) -> None:
        wrong = issues(Action=["s3:GetObject"], Resource=["arn:aws:s3:::inbox"])
        self.assertLessEqual({"RESOURCE_MISMATCH", "SENTRY_WRONG_RESOURCE", "SENTRY_USELESS_RESOURCE"}, wrong)

    def test_a_resource_that_no_action_is_for_is_said(self) -> None:
        self.assertEqual(issues(Resource=[TABLE, "arn:aws:s3:::inbox/*"]), {"SENTRY_USELESS_RESOURCE"})

    def test_a_condition_that_is_never_met_is_said_by_both(self) -> None:
        wrong = issues(Condition={"StringEquals": {"s3:prefix": "a"}})
        self.assertLessEqual({"UNKNOWN_CONDITION_FOR_ACTION", "SENTRY_UNSUPPORTED_CONDITION"}, wrong)
        self.assertEqual(issues(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-3"}}), set())

    def test_everything_is_said_of_an_action_that_could_name_its_resource(self) -> None:
        self.assertEqual(issues(Resource=["*"]), {"RESOURCE_STAR"})


class Accepted(unittest.TestCase):
    ENTRY = {"policy": "*.this", "statement": "Sid", "issue": "RESOURCE_STAR", "reason": "It is for a test of this."}

    def test_what_is_accepted_is_no_fault_and_what_is_not_is_one(self) -> None:
        wide = [policy(Resource=["*"])]
        self.assertEqual(check.faults(wide, check.Accepted([self.ENTRY])), [])
        self.assertEqual(len(check.faults(wide, check.Accepted([]))), 1)

    def test_an_entry_that_nothing_is_said_of_is_a_fault(self) -> None:
        self.assertEqual(len(check.faults([policy()], check.Accepted([self.ENTRY]))), 1)

    def test_an_entry_has_a_reason(self) -> None:
        with self.assertRaises(plans.Unreadable):
            check.Accepted([self.ENTRY | {"reason": ""}])


class Plans(unittest.TestCase):
    def test_a_policy_that_is_not_in_the_plan_is_refused(self) -> None:
        plan = plans.read(iter(messages({"name": "a"}, "aws_iam_role_policy")))[0]
        with self.assertRaisesRegex(plans.Unreadable, "known once it is deployed"):
            list(plan.policies())

    def test_a_kind_of_policy_that_nobody_knows_is_refused(self) -> None:
        plan = plans.read(iter(messages({"policy": "{}"}, "aws_ecr_repository_policy")))[0]
        with self.assertRaisesRegex(plans.Unreadable, "aws_ecr_repository_policy"):
            list(plan.policies())

    def test_tests_that_fail_have_no_plans(self) -> None:
        with self.assertRaises(plans.Unreadable):
            plans.read(iter(messages({"policy": "{}"}, "aws_iam_role_policy", "fail")))

    def test_a_key_is_what_its_policy_says_everything_of(self) -> None:
        document = json.dumps({"Statement": [{"Action": "kms:Decrypt", "Resource": "*"}]})
        plan = plans.read(iter(messages({"policy": document, "arn": "arn:key"}, "aws_kms_key")))[0]
        self.assertEqual(next(plan.policies()).document["Statement"][0]["Resource"], "arn:key")


class Rights(unittest.TestCase):
    STORE = """
        pub async fn get(&self) { self.item().await }
        async fn item(&self) { self.client.get_item().table_name(&self.table) }
        pub async fn forget(&self) { self.client.delete_item() } // .put_item()
        pub fn check(&self) { check_over(&self.table) }
        pub fn version(&self) { self.s3.get_object().version_id(version) }
    """
    SYMBOLS = ["shared::registry::notes::NoteStore::get", "aws_sdk_dynamodb::operation::get_item::GetItem::orchestrate"]

    def setUp(self) -> None:
        found = code.functions_of("shared::registry::notes", self.STORE)
        self.functions = {function.path.rpartition("::")[2]: function for function in found}
        self.by_path = {function.path: function for function in self.functions.values()}

    def reached(self, *symbols: str, within: dict[str, list[str]] | None = None) -> set[str]:
        return linked.reached(linked.Program(symbols), self.by_path, within or {})

    def test_calls_are_read_with_the_right_that_they_take(self) -> None:
        rights_of = {name: function.actions for name, function in self.functions.items()}
        self.assertEqual(rights_of["get"], set())
        self.assertEqual(rights_of["item"], {"dynamodb:GetItem"})
        self.assertEqual(rights_of["forget"], {"dynamodb:DeleteItem"})
        self.assertEqual(rights_of["check"], {"dynamodb:ConditionCheckItem"})
        self.assertEqual(rights_of["version"], {"s3:GetObjectVersion"})

    def test_a_private_call_is_in_the_program_with_whatever_names_it(self) -> None:
        self.assertEqual(self.reached(*self.SYMBOLS), {"shared::registry::notes::item"})

    def test_a_call_is_found_by_the_future_that_it_returns(self) -> None:
        future = "core::ptr::drop_in_place<shared::registry::notes::NoteStore<a::B<C>>::check<D>::{{closure}}>"
        self.assertEqual(self.reached(future), {"shared::registry::notes::check"})
        self.assertEqual(self.reached("shared::registry::notes::NoteStore::checked"), set())

    def test_a_call_may_be_compiled_into_another_module(self) -> None:
        within = {"shared::registry::notes::forget": ["shared::registry::notes::version"]}
        reached = self.reached("shared::registry::notes::NoteStore::version", within=within)
        self.assertIn("shared::registry::notes::forget", reached)

    def test_an_operation_that_no_known_call_makes_is_told(self) -> None:
        program = linked.Program([*self.SYMBOLS, "aws_sdk_sqs::operation::purge_queue::PurgeQueue::orchestrate"])
        reached = linked.reached(program, self.by_path, {})
        told = rights.unexplained("notes", program, reached, self.by_path)
        self.assertEqual(told, ["notes was linked with aws_sdk_sqs::PurgeQueue, and with nothing that calls it"])

    def test_what_is_missing_and_what_is_more_are_told(self) -> None:
        gives = rights.given([policy(Action=["dynamodb:GetItem", "kms:Decrypt"]), policy(Action=["dynamodb:Scan"])])
        self.assertEqual(gives, {"dynamodb:GetItem records", "dynamodb:Scan records"})
        needs = {"dynamodb:GetItem records", "dynamodb:Query records"}
        told = rights.differences("notes", needs, gives)
        self.assertEqual(
            told,
            [
                "notes needs dynamodb:Query records, which its role doesn't give",
                "notes's role gives dynamodb:Scan records, which no code of it calls",
            ],
        )

    def test_the_list_of_calls_is_whole_and_has_no_more(self) -> None:
        on = {"shared::registry::notes::item": "notes", "shared::registry::notes::get": "notes"}
        told = rights.unlisted({path: self.by_path[path] for path in on}, {"on": {}, "within": {}})
        self.assertEqual(len(told), 1)
        told = rights.unlisted({path: self.by_path[path] for path in on}, {"on": on, "within": {"gone": []}})
        self.assertEqual(len(told), 2)

    def test_the_sources_are_found(self) -> None:
        functions = code.functions(pathlib.Path(rights.ROOT))
        self.assertGreater(sum(bool(function.actions) for function in functions.values()), 80)
        self.assertNotIn("shared::registry::read::one", {path for path, each in functions.items() if each.actions})
