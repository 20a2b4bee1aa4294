use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn store() -> NewIdentityStore {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12());
    NewIdentityStore::new(Client::from_conf(config.build()), "quotas".into())
}

fn cohort() -> Cohort {
    Cohort { uai: Uai::parse("0751967F").unwrap(), year: AcademicYear::parse("2026-2027").unwrap() }
}

fn terms() -> Terms {
    Terms { floor: NonZeroU32::new(200).unwrap(), percent: 20 }
}

#[test]
fn a_request_is_marked_by_its_reference_and_charged_to_its_cohort() {
    let subject = |item: &HashMap<String, AttributeValue>| item["subject"].as_s().unwrap().clone();
    let mark = store().mark("1.0123456789abcdef0123456789abcdef", NOW).unwrap();
    assert_eq!(subject(mark.item()), "N#1.0123456789abcdef0123456789abcdef");
    assert_eq!(mark.condition_expression(), Some("attribute_not_exists(subject)"));
    assert_eq!(mark.item()["expires_at"].as_n().unwrap(), "34560000");

    let charge = store().charge(cohort(), terms(), NOW).unwrap();
    assert_eq!(subject(charge.key()), "N#0751967F#2026");
    let expression =
        format!("{} {}", charge.update_expression(), charge.condition_expression().unwrap());
    let given = charge.expression_attribute_values().unwrap();
    // DynamoDB refuses a value that no expression uses, and one that is used and not given.
    for value in given.keys() {
        assert!(expression.contains(value.as_str()), "{value} in {expression}");
    }
    for word in expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != ':') {
        assert!(!word.starts_with(':') || given.contains_key(word), "{word} in {expression}");
    }
    assert_eq!(given[":floor"].as_n().unwrap(), "200");
}

#[test]
fn a_cancelled_transaction_says_whether_it_was_paid_for_or_there_is_no_room() {
    let reason = |code: &str| CancellationReason::builder().code(code).build();
    let (willing, failed, conflict) =
        (reason("None"), reason("ConditionalCheckFailed"), reason("TransactionConflict"));
    let item: Item =
        [("reserved_count", 200), ("confirmed_share", 40), ("counted_at", 7), ("expires_at", 9)]
            .map(|(name, value)| (name.to_owned(), number(value)))
            .into();
    let full =
        CancellationReason::builder().code("ConditionalCheckFailed").set_item(Some(item)).build();
    let account = Account {
        reserved_count: 200,
        confirmed_share: Some(40),
        counted_at: Some(7),
        operator_limit: None,
    };

    assert_eq!(why(&[failed.clone(), willing.clone()]), Ok(Attempt::Made));
    assert_eq!(
        why(&[failed, full.clone()]),
        Ok(Attempt::Made),
        "free, though there is no room for more"
    );
    assert_eq!(why(&[willing.clone(), full.clone()]), Ok(Attempt::Full(account)));
    assert_eq!(why(&[conflict.clone(), full]), Ok(Attempt::Busy), "another may be paying for it");
    assert_eq!(why(&[willing, conflict]), Ok(Attempt::Busy));
    assert_eq!(why(&[]), Ok(Attempt::Busy));
    assert!(why(&[reason("ValidationError")]).is_err_and(|error| !error.is_slowing()));
}

#[test]
fn an_establishment_is_counted_again_after_a_while_unless_an_operator_spoke() {
    let counted = |at| Account { counted_at: at, ..Account::default() };
    let now = Timestamp::from_second(10_000).unwrap();
    assert!(counted(None).is_to_be_counted(now));
    assert!(counted(Some(10_000 - COUNT_HOLDS.as_secs())).is_to_be_counted(now));
    assert!(!counted(Some(9_999)).is_to_be_counted(now));
    assert!(!Account { operator_limit: Some(3_000), ..counted(None) }.is_to_be_counted(now));
}

#[test]
fn the_share_is_a_percentage_of_whom_ines_confirmed() {
    assert_eq!([0, 999, 50_000].map(|confirmed| terms().share(confirmed)), [0, 199, 10_000]);
    assert_eq!(Terms { percent: 0, ..terms() }.share(u64::MAX), 0);
}
