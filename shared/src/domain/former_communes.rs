//! Places in time: a commune under the code or the name that it had when somebody was born.
//!
//! Communes merge, and départements change their code: Saint-Pol-sur-Mer (59540) is Dunkerque
//! (59183) today, Ajaccio was 20004 until 1976, Boulogne-Billancourt 75012 until 1968. INSEE's list
//! has them; Mayotte's change of 985 to 976 in 2011 is a rule, since its communes kept their
//! number.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::commune::CommuneCode;

/// Former codes, folded names where they are known, present codes (see `reference/README.md`).
const FORMER: &str = include_str!("../../reference/former_communes.txt");

/// La Poste's codes, sorted, one a line (see `reference/README.md`). Those of companies (CEDEX) are
/// not among them.
const POSTAL: &str = include_str!("../../reference/postal_codes.txt");

static BY_CODE: LazyLock<HashMap<&'static str, CommuneCode>> = LazyLock::new(|| {
    lines()
        .filter(|(code, _, now)| *code != now.as_str())
        .map(|(code, _, now)| (code, now))
        .collect()
});

/// Every line: the former code, the folded name, which may be empty, and the present code.
fn lines() -> impl Iterator<Item = (&'static str, &'static str, CommuneCode)> {
    FORMER.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split(';');
        Some((columns.next()?, columns.next()?, CommuneCode::parse(columns.next()?).ok()?))
    })
}

/// Whether a present commune had a code of this département (`75`, `20`, `985`) before.
pub(super) fn was_in(now: CommuneCode, department: &str) -> bool {
    BY_CODE.iter().any(|(former, code)| *code == now && former.starts_with(department))
        || department == "985" && now.department() == "976"
}

/// The names that communes had before they became a part of another, folded, with the code that
/// each had and the present one.
pub(super) fn former_names() -> impl Iterator<Item = (&'static str, &'static str, CommuneCode)> {
    lines().filter(|(_, name, _)| !name.is_empty()).map(|(code, name, now)| (name, code, now))
}

/// The commune of today that a former code leads to; `None` for a present one, and for one that is
/// in no list. The text is five characters, also the `20004` of undivided Corsica, which
/// [`CommuneCode`] doesn't take.
#[must_use]
pub fn present(former: &str) -> Option<CommuneCode> {
    BY_CODE.get(former).copied().or_else(|| {
        let mayotte = former.strip_prefix("985")?;
        CommuneCode::parse(&format!("976{mayotte}")).ok().filter(CommuneCode::is_listed)
    })
}

/// The commune of today that somebody was born in, as far as a code tells: `None` if it tells
/// nothing, as a postal code.
///
/// `75012` was Boulogne-Billancourt until 1967 and is a postal code of Paris: whoever was born
/// later gave the latter.
#[must_use]
pub fn birthplace(code: &str, born_in: Option<i16>) -> Option<CommuneCode> {
    let code = code.trim();
    let read = CommuneCode::parse_birthplace(code).ok()?.present();
    let is_over = ended_in(code, read).zip(born_in).is_some_and(|(end, born)| born >= end);
    (!(is_over && is_postal(code))).then_some(read)
}

/// The first year of birth for which a former code is nobody's, when its département ended for the
/// commune that it leads to: the Seine and Seine-et-Oise with 1967, undivided Corsica with 1975.
#[must_use]
pub fn ended_in(former: &str, now: CommuneCode) -> Option<i16> {
    if former == now.as_str() {
        return None;
    }
    match former.get(..2)? {
        "75" => Some(1968),
        "78" if now.department() != "78" => Some(1968),
        "20" => Some(1976),
        _ => None,
    }
}

/// Whether La Poste has this code. Nearly half of its codes are also the code of a commune, mostly
/// of another one.
#[must_use]
pub fn is_postal(code: &str) -> bool {
    code.len() == CommuneCode::LENGTH && super::commune::in_list(POSTAL, code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(former: &str) -> Option<String> {
        present(former).map(|code| code.to_string())
    }

    #[test]
    fn a_former_code_leads_to_the_commune_of_today() {
        for (former, code) in [
            ("59540", Some("59183")),
            ("74011", Some("74010")),
            ("74181", Some("74112")),
            ("98511", Some("97611")),
            ("20004", Some("2A004")),
            ("20033", Some("2B033")),
            ("75012", Some("92012")),
            ("78646", None),
            ("98599", None),
            ("44109", None),
            ("44000", None),
            ("", None),
        ] {
            assert_eq!(now(former).as_deref(), code, "{former}");
        }
    }

    #[test]
    fn a_code_that_was_somebodys_only_before_says_nothing_of_who_was_born_after() {
        for (code, born, place) in [
            ("75012", Some(1960), Some("92012")),
            ("75012", Some(2004), None),
            ("75012", None, Some("92012")),
            ("20090", Some(1970), Some("2A090")),
            ("20090", Some(2004), None),
            ("20004", Some(2004), Some("2A004")),
            ("59540", Some(2004), Some("59183")),
            ("44109", Some(2004), Some("44109")),
            ("44000", Some(1960), None),
            ("92352", Some(1960), Some("92352")),
        ] {
            assert_eq!(
                birthplace(code, born).map(|code| code.to_string()).as_deref(),
                place,
                "{code} {born:?}"
            );
        }
    }

    #[test]
    fn the_departments_that_ended_are_whole() {
        // The 80 communes around Paris in the Seine, and the 360 of Corsica.
        for (department, least) in [("75", 80), ("20", 360)] {
            assert!(
                BY_CODE.keys().filter(|code| code.starts_with(department)).count() >= least,
                "{department}"
            );
        }
        let moved = BY_CODE.iter().filter(|(code, now)| ended_in(code, **now) == Some(1968));
        assert!(moved.filter(|(code, _)| code.starts_with("78")).count() > 400, "Seine-et-Oise");
        assert!((1..=17).all(|number| now(&format!("985{number:02}")).is_some()), "Mayotte");
    }

    #[test]
    fn every_former_code_leads_to_one_that_is_listed() {
        for (code, name, now) in lines() {
            assert!(now.is_listed() && crate::domain::fold::fold(name) == name, "{code}");
            assert!(present(now.as_str()).is_none(), "{code} leads on");
        }
    }

    #[test]
    fn postal_codes_are_known() {
        for (code, expected) in
            [("44000", true), ("13005", true), ("44109", false), ("20090", true), ("4400", false)]
        {
            assert_eq!(is_postal(code), expected, "{code}");
        }
        assert!(POSTAL.lines().is_sorted());
    }
}
