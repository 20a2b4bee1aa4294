//! People whom the tests of the consultation share: one import, made by whichever test comes first.

use jiff::ToSpan as _;
use tests::eventually;
use tests::people::{Person, fresh_ine, period};
use tests::stack::{Stack, UNIVERSITY};
use tokio::sync::OnceCell;

/// Students, by what is particular about them.
pub(crate) struct Population {
    /// Enrolled, and nothing else.
    pub(crate) student: Person,
    /// Admitted only, a man.
    pub(crate) admitted: Person,
    /// Born in Morocco.
    pub(crate) born_abroad: Person,
    /// Two people with one name, sex and birth date, born in two communes.
    pub(crate) homonyms: [Person; 2],
    /// Their enrolment starts within 90 days.
    pub(crate) starts_soon: Person,
    /// Their enrolment starts a little later than that.
    pub(crate) starts_later: Person,
    /// Their enrolment was over yesterday.
    pub(crate) over: Person,
    /// Their enrolment was cancelled.
    pub(crate) cancelled: Person,
    /// Enrolled; only the test that reads who asked about them asks about them.
    pub(crate) watched: Person,
    /// Enrolled; for the batch, that they are several.
    pub(crate) class: Vec<Person>,
}

static POPULATION: OnceCell<Population> = OnceCell::const_new();

/// The people, once all that can be seen of them is.
pub(crate) async fn population(stack: &Stack) -> &'static Population {
    POPULATION.get_or_init(|| imported(stack)).await
}

async fn imported(stack: &Stack) -> Population {
    let student = Person {
        family: format!("D'Été {}", tests::people::fresh_name()),
        ..Person::at(UNIVERSITY)
    };
    let born_in =
        |birthplace: &str| Person { birthplace: birthplace.into(), ..Person::at(UNIVERSITY) };
    let nantes = born_in("44109");
    let rennes = Person { ine: fresh_ine(), birthplace: "35238".into(), ..nantes.clone() };
    let during = |period: (String, String)| Person { period, ..Person::at(UNIVERSITY) };
    let (first, last) = period();
    let people = Population {
        student,
        admitted: Person { status: "admis".into(), sex: "1".into(), ..Person::at(UNIVERSITY) },
        born_abroad: born_in("99350"),
        homonyms: [nantes, rennes],
        // Two days on this side of the limit and two on the other: midnight may pass while the
        // tests run.
        starts_soon: during((day(88), last.clone())),
        starts_later: during((day(92), last.clone())),
        over: during((format!("{}-09-01", &day(-400)[..4]), day(-1))),
        cancelled: Person {
            status: "annulé".into(),
            period: (first, last),
            ..Person::at(UNIVERSITY)
        },
        watched: Person::at(UNIVERSITY),
        class: (0..20).map(|_| Person::at(UNIVERSITY)).collect(),
    };

    let particular = [&people.student, &people.admitted, &people.born_abroad, &people.watched];
    let timely = [&people.starts_soon, &people.starts_later, &people.over, &people.cancelled];
    let everybody =
        particular.into_iter().chain(timely).chain(&people.homonyms).chain(&people.class);
    let rows: Vec<_> = everybody.map(Person::row).collect();
    let report = stack.import(UNIVERSITY, &rows).await;
    assert_eq!(report["lignes"]["acceptees"], rows.len(), "{report}");
    // Not through the API, which doesn't tell of everybody: who is resolved is published.
    let import = format!(".{}.", report["import"].as_str().unwrap());
    eventually("the resolution of everybody", || async {
        let records = stack.items_with("records_table", "version", &import).await;
        let resolved = records
            .iter()
            .filter(|record| record["state"].as_s().is_ok_and(|state| state == "resolved"));
        (resolved.count() == rows.len()).then_some(())
    })
    .await;
    people
}

/// A day in France, so many days from today.
fn day(days: i64) -> String {
    let today = shared::domain::academic_year::day_in_france(jiff::Timestamp::now());
    today.saturating_add(days.days()).to_string()
}
