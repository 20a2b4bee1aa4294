//! Waiting for what the platform does in its own time.
//!
//! A wait fails because nothing moves any more, never because the machine is slow: the emulator
//! resolves a hundred records a second on one machine and ten on another.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;

use crate::stack;

/// How long nothing may move: longer than a message that failed stays hidden before it is delivered
/// again, which is the longest that a platform with work to do looks idle.
const STILLNESS: Duration = Duration::from_mins(2);
/// How often the queues are looked at; a wait of some seconds costs no call.
const GLANCE: Duration = Duration::from_secs(15);
/// How often what is waited for is looked at.
const PAUSE: Duration = Duration::from_millis(250);
/// How often a wait says that it goes on: whoever watches a run sees a line a minute.
const NEWS: Duration = Duration::from_secs(50);

/// The queues through which all work goes that nobody waits for.
const QUEUES: [&str; 2] = ["imports_queue_url", "identity_queue_url"];

/// Tries until there is something, and fails once nothing has moved in the queues for two minutes.
///
/// # Panics
///
/// When nothing moves any more, naming what was waited for.
pub async fn eventually<T, F>(what: &str, mut attempt: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let started = Instant::now();
    let (mut looked, mut moved, mut told) = (started, started, started);
    let mut depths = Vec::new();
    loop {
        let attempted = Instant::now();
        if let Some(value) = attempt().await {
            return value;
        }
        if looked.elapsed() > GLANCE {
            looked = Instant::now();
            let now = queue_depths().await;
            if depths != now {
                moved = looked;
                depths = now;
            }
        }
        assert!(
            moved.elapsed() < STILLNESS,
            "{what}: still not so when nothing moves, after {} s",
            seconds(started)
        );
        if told.elapsed() > NEWS {
            told = Instant::now();
            say(&format!("{what}: waiting since {} s", seconds(started)));
        }
        // An attempt that reads a whole table must not keep the emulator from its work.
        tokio::time::sleep(PAUSE.max(attempted.elapsed() * 4)).await;
    }
}

fn seconds(since: Instant) -> u64 {
    since.elapsed().as_secs()
}

#[expect(clippy::print_stderr, reason = "the output of a test run is where its progress is told")]
fn say(line: &str) {
    eprintln!("{line}");
}

/// The messages of each queue: those that wait, are in flight, and are delayed.
async fn queue_depths() -> Vec<Option<String>> {
    let outputs = stack::read("STATUT_ETUDIANT_OUTPUTS");
    // A client of the runtime that asks: each test has its own, which ends with it.
    let aws = stack::aws(&outputs).load().await;
    let sqs = aws_sdk_sqs::Client::new(&aws);
    let wanted = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    let mut depths = Vec::new();
    for queue in QUEUES {
        let url = outputs[queue].as_str().unwrap_or_default();
        let asked = sqs
            .get_queue_attributes()
            .queue_url(url)
            .set_attribute_names(Some(wanted.to_vec()))
            .send()
            .await;
        let attributes = asked.expect("SQS answers").attributes.unwrap_or_default();
        depths.extend(wanted.iter().map(|name| attributes.get(name).cloned()));
    }
    depths
}
