//! What look-ups by civil identity tell, and to whom they leak, through the API: the real handler, with the bodies that
//! each route carries, over the tables as the register writes them.
//!
//! The suite asks a small synthetic population. `LEAKS_DIR=… cargo test -p status leaks -- --nocapture` asks a labelled
//! set in the files of `cargo local match` instead, and prints the table of `docs/identity.md`.

mod doubles;
mod population;
mod route;
mod score;
mod tables;

use std::sync::Arc;

use shared::identity::engine::lookup::Mode;

use self::doubles::Doubles;
use self::population::Population;
use self::route::Asking;
use self::score::Score;
use self::tables::Tables;

/// Leaks in all that is asked, at most, and found of what is asked as the register has it, at least.
struct Bounds {
    leaks: f64,
    found: f64,
}

/// Leaks are bounded by the *musts* of `docs/identity.md`. What is found is a little less than there, since people who have
/// only records that a file's reader refuses aren't in the register, and less again where a route carries one given name
/// and no country.
fn bounds(asking: Asking, mode: Mode) -> Bounds {
    let (leaks, found, found_by_one_name) = match mode {
        Mode::Standard => (0.0035, 0.90, 0.85),
        Mode::Strict => (0.00045, 0.86, 0.80),
    };
    Bounds { leaks, found: if asking.says_all() { found } else { found_by_one_name } }
}

#[tokio::test]
async fn nobody_is_told_about_somebody_else() {
    let population = match std::env::var_os("LEAKS_DIR") {
        Some(directory) => Population::read(directory.as_ref()),
        None => Population::invented(),
    };
    let tables = Arc::new(Tables::of(&population));
    let doubles = Doubles::start(&population.questions);
    let context = tables::context(&tables, &doubles);
    let mut scores = Vec::new();
    for mode in [Mode::Standard, Mode::Strict] {
        for asking in Asking::ALL {
            let mut score = Score::new(asking, mode);
            let told = route::ask_all(&context, &doubles, asking, mode, &population.questions).await;
            for (question, told) in population.questions.iter().zip(told) {
                score.count(question, told.as_deref().map(|record| population.person(record)));
            }
            scores.push(score);
        }
    }
    score::print(&population, &tables, &scores);
    for score in &scores {
        let Bounds { leaks, found } = bounds(score.asking, score.mode);
        assert!(score.leak_rate() <= leaks, "{score:?}");
        assert!(score.found_of_stated() >= found, "{score:?}");
    }
}
