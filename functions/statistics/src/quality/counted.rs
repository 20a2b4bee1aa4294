//! The counts of one establishment while they are gathered, and what it is told of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::contract::quality::{
    Delays, Enrolments, Freshness, Identities, Imports, Percentiles, Quality,
};
use shared::domain::academic_year::AcademicYear;
use shared::domain::record_state::RecordState;
use shared::domain::status::Status;
use shared::domain::uai::Uai;
use shared::registry::imports::{Import, ImportState};
use shared::registry::records::Judged;

use super::DAYS;

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// What the imports of one establishment say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OfImports {
    imports: Imports,
    /// When each of them was taken in hand.
    received: BTreeMap<String, Timestamp>,
}

/// What its records say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OfRecords {
    enrolments: Enrolments,
    /// When each enrolment that came in a file became visible, in seconds since 1970, by import.
    visible: BTreeMap<String, Vec<i64>>,
    /// Seconds of each other one until then.
    of_statements: Vec<u64>,
    identities: Identities,
    on_hold_since: Vec<Timestamp>,
}

impl OfImports {
    pub(super) fn of(imports: &[Import]) -> Self {
        let mut counted = Self::default();
        for import in imports.iter().filter(|import| !import.is_trial()) {
            if let Some(at) = import.received_at {
                counted.received.insert(import.id.as_str().to_owned(), at);
            }
            if !import.state.is_final() {
                continue;
            }
            let all = &mut counted.imports;
            all.fichiers += 1;
            all.echecs += u64::from(import.state == ImportState::Failed);
            all.lignes += import.rows_read;
            all.acceptees += import.accepted;
            all.rejetees += import.rejected;
            all.averties += import.warned;
            for (rule, rows) in &import.rules {
                *all.par_regle.entry(rule.clone()).or_default() += rows;
            }
        }
        counted
    }

    /// Seconds from when a file was taken in hand to each of its enrolments being visible. What came
    /// in another import than these isn't counted.
    fn delays(&self, visible: BTreeMap<String, Vec<i64>>) -> Vec<u64> {
        let known = visible.into_iter().filter_map(|(import, visible)| {
            Some((self.received.get(&import)?.as_second(), visible))
        });
        known
            .flat_map(|(came, visible)| visible.into_iter().map(move |at| seconds(came, at)))
            .collect()
    }
}

/// Seconds from one to the other, both in seconds since 1970.
fn seconds(came: i64, visible: i64) -> u64 {
    u64::try_from(visible.saturating_sub(came)).unwrap_or_default()
}

impl OfRecords {
    /// Counts a record of the year, and of what became visible since `from` how long it took.
    pub(crate) fn add(&mut self, judged: &Judged, from: Timestamp) {
        let said = judged.enrolment();
        if said.statut == Status::Annule {
            return;
        }
        let all = &mut self.enrolments;
        all.nombre += 1;
        match judged.state {
            RecordState::Resolved => all.visibles += 1,
            RecordState::OnHold => {
                all.en_doute += 1;
                self.on_hold_since.extend(judged.on_hold_since);
            }
            RecordState::Pending => all.en_attente += 1,
        }
        let told = &mut all.renseigne;
        told.regime += u64::from(!said.non_dit.regime);
        told.commune += u64::from(!said.non_dit.commune);
        told.commune_insee += u64::from(!said.non_dit.commune && said.code_commune_brut.is_none());
        told.cursus += u64::from(said.cursus.is_some());
        told.diplome += u64::from(said.diplome.is_some());
        told.niveau_diplome += u64::from(said.niveau_diplome.is_some());
        if let Some(statut) = judged.statut_ine {
            *self.identities.par_statut_ine.entry(statut).or_default() += 1;
        }
        if let Some(finding) = judged.finding {
            *self.identities.par_constat.entry(finding).or_default() += 1;
        }
        let visible = judged.visible_since.filter(|visible| *visible >= from);
        let Some((visible, version)) = visible.zip(judged.said_at.as_ref()) else {
            return;
        };
        match (version.import(), version.made_at()) {
            // What didn't come by an import was said when its version says so: nobody chooses that.
            (Some("push" | "saisie"), Some(came)) if came >= from => {
                self.of_statements.push(seconds(came.as_second(), visible.as_second()));
            }
            (Some("push" | "saisie") | None, _) => {}
            (Some(import), _) => {
                self.visible.entry(import.to_owned()).or_default().push(visible.as_second());
            }
        }
    }

    /// Adds what other records say.
    pub(super) fn absorb(&mut self, other: Self) {
        let (own, others) = (&mut self.enrolments, other.enrolments);
        own.nombre += others.nombre;
        own.visibles += others.visibles;
        own.en_doute += others.en_doute;
        own.en_attente += others.en_attente;
        let (own, others) = (&mut own.renseigne, others.renseigne);
        own.regime += others.regime;
        own.commune += others.commune;
        own.commune_insee += others.commune_insee;
        own.cursus += others.cursus;
        own.diplome += others.diplome;
        own.niveau_diplome += others.niveau_diplome;
        for (import, visible) in other.visible {
            self.visible.entry(import).or_default().extend(visible);
        }
        self.of_statements.extend(other.of_statements);
        for (statut, times) in other.identities.par_statut_ine {
            *self.identities.par_statut_ine.entry(statut).or_default() += times;
        }
        for (finding, times) in other.identities.par_constat {
            *self.identities.par_constat.entry(finding).or_default() += times;
        }
        self.on_hold_since.extend(other.on_hold_since);
    }

    /// What the establishment is told, with what its imports say.
    pub(super) fn told(
        self,
        of_imports: OfImports,
        uai: Uai,
        (date, year): (Date, AcademicYear),
        fraicheur: Freshness,
        now: Timestamp,
    ) -> Quality {
        let of_files = of_imports.delays(self.visible);
        let imports = of_imports.imports;
        let rejected = (imports.rejetees * 1000).checked_div(imports.lignes);
        let waits: Vec<i64> =
            self.on_hold_since.iter().map(|since| days_waited(*since, now)).collect();
        Quality {
            uai,
            date,
            annee_universitaire: year.to_string(),
            fraicheur,
            imports: Imports { jours: DAYS, rejetees_pour_mille: rejected, ..imports },
            inscriptions: self.enrolments,
            delais: Delays {
                fichiers: percentiles(of_files),
                unitaires: percentiles(self.of_statements),
            },
            identites: Identities {
                attente_maximale_jours: waits.iter().max().copied(),
                attente_mediane_jours: median(waits),
                ..self.identities
            },
        }
    }
}

/// Whole days from one instant to another.
pub(super) fn days_waited(since: Timestamp, now: Timestamp) -> i64 {
    now.as_second().saturating_sub(since.as_second()).max(0) / DAY
}

/// The lower of the two in the middle, where there are two.
pub(super) fn median<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

fn percentiles(mut seconds: Vec<u64>) -> Option<Percentiles> {
    seconds.sort_unstable();
    let at = |percent: usize| {
        let rank = (seconds.len() * percent).div_ceil(100);
        seconds.get(rank.saturating_sub(1)).copied()
    };
    Some(Percentiles {
        nombre: u64::try_from(seconds.len()).unwrap_or(u64::MAX),
        p50: at(50)?,
        p95: at(95)?,
        p99: at(99)?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const IMPORT: &str = "0123456789abcdef0123456789abcdef";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn import(fields: &Value) -> Import {
        let mut all = json!({
            "id": IMPORT, "state": "done", "object_key": "0751967F/rentree.csv",
            "received_at": "2026-10-01T08:00:00Z",
        });
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    fn judged(state: &str, fields: &Value, said: &Value) -> Judged {
        let mut inscription = json!({
            "dateDebut": "2026-09-01", "dateFin": "2027-08-31", "statut": "inscrit",
            "regime": "RF1", "codeCommune": "75113", "uai": "0751967F", "nomEtablissement": "UFR",
        });
        inscription.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        let mut all = json!({
            "depositor": "0751967F", "state": state, "declaration": {"inscription": inscription},
        });
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn imports_add_up_and_trials_are_left_out() {
        let imports = [
            import(
                &json!({"rows_read": 900, "accepted": 880, "rejected": 20, "rules": {"date_invalide": 15, "uai_invalide": 5}}),
            ),
            import(
                &json!({"rows_read": 100, "accepted": 98, "rejected": 2, "rules": {"date_invalide": 2}}),
            ),
            import(&json!({"state": "failed"})),
            import(&json!({"state": "running", "rows_read": 7})),
            import(&json!({"order": {"dry_run": true}, "rows_read": 7, "rejected": 7})),
        ];
        let told = told(OfImports::of(&imports), OfRecords::default()).imports;
        assert_eq!((told.fichiers, told.echecs, told.lignes, told.rejetees), (3, 1, 1000, 22));
        assert_eq!(told.rejetees_pour_mille, Some(22));
        assert_eq!(
            told.par_regle,
            BTreeMap::from([("date_invalide".into(), 17), ("uai_invalide".into(), 5)])
        );
    }

    fn told(imports: OfImports, records: OfRecords) -> Quality {
        let (uai, year) =
            (Uai::parse("0751967F").unwrap(), AcademicYear::parse("2026-2027").unwrap());
        let fresh = Freshness { dernier_versement: None, jours: None, mediane_nationale: None };
        records.told(
            imports,
            uai,
            (jiff::civil::date(2026, 10, 20), year),
            fresh,
            at("2026-10-20T03:00:00Z"),
        )
    }

    #[test]
    fn an_enrolment_counts_by_where_it_stands_and_by_what_it_says() {
        let from = at("2026-09-20T00:00:00Z");
        let mut counted = OfRecords::default();
        for (state, fields, said) in [
            (
                "resolved",
                json!({"statut_ine": "CONFIRME"}),
                json!({"cursus": "L", "diplome": "1234567"}),
            ),
            (
                "resolved",
                json!({"finding": "ine_inconnu", "statut_ine": "INCONNU"}),
                json!({"codeCommuneBrut": "75013"}),
            ),
            (
                "on_hold",
                json!({"on_hold_since": "2026-10-10T02:00:00Z"}),
                json!({"nonDit": {"commune": true}}),
            ),
            (
                "on_hold",
                json!({"on_hold_since": "2026-10-19T02:00:00Z"}),
                json!({"nonDit": {"regime": true}}),
            ),
            ("pending", json!({}), json!({})),
            ("resolved", json!({}), json!({"statut": "annulé"})),
        ] {
            // Each in a part of its own: parts add up.
            let mut one = OfRecords::default();
            one.add(&judged(state, &fields, &said), from);
            counted.absorb(one);
        }
        let told = told(OfImports::default(), counted);
        let all = &told.inscriptions;
        assert_eq!((all.nombre, all.visibles, all.en_doute, all.en_attente), (5, 2, 2, 1));
        let said = &all.renseigne;
        assert_eq!((said.regime, said.commune, said.commune_insee, said.cursus), (4, 4, 3, 1));
        let identities = &told.identites;
        assert_eq!(identities.attente_maximale_jours, Some(10));
        assert_eq!(identities.attente_mediane_jours, Some(1));
        assert_eq!(
            serde_json::to_value(identities).unwrap()["parConstat"],
            json!({"ine_inconnu": 1})
        );
    }

    #[test]
    fn a_delay_begins_when_what_was_said_arrived() {
        let from = at("2026-09-20T00:00:00Z");
        let received = BTreeMap::from([(IMPORT.to_owned(), at("2026-10-01T08:00:00Z"))]);
        let version = |time: &str, import: &str, line: u64| {
            shared::identity::student::RecordVersion::new(at(time), "", import, line)
        };
        let mut counted = OfRecords::default();
        let mut seen = |version, visible: &str| {
            let fields = json!({"said_at": version, "visible_since": visible});
            let mut one = OfRecords::default();
            one.add(&judged("resolved", &fields, &json!({})), from);
            counted.absorb(one);
        };
        // An export of the evening before, dropped in the morning.
        seen(version("2026-09-30T20:00:00Z", IMPORT, 2), "2026-10-01T08:00:05Z");
        seen(version("2026-09-30T20:00:00Z", IMPORT, 3), "2026-10-01T08:01:00Z");
        seen(version("2026-10-02T10:00:00Z", "push", 0), "2026-10-02T10:00:02Z");
        // Another import, of long ago, and what was pushed then.
        seen(
            version("2026-09-01T20:00:00Z", "fedcba9876543210fedcba9876543210", 2),
            "2026-09-01T21:00:00Z",
        );
        seen(version("2026-09-01T10:00:00Z", "push", 0), "2026-09-01T10:00:02Z");
        let told = told(OfImports { received, ..OfImports::default() }, counted).delais;
        assert_eq!(told.fichiers, Some(Percentiles { nombre: 2, p50: 5, p95: 60, p99: 60 }));
        assert_eq!(told.unitaires, Some(Percentiles { nombre: 1, p50: 2, p95: 2, p99: 2 }));
    }
}
