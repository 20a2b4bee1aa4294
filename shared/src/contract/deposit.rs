//! `/api/depots`: how an establishment sends a file with its write key. Ours: the contract has only
//! the portal.
//!
//! `POST` gives the form of one upload, which S3 takes without any other credential; `GET` follows
//! the import of what was uploaded.

use std::collections::BTreeMap;

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::null::null_is_absent;
use crate::domain::academic_year::AcademicYear;
use crate::domain::uai::Uai;
use crate::feeding::import::{Import, ImportId, ImportState, Order};
use crate::files::column::Column;
use crate::files::mapping::{Mapping, MappingError};

/// The body of a request. It may be empty: a delta of the key's own establishment.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct DepositRequest {
    /// The establishment that sends the file: that of the key, and no other.
    #[schema(example = "0751967F")]
    uai: Option<String>,
    /// `delta` (by default): what is new or changed. `complet`: every enrolment of an academic
    /// year; those that it doesn't contain are cancelled.
    mode: Option<DepositMode>,
    /// The civil year in which the academic year of a complete file starts: 2026 for 2026-2027.
    #[schema(minimum = 2000, maximum = 2100, example = 2026)]
    annee: Option<u16>,
    /// A complete file may cancel however many enrolments.
    #[schema(nullable = true)]
    #[serde(deserialize_with = "null_is_absent")]
    confirme: bool,
    /// A report only: nothing changes.
    #[schema(nullable = true)]
    #[serde(deserialize_with = "null_is_absent")]
    essai: bool,
}

/// What a file is meant to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DepositMode {
    /// What is new or changed.
    Delta,
    /// Every enrolment of an academic year.
    Complet,
}

/// What is asked for, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The establishment that is named, if one is.
    pub uai: Option<Uai>,
    /// The academic year of a complete file.
    pub complete: Option<AcademicYear>,
    /// Whether it may cancel however many enrolments.
    pub confirmed: bool,
    /// Whether only a report is wanted.
    pub dry_run: bool,
}

/// The body of a confirmation: a trial is imported for good, without being dropped again.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ConfirmationRequest {
    /// The trial whose report was read: the report's `import`, and that of the deposit.
    #[schema(example = "0123456789abcdef0123456789abcdef")]
    import: String,
    /// How many enrolments a complete file may cancel, beyond the usual share: as many as its
    /// report says that it lacks (`complet.absentes`). More than that cancel nothing.
    #[schema(nullable = true)]
    #[serde(default, deserialize_with = "null_is_absent")]
    annulations: u64,
}

/// A confirmation, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The trial.
    pub tried: ImportId,
    /// What is ordered.
    pub order: Order,
}

impl Confirmation {
    /// Reads the body of a request.
    pub fn parse(body: &[u8]) -> Result<Self, DepositError> {
        if !body.trim_ascii().starts_with(b"{") {
            return Err(DepositError::Body);
        }
        let request: ConfirmationRequest =
            serde_json::from_slice(body).map_err(|_| DepositError::Body)?;
        let tried = ImportId::parse(&request.import).ok_or(DepositError::Import)?;
        let order = Order { dry_run: false, cancellations: request.annulations, columns: None };
        Ok(Self { tried, order })
    }
}

/// The body of what an establishment calls its columns. It is kept for its next files too, and the
/// trial is made anew by it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ColumnsRequest {
    /// The trial that is made anew: the deposit's `import`.
    #[schema(example = "0123456789abcdef0123456789abcdef")]
    import: String,
    /// Columns by their label in the file; null for one that isn't to be read.
    #[schema(example = json!({ "DT_NAIS": "dateNaissance", "COMMENTAIRE": null }))]
    colonnes: BTreeMap<String, Option<String>>,
}

/// What an establishment calls its columns, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidColumns {
    /// The trial.
    pub tried: ImportId,
    pub mapping: Mapping,
}

impl SaidColumns {
    /// Reads the body of a request.
    pub fn parse(body: &[u8]) -> Result<Self, DepositError> {
        if !body.trim_ascii().starts_with(b"{") {
            return Err(DepositError::Body);
        }
        let request: ColumnsRequest =
            serde_json::from_slice(body).map_err(|_| DepositError::Body)?;
        let tried = ImportId::parse(&request.import).ok_or(DepositError::Import)?;
        let column = |name: String| {
            let known = Column::ALL.into_iter().find(|column| column.name() == name);
            known.ok_or(DepositError::Column)
        };
        let said: Result<Vec<_>, DepositError> = request
            .colonnes
            .into_iter()
            .map(|(label, name)| Ok((label, name.map(column).transpose()?)))
            .collect();
        Ok(Self { tried, mapping: Mapping::new(said?)? })
    }
}

/// Why there is no form, as `details.parameter` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DepositError {
    /// Not a JSON object of that shape.
    #[error("le corps de la requête n'est pas un objet JSON valide")]
    Body,
    /// The establishment's number.
    #[error("uai : l'UAI est formée de 7 chiffres et de leur lettre de contrôle")]
    Uai,
    /// The year of a complete file.
    #[error("annee : un fichier complet porte sur une année universitaire, 2026 pour 2026-2027")]
    Year,
    /// What only a complete file has.
    #[error("annee et confirme ne valent que pour un fichier complet (mode)")]
    OnlyComplete,
    /// The trial that is confirmed.
    #[error("import : l'essai dont le rapport a été lu, tel que le rapport et le dépôt le donnent")]
    Import,
    /// A name that no column has.
    #[error("colonnes : une colonne porte un des noms du format, ou null pour n'être pas lue")]
    Column,
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

impl Wish {
    /// Reads the body of a request.
    pub fn parse(body: &[u8]) -> Result<Self, DepositError> {
        let request = match body.trim_ascii() {
            b"" | b"null" => DepositRequest::default(),
            // An array would do for serde, as the fields in their order.
            body if !body.starts_with(b"{") => return Err(DepositError::Body),
            body => serde_json::from_slice(body).map_err(|_| DepositError::Body)?,
        };
        let DepositRequest { uai, mode, annee, confirme, essai } = request;
        let uai = uai.map(|uai| Uai::parse(&uai)).transpose().map_err(|_| DepositError::Uai)?;
        let complete = match mode.unwrap_or(DepositMode::Delta) {
            DepositMode::Complet => Some(annee.and_then(year).ok_or(DepositError::Year)?),
            DepositMode::Delta if annee.is_some() || confirme => {
                return Err(DepositError::OnlyComplete);
            }
            DepositMode::Delta => None,
        };
        Ok(Self { uai, complete, confirmed: confirme, dry_run: essai })
    }

    /// The key that the file goes to: chosen by us, so nothing in it is personal. What it says is
    /// what ingestion reads.
    #[must_use]
    pub fn key(&self, uai: Uai, deposit: &str) -> String {
        let complete = self
            .complete
            .map(|year| format!("complete/{}/", year.first_year()))
            .unwrap_or_default();
        let confirmed = if self.confirmed { "confirm/" } else { "" };
        let dry_run = if self.dry_run { "dry-run/" } else { "" };
        format!("{uai}/{complete}{confirmed}{dry_run}depot/{deposit}")
    }
}

fn year(first: u16) -> Option<AcademicYear> {
    if !(2000..=2100).contains(&first) {
        return None;
    }
    AcademicYear::parse(&format!("{first}-{}", first + 1)).ok()
}

/// A 201: the form of one upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct DepositForm {
    /// The deposit, to follow it by.
    #[schema(example = "6f9619ff8b86d011b42d00cf4fc964ff")]
    pub id: String,
    /// Where to `POST` the form, `multipart/form-data`.
    pub url: String,
    /// The fields of the form, in order. The file comes last, as `file`.
    #[schema(value_type = Object)]
    pub champs: Fields,
    /// Until when it may be posted (RFC 3339).
    #[schema(example = "2026-09-15T08:15:00Z")]
    pub expire: String,
    /// Bytes that S3 takes at most.
    #[serde(rename = "tailleMax")]
    #[schema(example = 1_073_741_824_u64)]
    pub largest: u64,
}

/// Fields of a form, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields(pub Vec<(&'static str, String)>);

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// How far the import of a deposit has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum DepositState {
    /// Nothing was uploaded yet.
    #[serde(rename = "attendu")]
    Awaited,
    /// Uploaded, not yet read.
    #[serde(rename = "reçu")]
    Received,
    /// Rows are being read.
    #[serde(rename = "en cours")]
    Running,
    /// Every row was accepted or rejected; see the report.
    #[serde(rename = "terminé")]
    Done,
    /// The file could not be read as a whole; see `raison`.
    #[serde(rename = "échoué")]
    Failed,
}

/// A 200 about a deposit.
#[derive(Debug, Serialize, ToSchema)]
pub struct DepositStatus {
    /// The deposit.
    #[schema(example = "6f9619ff8b86d011b42d00cf4fc964ff")]
    pub id: String,
    /// Its latest import, once there is one: what a confirmation names.
    #[schema(example = "0123456789abcdef0123456789abcdef")]
    pub import: Option<String>,
    /// Whether that import is a trial, which changes nothing and can be confirmed once it is over.
    pub essai: bool,
    /// How far its import has come.
    pub etat: DepositState,
    /// Rows so far.
    pub lignes: Lines,
    /// The part of the file that is read, from 0 to 1.
    #[schema(minimum = 0, maximum = 1, example = 0.42)]
    pub progression: f64,
    /// Why it failed, if it did.
    pub raison: Option<String>,
    /// Where its report is, once there is one: links that last some minutes.
    pub rapport: Option<ReportLinks>,
}

impl DepositStatus {
    /// What is told of a deposit, whose latest import is this.
    #[must_use]
    pub fn of(id: &str, import: Option<&Import>, rapport: Option<ReportLinks>) -> Self {
        let etat = match import.map(|import| import.state) {
            None => DepositState::Awaited,
            Some(ImportState::Received) => DepositState::Received,
            Some(ImportState::Running) => DepositState::Running,
            Some(ImportState::Done) => DepositState::Done,
            Some(ImportState::Failed) => DepositState::Failed,
        };
        Self {
            id: id.to_owned(),
            import: import.map(|import| import.id.as_str().to_owned()),
            essai: import.is_some_and(Import::is_trial),
            etat,
            lignes: import.map(Lines::of).unwrap_or_default(),
            progression: import.map(progress).unwrap_or_default(),
            raison: import.and_then(|import| import.reason.clone()),
            rapport,
        }
    }
}

/// The part that is read, to the hundredth: bytes rather than rows, whose number only the end
/// tells.
#[must_use]
pub fn progress(import: &Import) -> f64 {
    if import.state.is_final() {
        return 1.0;
    }
    let hundredths = import
        .bytes_read
        .saturating_mul(100)
        .checked_div(import.bytes)
        .unwrap_or_default()
        .min(100);
    u32::try_from(hundredths).map_or(0.0, |hundredths| f64::from(hundredths) / 100.0)
}

/// Rows so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Lines {
    /// Read.
    pub lues: u64,
    /// Accepted.
    pub acceptees: u64,
    /// Older than what was known.
    pub depassees: u64,
    /// Of these accepted, those that say what was known.
    pub inchangees: u64,
    /// Of these accepted, those about an enrolment that wasn't known.
    pub nouvelles: u64,
    /// Rejected.
    pub rejetees: u64,
    /// Accepted, with something odd.
    pub averties: u64,
}

impl Lines {
    fn of(import: &Import) -> Self {
        Self {
            lues: import.rows_read,
            acceptees: import.accepted,
            depassees: import.superseded,
            inchangees: import.unchanged,
            nouvelles: import.created,
            rejetees: import.rejected,
            averties: import.warned,
        }
    }
}

/// The report, in two forms.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportLinks {
    /// For programs.
    pub json: String,
    /// For a spreadsheet.
    pub csv: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "6f9619ff8b86d011b42d00cf4fc964ff";

    fn key(body: &str) -> Result<String, DepositError> {
        let uai = Uai::parse("0751967F").unwrap();
        Wish::parse(body.as_bytes()).map(|wish| wish.key(uai, ID))
    }

    #[test]
    fn each_wish_has_its_place_in_the_key() {
        for (body, part) in [
            ("", ""),
            ("{}", ""),
            ("null", ""),
            (r#"{"uai":null,"mode":null,"annee":null,"confirme":null,"essai":null}"#, ""),
            (r#"{"mode":"delta","essai":true}"#, "dry-run/"),
            (r#"{"mode":"complet","annee":2026}"#, "complete/2026/"),
            (
                r#"{"mode":"complet","annee":2026,"confirme":true,"essai":true}"#,
                "complete/2026/confirm/dry-run/",
            ),
        ] {
            assert_eq!(key(body), Ok(format!("0751967F/{part}depot/{ID}")), "{body}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        for (body, error) in [
            ("[]", DepositError::Body),
            ("nothing", DepositError::Body),
            (r#"{"mode":"tout"}"#, DepositError::Body),
            (r#"{"annee":"2026","mode":"complet"}"#, DepositError::Body),
            (r#"{"uai":"0751967A"}"#, DepositError::Uai),
            (r#"{"mode":"complet"}"#, DepositError::Year),
            (r#"{"mode":"complet","annee":26}"#, DepositError::Year),
            (r#"{"annee":2026}"#, DepositError::OnlyComplete),
            (r#"{"confirme":true}"#, DepositError::OnlyComplete),
        ] {
            assert_eq!(key(body), Err(error), "{body}");
        }
    }

    #[test]
    fn a_confirmation_names_a_trial() {
        let import = "0123456789abcdef0123456789abcdef";
        let read = |body: String| Confirmation::parse(body.as_bytes());
        let order = |cancellations| Order { dry_run: false, cancellations, columns: None };
        for (rest, cancellations) in
            [("", 0), (",\"annulations\":null", 0), (",\"annulations\":12", 12)]
        {
            let read = read(format!("{{\"import\":\"{import}\"{rest}}}")).unwrap();
            assert_eq!((read.tried.as_str(), read.order), (import, order(cancellations)));
        }
        for (body, error) in [
            ("", DepositError::Body),
            ("{}", DepositError::Body),
            (r#"{"import":"x"}"#, DepositError::Import),
            (
                r#"{"import":"0123456789abcdef0123456789abcdef","annulations":-1}"#,
                DepositError::Body,
            ),
        ] {
            assert_eq!(read(body.to_owned()), Err(error), "{body}");
        }
    }

    #[test]
    fn columns_are_those_of_the_format() {
        let read = |columns: &str| {
            let body = format!(
                "{{\"import\":\"0123456789abcdef0123456789abcdef\",\"colonnes\":{columns}}}"
            );
            SaidColumns::parse(body.as_bytes()).map(|said| said.mapping)
        };
        let said = read(r#"{"DT_NAIS":"dateNaissance","X":null}"#).unwrap();
        assert_eq!(
            (said.named("dt nais"), said.tells_of("x")),
            (Some(Column::DateNaissance), true)
        );
        for (columns, error) in [
            (r#"{"a":"age"}"#, DepositError::Column),
            (r#"{"a":"uai","b":"uai"}"#, DepositError::Mapping(MappingError::Twice(Column::Uai))),
            (r#"{"":"uai"}"#, DepositError::Mapping(MappingError::Label)),
            ("[]", DepositError::Body),
        ] {
            assert_eq!(read(columns), Err(error), "{columns}");
        }
    }

    #[test]
    fn the_form_keeps_the_order_of_its_fields() {
        let fields = Fields(vec![
            ("key", "k".into()),
            ("x-amz-algorithm", "a".into()),
            ("policy", "p".into()),
        ]);
        assert_eq!(
            serde_json::to_string(&fields).unwrap(),
            r#"{"key":"k","x-amz-algorithm":"a","policy":"p"}"#
        );
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in "\\PC{0,60}|\\{\"(uai|mode|annee|confirme|essai)\":\\PC{0,20}\\}") {
            if let Ok(key) = key(&body) {
                prop_assert!(key.starts_with("0751967F/") && key.ends_with(ID));
            }
        }
    }
}
