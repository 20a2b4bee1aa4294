//! Who runs when: invocations side by side, each suspended at every call, under the seed.

use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use deduplication::handler::{self, Failure, Followed};
use fakes::aws::Outstanding;
use shared::contract::pointer::Pointer;

use crate::check;
use crate::people::Statement;
use crate::world::{Cost, Message, Process, Sim};

/// Invocations side by side at most.
const CONCURRENCY: usize = 4;
/// A message that comes this often goes round and round.
const MOST_DELIVERIES: u32 = 60;
/// And a world that takes so many.
const MOST_INVOCATIONS: u64 = 10_000;

/// How things go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// One after the other, in order.
    Order,
    /// At once, in any order; this many processes die.
    Disorder { deaths: u32 },
}

type Running = Pin<Box<dyn Future<Output = Result<Followed, Failure>>>>;

struct Invocation {
    number: u64,
    message: Message,
    running: Running,
    /// What it waits for.
    calls: Vec<Outstanding>,
    cost: Cost,
}

/// Has statements arrive, and delivers messages until there are none. Gives what each pointer that
/// was followed cost.
pub(crate) fn drive(sim: &Rc<Sim>, statements: &[Statement], pace: Pace) -> Vec<(Followed, Cost)> {
    let disorder = pace != Pace::Order;
    let mut deaths = if let Pace::Disorder { deaths } = pace { deaths } else { 0 };
    let mut coming = statements.iter();
    let mut invocations: Vec<Invocation> = Vec::new();
    let mut costs = Vec::new();
    let mut started = 0;
    loop {
        sim.clock.set(sim.clock.get() + 1);
        sim.lift();
        let idle = invocations.is_empty()
            && sim.queue.borrow().iter().all(|message| message.visible_at > sim.clock.get());
        if (idle || (disorder && sim.chance(0.1)))
            && let Some(statement) = coming.next()
        {
            sim.say(statement);
            sim.send(Pointer::Record(statement.record.clone()), 0);
            if disorder && sim.chance(0.1) {
                sim.send(Pointer::Record(statement.record.clone()), 0);
            }
            continue;
        }
        let concurrency = if disorder { CONCURRENCY } else { 1 };
        if invocations.len() < concurrency
            && (invocations.is_empty() || sim.chance(0.3))
            && let Some(message) = receive(sim, disorder)
        {
            started += 1;
            assert!(started < MOST_INVOCATIONS, "it never ends");
            let (number, pointer) = (started, message.pointer.clone());
            sim.note(|| format!("{number}: {}", pointer.body()));
            let process = Process::new(Rc::clone(sim), number);
            let running = Box::pin(async move { handler::follow(&process, &pointer).await });
            let (calls, cost) = (Vec::new(), Cost::default());
            invocations.push(Invocation { number, message, running, calls, cost });
            continue;
        }
        if invocations.is_empty() {
            let next = sim.queue.borrow().iter().map(|message| message.visible_at).min();
            let Some(next) = next else { return costs };
            sim.clock.set(sim.clock.get().max(next));
            continue;
        }
        let at = sim.below(invocations.len());
        if deaths > 0 && sim.chance(0.01) {
            deaths -= 1;
            let Invocation { number, message, .. } = invocations.swap_remove(at);
            sim.note(|| format!("{number}: dies"));
            sim.queue.borrow_mut().push(message);
            continue;
        }
        let published = sim.published.get();
        let Invocation { number, running, calls, cost, .. } = &mut invocations[at];
        if !calls.is_empty() {
            let call = calls.swap_remove(sim.below(calls.len()));
            sim.answer(*number, call, cost);
        }
        let polled = sim.poll(running.as_mut(), calls);
        if disorder && sim.published.get() > published {
            check::derived(&sim.tables(), &sim.keys);
        }
        if let Poll::Ready(followed) = polled {
            let Invocation { number, message, cost, .. } = invocations.swap_remove(at);
            sim.note(|| format!("{number}: {followed:?}"));
            match followed {
                Ok(followed) => {
                    costs.push((followed, cost));
                    // What was acknowledged comes again, now and then.
                    if disorder && sim.chance(0.03) {
                        sim.queue.borrow_mut().push(message);
                    }
                }
                Err(_) => sim.queue.borrow_mut().push(message),
            }
        }
    }
}

fn receive(sim: &Sim, disorder: bool) -> Option<Message> {
    let due: Vec<usize> = {
        let queue = sim.queue.borrow();
        let due = |(_, message): &(usize, &Message)| message.visible_at <= sim.clock.get();
        queue.iter().enumerate().filter(due).map(|(at, _)| at).collect()
    };
    let at = *due.get(if disorder { sim.below(due.len()) } else { 0 })?;
    let mut message = sim.queue.borrow_mut().remove(at);
    message.deliveries += 1;
    assert!(message.deliveries < MOST_DELIVERIES, "a message goes round and round");
    Some(message)
}
