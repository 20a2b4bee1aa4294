//! The fields of an enrolment in a form: labels, rules and choices from the code that reads files,
//! and errors tied to the field that they are about.

use std::collections::BTreeMap;

use shared::domain::enrolment::{Declaration, Enrolment, StatedPerson};
use shared::domain::regime::Regime;
use shared::domain::status::Status;
use shared::domain::uai::Uai;
use shared::files::column::Column;
use shared::files::problem::{Problem, RowRule, Severity};
use shared::files::row::Values;
use shared::statements::StatementError;

use crate::refusal::ApiError;
use crate::words::wire_name;

/// Whom an enrolment is about, in the order of the form.
pub(crate) const PERSON: [Column; 10] = [
    Column::NumeroEtudiant,
    Column::Ine,
    Column::DateNaissance,
    Column::NomFamille,
    Column::NomUsage,
    Column::Prenom1,
    Column::Prenom2,
    Column::Prenom3,
    Column::Sexe,
    Column::LieuNaissance,
];
/// What it is.
pub(crate) const ENROLMENT: [Column; 9] = [
    Column::Uai,
    Column::DateDebutInscription,
    Column::DateFinInscription,
    Column::Statut,
    Column::Regime,
    Column::CodeCommune,
    Column::Cursus,
    Column::Diplome,
    Column::NiveauDiplome,
];

/// A field, ready to be shown.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) presence: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) rules: Vec<&'static str>,
    pub(crate) value: String,
    pub(crate) is_date: bool,
    /// Of a list; empty for what is written.
    pub(crate) choices: Vec<Choice>,
    pub(crate) errors: Vec<String>,
}

pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) is_chosen: bool,
}

/// What is wrong, and in which field.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) column: Option<&'static str>,
    pub(crate) what: String,
}

impl Said {
    pub(crate) fn of(column: Column, what: &str) -> Self {
        Self { column: Some(column.name()), what: what.to_owned() }
    }

    fn whole(what: &str) -> Self {
        Self { column: None, what: what.to_owned() }
    }
}

impl From<Problem> for Said {
    fn from(problem: Problem) -> Self {
        let what = problem.rule.message();
        // The rules are written for a list; here each is a sentence.
        let mut letters = what.chars();
        let first = letters.next().map(|letter| letter.to_uppercase().to_string());
        let what = format!("{}{}.", first.unwrap_or_default(), letters.as_str());
        Self { column: problem.column.map(Column::name), what }
    }
}

/// What somebody typed.
#[derive(Default)]
pub(crate) struct Form(BTreeMap<Column, String>);

impl Values for Form {
    fn value(&self, column: Column) -> &str {
        self.0.get(&column).map_or("", |value| value.trim())
    }
}

impl Form {
    /// The fields of a form that are columns; the others are the form's own.
    pub(crate) fn read(sent: &[u8]) -> Self {
        let columns = PERSON.into_iter().chain(ENROLMENT);
        let value = |column: Column| crate::session::field(sent, column.name());
        Self(columns.filter_map(|column| Some((column, value(column)?))).collect())
    }

    /// What an enrolment says.
    pub(crate) fn of(enrolment: &Enrolment) -> Self {
        let mut form = Self::default();
        let commune = enrolment.code_commune_brut.clone();
        for (column, value) in [
            (Column::DateDebutInscription, Some(enrolment.date_debut.to_string())),
            (Column::DateFinInscription, Some(enrolment.date_fin.to_string())),
            (Column::Statut, Some(wire_name(&enrolment.statut))),
            (Column::Regime, Some(enrolment.regime.label().to_owned())),
            (
                Column::CodeCommune,
                commune.or_else(|| Some(enrolment.code_commune.as_str().to_owned())),
            ),
            (Column::Cursus, enrolment.cursus.clone()),
            (Column::NiveauDiplome, enrolment.niveau_diplome.clone()),
        ] {
            form.0.extend(value.map(|value| (column, value)));
        }
        form
    }

    /// The same of an enrolment that was said before: what names it isn't the form's.
    pub(crate) fn over(mut self, said: &Declaration) -> Self {
        self.0.retain(|column, _| ENROLMENT.contains(column));
        let enrolment = &said.inscription;
        let mut keep = |column: Column, value: Option<String>| match value {
            Some(value) => drop(self.0.insert(column, value)),
            None => drop(self.0.remove(&column)),
        };
        keep(Column::Uai, Some(enrolment.uai.to_string()));
        keep(Column::Diplome, enrolment.diplome.clone());
        keep(Column::Ine, said.ine.map(|ine| ine.expose().to_owned()));
        keep(Column::DateNaissance, Some(said.identite.birth_date().expose()));
        if let StatedPerson::Civil(civil) = &said.identite {
            keep(Column::NomFamille, Some(civil.nom_famille.expose().to_owned()));
            keep(Column::Prenom1, Some(civil.prenom1.expose().to_owned()));
            keep(Column::Sexe, Some(civil.sexe.code().to_owned()));
        }
        self
    }
}

/// A field of the form, with what was typed and what is wrong with it.
pub(crate) fn field(column: Column, form: &Form, errors: &[Said], targets: &[Uai]) -> Field {
    let (sheet, typed) = (column.sheet(), form.value(column));
    let of_it = |rule: &&RowRule| {
        let sheet = rule.sheet();
        sheet.severity == Severity::Reject
            && sheet.columns.contains(&column)
            && !matches!(rule, RowRule::JsonImbrique | RowRule::JsonCleRepetee)
    };
    let choice = |value: String, label: &str| {
        let is_chosen = value == typed;
        Choice { value, label: label.to_owned(), is_chosen }
    };
    let choices = match column {
        Column::Statut => [Status::Inscrit, Status::Admis]
            .map(|status| choice(wire_name(&status), status.label()))
            .into(),
        Column::Regime => std::iter::once(choice(String::new(), "Non indiqué"))
            .chain(Regime::ALL.map(|regime| choice(regime.label().to_owned(), regime.label())))
            .collect(),
        Column::Sexe => [("", "Non indiqué"), ("1", "Masculin"), ("2", "Féminin")]
            .map(|(value, label)| choice(value.to_owned(), label))
            .into(),
        Column::Uai => targets.iter().map(|uai| choice(uai.to_string(), uai.as_str())).collect(),
        _ => Vec::new(),
    };
    let own = errors.iter().filter(|error| error.column == Some(column.name()));
    Field {
        name: column.name(),
        label: sheet.what,
        presence: column.presence(),
        hint: sheet.form,
        rules: RowRule::ALL.iter().filter(of_it).map(|rule| rule.sheet().message).collect(),
        value: typed.to_owned(),
        is_date: matches!(
            column,
            Column::DateNaissance | Column::DateDebutInscription | Column::DateFinInscription
        ),
        choices,
        errors: own.map(|error| error.what.clone()).collect(),
    }
}

/// Why a statement isn't taken, by field; a failure of ours is none of the form's.
pub(crate) fn said(error: StatementError) -> Result<Vec<Said>, ApiError> {
    Ok(match error {
        StatementError::Invalid(problems) => problems.into_iter().map(Said::from).collect(),
        StatementError::NotTheirs => {
            vec![Said::of(Column::Uai, "Vous ne pouvez pas envoyer pour cet établissement.")]
        }
        StatementError::Nobody => vec![Said::of(
            Column::Ine,
            "Personne n'a cet INE avec cette date de naissance : vérifiez l'un et l'autre sur un document. Sans INE certain, laissez le champ vide et donnez le nom.",
        )],
        StatementError::PairsExhausted => vec![Said::whole(
            "Trop d'INE inconnus ont été essayés aujourd'hui pour cet établissement : rien n'a été vérifié ni enregistré. Recommencez demain.",
        )],
        StatementError::SeveralEnrolments | StatementError::NothingToCancel => vec![Said::whole(
            "On ne peut pas dire de quelle inscription il s'agit : cherchez l'étudiant, puis ouvrez l'inscription.",
        )],
        StatementError::Superseded | StatementError::NotFound => vec![Said::whole(
            "Une déclaration plus récente existe : cherchez l'étudiant pour voir où en est l'inscription.",
        )],
        StatementError::Store(error) => return Err(error.into()),
    })
}
