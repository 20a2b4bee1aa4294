//! The batch: up to a hundred people in one call, for administrations and companies that renew many
//! rights at once.
//!
//! Ours, in the manner of v3: one line of answer for each line of the request, in its order.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Empty, StudentData};
use super::error::{ErrorItem, Parameter, Problem};
use super::request::{Wrong, sex};
use crate::contract::null::null_is_absent;
use crate::domain::birth_date::BirthDate;
use crate::domain::commune::CommuneCode;
use crate::domain::ine::Ine;
use crate::domain::name::PersonName;
use crate::identity::lookup::CivilQuestion;

/// People in one call at most: as many traces as one transaction writes.
pub const MOST: usize = 100;
const LONGEST_REFERENCE: usize = 64;
/// Given names after the first that are compared. Nobody is known to have as many.
const MOST_GIVEN_NAMES: usize = 10;

/// The body of a request.
#[derive(Deserialize, ToSchema)]
pub struct BatchRequest {
    /// One for each person, 1 to 100.
    #[schema(min_items = 1, max_items = 100)]
    demandes: Vec<BatchLine>,
}

/// One person: either an INE, or a civil identity.
#[derive(Deserialize, Default, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BatchLine {
    /// The caller's own word for the line, given back with its answer. Nothing personal: it may be
    /// logged elsewhere.
    #[schema(nullable = true, pattern = "^[A-Za-z0-9._-]{0,64}$", example = "dossier-17")]
    #[serde(deserialize_with = "null_is_absent")]
    reference: String,
    /// The INE. When it is given, the rest is not looked at.
    #[schema(nullable = true, example = "0AYIOP071Y8")]
    #[serde(deserialize_with = "null_is_absent")]
    ine: String,
    /// Birth name.
    #[schema(nullable = true)]
    #[serde(deserialize_with = "null_is_absent")]
    nom_naissance: String,
    /// Given names in the order of the civil register, the first one at least. The others tell
    /// homonyms apart.
    #[schema(nullable = true)]
    #[serde(deserialize_with = "null_is_absent")]
    prenoms: Vec<String>,
    /// Birth date, `YYYY-MM-DD`.
    #[schema(nullable = true)]
    #[serde(deserialize_with = "null_is_absent")]
    date_naissance: String,
    /// `M` or `F`.
    #[schema(nullable = true)]
    #[serde(deserialize_with = "null_is_absent")]
    sexe_etat_civil: String,
    /// COG code of the commune of birth, if known.
    #[schema(nullable = true)]
    #[serde(deserialize_with = "null_is_absent")]
    code_cog_insee_commune_naissance: String,
}

impl fmt::Debug for BatchLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BatchLine(…)")
    }
}

/// Who is asked about in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineQuestion {
    /// By INE.
    Ine(Ine),
    /// By civil identity.
    Civil(CivilQuestion),
}

/// One line, read.
#[derive(Debug)]
pub struct Line {
    /// The caller's own word for it, when it can be given back.
    pub reference: Option<String>,
    /// Who is asked about, or what is wrong.
    pub question: Result<LineQuestion, Vec<Parameter>>,
}

/// Reads the body of a request; `None` when it is not a batch, or has too many people or none.
#[must_use]
pub fn parse(body: &[u8]) -> Option<Vec<Line>> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let request: BatchRequest = serde_json::from_slice(body).ok()?;
    let in_range = (1..=MOST).contains(&request.demandes.len());
    in_range.then(|| request.demandes.into_iter().map(BatchLine::read).collect())
}

impl BatchLine {
    fn read(self) -> Line {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let reference = self.reference.trim();
        if reference.len() > LONGEST_REFERENCE || !reference.bytes().all(is_plain) {
            return Line { reference: None, question: Err(vec![Parameter::Reference]) };
        }
        let reference = (!reference.is_empty()).then(|| reference.to_owned());
        let question = if self.ine.trim().is_empty() {
            self.civil_question().map(LineQuestion::Civil)
        } else {
            Ine::parse(&self.ine).map(LineQuestion::Ine).map_err(|_| vec![Parameter::Ine])
        };
        Line { reference, question }
    }

    fn civil_question(&self) -> Result<CivilQuestion, Vec<Parameter>> {
        let mut wrong = Wrong::default();
        let family = wrong
            .or(PersonName::parse_surname(&self.nom_naissance).map_err(|_| Parameter::FamilyName));
        let given = wrong.or(self.given_names().ok_or(Parameter::GivenNames));
        let date = BirthDate::parse(&self.date_naissance).ok().filter(|date| date.full().is_some());
        let date = wrong.or(date.ok_or(Parameter::BirthDate));
        let sex = wrong.or(sex(self.sexe_etat_civil.trim()).ok_or(Parameter::Sex));
        let birthplace =
            Some(self.code_cog_insee_commune_naissance.trim()).filter(|code| !code.is_empty());
        let birthplace = birthplace
            .map(|code| CommuneCode::parse_birthplace(code).map_err(|_| Parameter::BirthCommune));
        let birthplace = wrong.or(birthplace.transpose()).flatten();
        wrong.question(family, given, date, sex, birthplace)
    }

    /// The first given name and the others. A blank among them is what a form leaves for who has
    /// fewer.
    fn given_names(&self) -> Option<(PersonName, Vec<PersonName>)> {
        let (first, others) = self.prenoms.split_first()?;
        let others = others
            .iter()
            .filter(|name| !name.trim().is_empty())
            .map(|name| PersonName::parse(name).ok());
        Some((
            PersonName::parse_given(first).ok()?,
            others.take(MOST_GIVEN_NAMES).collect::<Option<_>>()?,
        ))
    }
}

/// The body of a 200 answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer<'a> {
    data: Vec<LineAnswer<'a>>,
    links: Empty,
    meta: BatchMeta,
}

/// What a batch came to.
#[derive(Debug, Default, Serialize, ToSchema)]
struct BatchMeta {
    /// Lines asked.
    demandes: usize,
    /// Students told.
    trouves: usize,
    /// Nobody, or nobody that can be told.
    introuvables: usize,
    /// Lines that can't be read.
    invalides: usize,
}

/// The answer to one line.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineAnswer<'a> {
    /// The caller's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reference: Option<&'a str>,
    /// What became of it.
    resultat: LineOutcome,
    /// What the scopes allow, when somebody is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    statut: Option<StudentData<'a>>,
    /// What is wrong with the line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorItem>,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LineOutcome {
    /// A student is told.
    Trouve,
    /// Nobody, or nobody that can be told.
    Introuvable,
    /// The line can't be read.
    Invalide,
}

impl<'a> LineAnswer<'a> {
    /// The answer to a line: what is told, if anything is.
    #[must_use]
    pub fn new(line: &'a Line, told: Option<StudentData<'a>>) -> Self {
        let (resultat, errors) = match (&line.question, &told) {
            (Err(wrong), _) => (
                LineOutcome::Invalide,
                wrong.iter().map(|parameter| Problem::Parameter(*parameter).item()).collect(),
            ),
            (Ok(_), Some(_)) => (LineOutcome::Trouve, Vec::new()),
            (Ok(_), None) => (LineOutcome::Introuvable, Vec::new()),
        };
        Self { reference: line.reference.as_deref(), resultat, statut: told, errors }
    }
}

impl<'a> BatchAnswer<'a> {
    /// The answers, in the order of the lines.
    #[must_use]
    pub fn new(data: Vec<LineAnswer<'a>>) -> Self {
        let count = |outcome| data.iter().filter(|line| line.resultat == outcome).count();
        let meta = BatchMeta {
            demandes: data.len(),
            trouves: count(LineOutcome::Trouve),
            introuvables: count(LineOutcome::Introuvable),
            invalides: count(LineOutcome::Invalide),
        };
        Self { data, links: Empty {}, meta }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_read_one_by_one() {
        let body = r#"{"demandes":[
            {"reference":"a-1","ine":"0AYIOP071Y8"},
            {"nomNaissance":"Lefèvre","prenoms":["Zoé"," ","Léa"],"dateNaissance":"2004-03-02","sexeEtatCivil":"F"},
            {"reference":"a 2","ine":"0AYIOP071Y8"},
            {"reference":"a-3","ine":"x"},
            {"reference":"a-4"}
        ]}"#;
        let lines = parse(body.as_bytes()).unwrap();
        assert!(matches!(lines[0].question, Ok(LineQuestion::Ine(_))));
        let Ok(LineQuestion::Civil(civil)) = &lines[1].question else { panic!("{:?}", lines[1]) };
        let others: Vec<&str> = civil.autres_prenoms.iter().map(PersonName::expose).collect();
        assert_eq!((civil.prenom1.expose(), others), ("Zoé", vec!["Léa"]));
        assert_eq!(lines[2].question, Err(vec![Parameter::Reference]));
        assert_eq!(lines[3].question, Err(vec![Parameter::Ine]));
        assert_eq!(
            lines[4].question,
            Err(vec![
                Parameter::FamilyName,
                Parameter::GivenNames,
                Parameter::BirthDate,
                Parameter::Sex
            ])
        );
        let answer =
            BatchAnswer::new(lines.iter().map(|line| LineAnswer::new(line, None)).collect());
        let answer = serde_json::to_value(&answer).unwrap();
        assert_eq!(
            answer["meta"],
            serde_json::json!({ "demandes": 5, "trouves": 0, "introuvables": 2, "invalides": 3 })
        );
        assert_eq!(
            answer["data"][0],
            serde_json::json!({ "reference": "a-1", "resultat": "introuvable" })
        );
        assert_eq!(
            answer["data"][2].get("reference"),
            None,
            "what may be anything is not given back"
        );
        assert_eq!(answer["data"][3]["errors"][0]["code"], "00360");
    }

    #[test]
    fn null_is_absent_and_a_postal_code_is_refused() {
        let body = r#"{"demandes":[
            {"reference":null,"ine":null,"nomNaissance":"Lefèvre","prenoms":["Zoé"],"dateNaissance":"2004-03-02","sexeEtatCivil":"F","codeCogInseeCommuneNaissance":null},
            {"ine":"0AYIOP071Y8","prenoms":null,"nomNaissance":null,"dateNaissance":null,"sexeEtatCivil":null},
            {"nomNaissance":"Lefèvre","prenoms":["Zoé"],"dateNaissance":"2004-03-02","sexeEtatCivil":"F","codeCogInseeCommuneNaissance":"44000"}
        ]}"#;
        let lines = parse(body.as_bytes()).unwrap();
        assert!(matches!(lines[0].question, Ok(LineQuestion::Civil(_))), "{:?}", lines[0]);
        assert!(matches!(lines[1].question, Ok(LineQuestion::Ine(_))), "{:?}", lines[1]);
        assert_eq!(lines[2].question, Err(vec![Parameter::BirthCommune]));
    }

    #[test]
    fn a_batch_has_one_to_a_hundred_lines() {
        let body = |lines: usize| {
            let line = r#"{"ine":"0AYIOP071Y8"}"#;
            format!(r#"{{"demandes":[{}]}}"#, vec![line; lines].join(","))
        };
        assert_eq!(parse(body(100).as_bytes()).map(|lines| lines.len()), Some(100));
        assert!(parse(body(0).as_bytes()).is_none() && parse(body(101).as_bytes()).is_none());
        assert!(parse(b"[]").is_none() && parse(b"{}").is_none() && parse(b"").is_none());
        assert!(parse(br#"{"demandes":[{"prenoms":"Zoe"}]}"#).is_none());
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
            let _ = parse(&body);
            let line = serde_json::json!({ "demandes": [{ "reference": text, "ine": text, "dateNaissance": text }] });
            let lines = parse(line.to_string().as_bytes()).unwrap();
            prop_assert_eq!(lines.len(), 1);
        }
    }
}
