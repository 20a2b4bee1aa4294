//! What look-ups by civil identity tell, and to whom they leak, through the API: the real handler,
//! with the bodies that each route carries, over the tables as the register writes them.
//!
//! The suite asks a small synthetic population. `LABELLED_SET=DIR cargo test --workspace --lib
//! leaks -- --nocapture` asks a labelled set instead, and prints the table of `docs/identity.md`.

mod doubles;
mod population;
mod route;
mod score;
mod tables;

use std::sync::Arc;

use evaluation::bounds::LookUpBounds;
use evaluation::set::LabelledSet;
use shared::identity::engine::lookup::Mode;

use self::doubles::Doubles;
use self::route::Asking;
use self::score::Score;
use self::tables::Tables;

/// Leaks in all that is asked, at most, and found of what is asked as the register has it, at
/// least.
struct Bounds {
    leaks: f64,
    found: f64,
}

/// Leaks are bounded by the *musts* of `docs/identity.md`. What is found is a little less than
/// there, since people who have only records that a file's reader refuses aren't in the register,
/// and less again where a route carries one given name and no country.
fn bounds(asking: Asking, mode: Mode) -> Bounds {
    let (musts, found, found_by_one_name) = match mode {
        Mode::Standard => (LookUpBounds::STANDARD_ADVERSARIAL, 0.90, 0.85),
        Mode::Strict => (LookUpBounds::STRICT_ADVERSARIAL, 0.86, 0.80),
    };
    Bounds { leaks: musts.leaks, found: if asking.says_all() { found } else { found_by_one_name } }
}

#[tokio::test]
async fn nobody_is_told_about_somebody_else() {
    let set = match std::env::var_os("LABELLED_SET") {
        Some(directory) => LabelledSet::read(directory.as_ref()).unwrap(),
        None => population::invented(),
    };
    let tables = Arc::new(Tables::of(&set));
    let doubles = Doubles::start(&set.questions);
    let context = tables::context(&tables, &doubles);
    let mut scores = Vec::new();
    for mode in [Mode::Standard, Mode::Strict] {
        for asking in Asking::ALL {
            let mut score = Score::new(asking, mode);
            let told = route::ask_all(&context, &doubles, asking, mode, &set.questions).await;
            assert_eq!(told.len(), set.questions.len());
            for (question, told) in set.questions.iter().zip(told) {
                let person = told.map(|record| set.person(set.number(&record).unwrap()));
                score.count(question, person);
            }
            scores.push(score);
        }
    }
    let mut own = Score::new(Asking::OwnPage, Mode::Strict);
    let told = route::ask_own_pages(&context, &set.questions).await;
    for (question, told) in set.questions.iter().zip(told) {
        own.count(question, told.map(|record| set.person(set.number(&record).unwrap())));
    }
    scores.push(own);
    score::print(&set, &tables, &scores);
    for score in &scores {
        let Bounds { leaks, found } = bounds(score.asking, score.mode);
        assert!(score.look_ups.leak_rate() <= leaks, "{score:?}");
        assert!(score.stated.kind("present_clean").asked > 0, "{score:?}");
        assert!(score.stated.found_clean() >= found, "{score:?}");
    }
}
