//! Numbers, hours and states as people say them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use shared::contract::enrolment::Progress;
use shared::domain::academic_year::{day_in_france, hour_in_france};
use shared::feeding::key::{DepositKey, Mode};
use shared::registry::imports::{Import, ImportState};
use shared::registry::members::EstablishmentRole;
use shared::registry::shares::Purpose;

/// `12 345`, with blanks that don't break.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut told = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push('\u{202f}');
        }
        told.push(digit);
    }
    told
}

/// `1 ligne`, `12 345 lignes`.
pub(crate) fn rows(number: u64) -> String {
    match number {
        1 => "1 ligne".to_owned(),
        number => format!("{} lignes", count(number)),
    }
}

/// `12, 13 (feuille 2)`: lines, with their sheet where a workbook has several.
pub(crate) fn lines(places: &[(Option<u16>, u64)]) -> String {
    let named = places.iter().map(|(sheet, line)| match sheet {
        None => line.to_string(),
        Some(sheet) => format!("{line} (feuille {sheet})"),
    });
    named.collect::<Vec<_>>().join(", ")
}

/// `14/09/2026 à 08:31`, at the hour of Paris.
pub(crate) fn hour(at: Timestamp) -> String {
    hour_in_france(at).strftime("%d/%m/%Y à %H:%M").to_string()
}

/// `14/09/2026`, by the calendar of Paris.
pub(crate) fn day(at: Timestamp) -> String {
    date(day_in_france(at))
}

/// `14/09/2026`.
pub(crate) fn date(day: Date) -> String {
    day.strftime("%d/%m/%Y").to_string()
}

/// What a member may do, in a word.
pub(crate) fn role_title(role: EstablishmentRole) -> &'static str {
    match role {
        EstablishmentRole::Lecteur => "lecture",
        EstablishmentRole::Deposant => "dépôt",
        EstablishmentRole::Gestionnaire => "gestion",
    }
}

/// How far an enrolment has come, with the class of its tag.
pub(crate) fn progress(progress: Progress) -> (&'static str, &'static str) {
    match progress {
        Progress::Pending => ("en attente", ""),
        Progress::Published => ("visible", "good"),
        Progress::OnHold => ("en vérification", "warn"),
        Progress::Cancelled => ("annulée", "bad"),
    }
}

/// A value of ours, by the name that it has on the wire.
pub(crate) fn wire_name(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// A field that an answer told, by its name in the contracts or in our own traces.
pub(crate) fn told_field(name: &str) -> &str {
    match name {
        "nomFamille" | "nom_naissance" => "nom",
        "prenom" => "prénom",
        "dateNaissance" | "date_naissance" => "date de naissance",
        "dateDebutInscription" | "date_debut" => "début de l'inscription",
        "dateFinInscription" | "date_fin" => "fin de l'inscription",
        "statut" | "est_inscrit" => "statut",
        "regime" | "regime_formation" => "régime",
        "codeCommune" | "code_cog_insee_commune" => "commune d'études",
        "etablissement" | "etablissement_etudes" => "établissement",
        "identite" => "identité",
        "ine" => "INE",
        other => other,
    }
}

/// What a share is for, by its name in the tables.
pub(crate) fn purpose(name: &str) -> String {
    let known = Purpose::named(name).map(purpose_title);
    known.map_or_else(|| name.to_owned(), str::to_owned)
}

/// What a share is for.
pub(crate) fn purpose_title(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Logement => "un logement",
        Purpose::Emploi => "un emploi ou un stage",
        Purpose::Transport => "un transport",
        Purpose::Banque => "une banque ou une assurance",
        Purpose::Culture => "un tarif réduit (culture, sport)",
        Purpose::Administration => "une administration",
        Purpose::Autre => "autre chose",
    }
}

/// What a file says of what it doesn't contain.
pub(crate) fn kind(import: &Import) -> String {
    match DepositKey::parse(&import.object_key).map(|key| key.mode) {
        Ok(Mode::Delta) => "nouveautés et changements".to_owned(),
        Ok(Mode::Complete { year, .. }) => format!("année {year} complète"),
        Err(_) => "dossier illisible".to_owned(),
    }
}

/// A state, with the class of its tag.
pub(crate) fn state(import: &Import) -> (&'static str, &'static str) {
    match (import.state, import.is_trial()) {
        (ImportState::Received, _) => ("reçu", ""),
        (ImportState::Running, true) => ("essai en cours", ""),
        (ImportState::Running, false) => ("import en cours", ""),
        (ImportState::Done, true) => ("essai, rien n'est importé", "warn"),
        (ImportState::Done, false) if import.rejected > 0 => ("importé en partie", "warn"),
        (ImportState::Done, false) => ("importé", "good"),
        (ImportState::Failed, _) => ("échoué", "bad"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_hours_are_french() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]
        );
        assert_eq!([1, 12_345].map(rows), ["1 ligne", "12\u{202f}345 lignes"]);
        assert_eq!(lines(&[(None, 12), (Some(2), 13)]), "12, 13 (feuille 2)");
        assert_eq!(hour("2026-09-13T22:31:00Z".parse().unwrap()), "14/09/2026 à 00:31");
    }
}
