//! Somebody comes back while they are being erased: at each call of the erasing.

use jiff::civil::date;
use retention::handler::{Order, handle};
use shared::domain::record_state::RecordState;
use std::time::Duration;
use tokio::time::Instant;

use crate::people::Person;
use crate::world::Sim;
use crate::{records, terms};

/// Runs retention, and has its student come back before its call of that number is answered. Gives
/// whether there is such a call.
async fn comes_back_at(number: usize) -> bool {
    let sim = Sim::new(date(2016, 9, 15));
    let person = Person::new(11);
    sim.say(&person.enrolled(2016, 1)).await;
    sim.say(&person.enrolled(2017, 1)).await;
    sim.today.set(date(2025, 9, 15));
    let (aws, mut calls) = fakes::aws::suspended();
    let context = sim.retention(&aws_sdk_dynamodb::Client::new(&aws), terms());
    let until = Instant::now() + Duration::from_mins(15);
    let run = handle(&context, Order::default(), sim.time(), until);
    let mut run = std::pin::pin!(run);
    let (mut made, mut came) = (0, None);
    let report = loop {
        tokio::select! {
            biased;
            report = &mut run => break report.unwrap(),
            Some(call) = calls.recv() => {
                made += 1;
                if made == number {
                    came = Some(sim.say(&person.enrolled(2025, 1)).await);
                }
                let answer = sim.tables.call(&call.call.operation, &call.call.text);
                call.answer(answer);
            }
        }
    };
    let Some(came) = came else { return false };
    let counts = report.pass.unwrap().counts;
    let record = sim.records.get(&came).await.unwrap().unwrap();
    assert_eq!(record.state, RecordState::Resolved);
    let left = records(&sim).await;
    assert!(left.contains(came.as_str()), "what came back at call {number} is lost");
    // Whoever was seen in time stays whole; whoever came too late is new.
    let expected = if counts.students == 0 { (3, 0) } else { (1, 2) };
    assert_eq!((left.len(), counts.records), expected, "at call {number}");
    let unnumbered = sim.say(&person.unnumbered(2025, 2)).await;
    let found = sim.records.get(&unnumbered).await.unwrap().unwrap();
    assert_eq!(found.student, record.student, "its blocks don't lead to it, at call {number}");
    true
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_back_meanwhile_stays_or_is_new() {
    let mut number = 1;
    while Box::pin(comes_back_at(number)).await {
        number += 1;
    }
    assert!(number > 10, "a run has more calls than {number}");
}
