//! Who runs when: invocations side by side, each suspended at every call, under the seed.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use deduplication::handler::{self, Failure, Followed};
use shared::contract::pointer::Pointer;

use crate::check;
use crate::people::Statement;
use crate::world::{Cost, Message, Process, Sim};

/// Invocations side by side at most.
const CONCURRENCY: usize = 4;
/// A message that comes this often goes round and round.
const MOST_DELIVERIES: u32 = 60;

/// How things go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// One after the other, in order.
    Order,
    /// At once, in any order; this many processes die.
    Disorder { deaths: u32 },
}

type Running = Pin<Box<dyn Future<Output = (Result<Followed, Failure>, Cost)>>>;

struct Invocation {
    number: u64,
    message: Message,
    running: Running,
}

/// Has statements arrive, and delivers messages until there are none. Gives what each pointer that was followed cost.
pub(crate) fn drive(sim: &Rc<Sim>, statements: &[Statement], pace: Pace) -> Vec<(Followed, Cost)> {
    let disorder = pace != Pace::Order;
    let mut deaths = if let Pace::Disorder { deaths } = pace { deaths } else { 0 };
    let mut coming = statements.iter();
    let mut invocations: Vec<Invocation> = Vec::new();
    let mut costs = Vec::new();
    let mut started = 0;
    loop {
        sim.clock.set(sim.clock.get() + 1);
        let idle =
            invocations.is_empty() && sim.queue.borrow().iter().all(|message| message.visible_at > sim.clock.get());
        if (idle || (disorder && sim.chance(0.1)))
            && let Some(Statement { record, version, declaration }) = coming.next()
        {
            sim.tables.borrow_mut().say(record, version, declaration);
            sim.send(Pointer::Record(record.clone()), 0);
            if disorder && sim.chance(0.1) {
                sim.send(Pointer::Record(record.clone()), 0);
            }
            continue;
        }
        let concurrency = if disorder { CONCURRENCY } else { 1 };
        if invocations.len() < concurrency
            && (invocations.is_empty() || sim.chance(0.3))
            && let Some(message) = receive(sim, disorder)
        {
            started += 1;
            let (number, pointer) = (started, message.pointer.clone());
            sim.note(|| format!("{number}: {}", pointer.body()));
            let process = Process::new(Rc::clone(sim), number);
            let running = Box::pin(async move {
                let followed = handler::follow(&process, &pointer).await;
                (followed, process.cost.get())
            });
            invocations.push(Invocation { number, message, running });
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
        let polled = invocations[at].running.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if disorder && sim.published.get() > published {
            check::derived(&sim.tables.borrow(), &sim.keys);
        }
        if let Poll::Ready((followed, cost)) = polled {
            let Invocation { number, message, .. } = invocations.swap_remove(at);
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
