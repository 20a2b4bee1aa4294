//! What an establishment is told of the identity of a row. Pure.

use jiff::Span;
use jiff::civil::Date;
use shared::domain::enrolment::Declaration;
use shared::domain::ine::Ine;
use shared::domain::record_state::Doubt;
use shared::identity::edge::{Edge, InesVerification};
use shared::identity::finding::{Finding, FindingCode, StatutIne};
use shared::identity::publication::{RecordUpdate, Write};
use shared::identity::student::Student;

/// INES's verdict on the INE that was sent, in the words of students' information systems
/// (domain.md §2.3).
pub(crate) fn statut_ine(
    declaration: &Declaration,
    verification: &InesVerification,
    doubt: Option<Doubt>,
) -> StatutIne {
    match (verification, doubt) {
        (_, Some(Doubt::AwaitsInes)) => StatutIne::Litige,
        (_, Some(Doubt::Refused)) => StatutIne::ErrImat,
        // One is only given in place of an INE that is unknown.
        (InesVerification::Granted { .. }, _) if declaration.ine.is_some() => StatutIne::Inconnu,
        (InesVerification::Confirmed { .. } | InesVerification::Granted { .. }, _) => {
            StatutIne::Confirme
        }
        (InesVerification::Unknown, _) => StatutIne::Inconnu,
        (InesVerification::Differs | InesVerification::Taken, _) => StatutIne::DonneesInvalides,
        (InesVerification::Unasked, _) => StatutIne::AVerifier,
    }
}

/// INES is asked again each day for this long about an INE that it doesn't know: most are entered
/// there within some weeks of the enrolment, and one that never is was mistyped.
const ASKED_AGAIN_DAYS: i64 = 30;

/// Since when INES hasn't known the INE, and from which day on it is asked again, if it is.
/// `before` is the day on which it first didn't know it.
pub(crate) fn asked_again(
    statut_ine: StatutIne,
    before: Option<Date>,
    today: Date,
) -> (Option<Date>, Option<Date>) {
    if statut_ine != StatutIne::Inconnu {
        return (None, None);
    }
    let since = before.unwrap_or(today);
    let last = since.saturating_add(Span::new().days(ASKED_AGAIN_DAYS));
    (Some(since), today.tomorrow().ok().filter(|_| today < last))
}

/// The finding that the establishment is told about a record of a student, if there is one.
pub(crate) fn of(student: &Student, edge: &Edge, doubt: Option<Doubt>) -> Option<FindingCode> {
    if !student.competes() && doubt.is_some() {
        return None;
    }
    let found = finding(&edge.declaration, &edge.verification, doubt, student.verified());
    let doubled = || student.edges().any(|other| edge.has_another_number(other));
    found.or_else(|| doubled().then_some(FindingCode::NumerosMultiples))
}

/// The write that tells an establishment what a record came to, or takes back what it was told
/// `before`.
pub(crate) fn note(update: &RecordUpdate, before: Option<FindingCode>) -> Option<Write> {
    let RecordUpdate { record, version, statut_ine, .. } = update;
    let (record, version, statut_ine) = (record.clone(), version.clone(), *statut_ine);
    match update.finding {
        Some(code) => Some(Write::Note(Finding { record, version, code, statut_ine })),
        None => before.map(|_| Write::Unnote(record, version)),
    }
}

/// The finding, if there is one. `verified` is the INE that INES vouches for of the student that
/// the record is attached to.
fn finding(
    declaration: &Declaration,
    verification: &InesVerification,
    doubt: Option<Doubt>,
    verified: Option<Ine>,
) -> Option<FindingCode> {
    match (doubt, verification) {
        // Published by identity, under no INE.
        (None, InesVerification::Unknown) if verified.is_none() => Some(FindingCode::IneInconnu),
        (Some(Doubt::AwaitsInes), _) => Some(FindingCode::EnAttenteInes),
        (Some(Doubt::Quota), _) => Some(FindingCode::QuotaIdentites),
        (Some(Doubt::RegisterDiffers), _) => Some(FindingCode::IdentiteDifferente),
        (Some(Doubt::Unknown), InesVerification::Unknown) => Some(FindingCode::IneInconnu),
        (Some(_), _) => Some(FindingCode::EnRevue),
        (None, InesVerification::Confirmed { ine_maitre, .. })
            if declaration.ine != Some(*ine_maitre) =>
        {
            Some(FindingCode::IneRemplace)
        }
        (None, InesVerification::Granted { .. }) if declaration.ine.is_none() => {
            Some(FindingCode::Immatricule)
        }
        (
            None,
            InesVerification::Granted { .. }
            | InesVerification::Unknown
            | InesVerification::Differs
            | InesVerification::Taken,
        ) => Some(FindingCode::IneCorrige),
        (None, InesVerification::Confirmed { .. } | InesVerification::Unasked) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn declaration(ine: Option<&str>) -> Declaration {
        serde_json::from_value(serde_json::json!({
            "ine": ine,
            "identite": {"dateNaissance": "2004-03-02"},
            "inscription": {
                "dateDebut": "2026-09-01", "dateFin": "2027-08-31", "statut": "inscrit", "regime": "RF1",
                "codeCommune": "75113", "uai": "0751967F", "nomEtablissement": "Université",
            },
        }))
        .unwrap()
    }

    #[test]
    fn ines_is_asked_again_every_day_for_a_month() {
        let first = date(2026, 9, 1);
        assert_eq!(asked_again(StatutIne::Confirme, Some(first), first), (None, None));
        assert_eq!(
            asked_again(StatutIne::Inconnu, None, first),
            (Some(first), Some(date(2026, 9, 2)))
        );
        let last = date(2026, 9, 30);
        assert_eq!(
            asked_again(StatutIne::Inconnu, Some(first), last),
            (Some(first), Some(date(2026, 10, 1)))
        );
        assert_eq!(
            asked_again(StatutIne::Inconnu, Some(first), date(2026, 10, 1)),
            (Some(first), None)
        );
    }

    #[test]
    fn an_establishment_is_told_what_it_should_correct_and_what_waits() {
        let ine = Ine::parse("070578267KH").unwrap();
        let granted = InesVerification::Granted { ine, known_before: false };
        let sent = declaration(Some("081768862AE"));
        let told_without_ine = finding(&sent, &InesVerification::Unknown, None, None);
        assert_eq!(
            told_without_ine,
            Some(FindingCode::IneInconnu),
            "published by identity, under no INE"
        );
        for (said, verification, doubt, told) in [
            (&sent, &InesVerification::Unasked, None, None),
            (&sent, &granted, None, Some(FindingCode::IneCorrige)),
            (&declaration(None), &granted, None, Some(FindingCode::Immatricule)),
            (&sent, &InesVerification::Unknown, None, Some(FindingCode::IneCorrige)),
            (
                &sent,
                &InesVerification::Unknown,
                Some(Doubt::Unknown),
                Some(FindingCode::IneInconnu),
            ),
            (
                &sent,
                &InesVerification::Differs,
                Some(Doubt::RegisterDiffers),
                Some(FindingCode::IdentiteDifferente),
            ),
            (&sent, &InesVerification::Unasked, Some(Doubt::Homonyms), Some(FindingCode::EnRevue)),
            (
                &sent,
                &InesVerification::Unasked,
                Some(Doubt::AwaitsInes),
                Some(FindingCode::EnAttenteInes),
            ),
            (
                &declaration(None),
                &InesVerification::Unasked,
                Some(Doubt::Quota),
                Some(FindingCode::QuotaIdentites),
            ),
        ] {
            assert_eq!(finding(said, verification, doubt, Some(ine)), told);
        }
    }
}
