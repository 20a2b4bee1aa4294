//! What the register knows of a student, and which establishment said it.

use shared::domain::civil_identity::CivilIdentity;
use shared::domain::commune::CommuneCode;
use shared::domain::enrolment::StatedPerson;
use shared::domain::ine::Ine;
use shared::domain::name::PersonName;
use shared::domain::sex::Sex;
use shared::identity::edge::{Edge, InesVerification};
use shared::identity::student::Student;

use crate::own::told::period;

/// What one establishment said, once.
pub(crate) struct Said {
    pub(crate) establishment: String,
    pub(crate) period: String,
    pub(crate) statut: &'static str,
    /// What was said, each with its name.
    pub(crate) values: Vec<(&'static str, String)>,
    /// What the national register of identities says of it.
    pub(crate) verification: &'static str,
}

/// All that establishments said of a student, the latest period first.
pub(crate) fn said(student: &Student) -> Vec<Said> {
    let mut edges: Vec<&Edge> = student.edges().collect();
    edges.sort_by_key(|edge| std::cmp::Reverse(edge.declaration.inscription.date_debut));
    edges.into_iter().map(of_edge).collect()
}

fn of_edge(edge: &Edge) -> Said {
    let declaration = &edge.declaration;
    let enrolment = &declaration.inscription;
    let mut values = match &declaration.identite {
        StatedPerson::Civil(identity) => of_identity(identity),
        StatedPerson::Pair(pair) => vec![("Date de naissance", pair.date_naissance.expose())],
    };
    // One that isn't believed is somebody else's, or may be: it isn't shown to this person.
    let ine: Option<Ine> = declaration.ine.filter(|ine| edge.ines().any(|own| own == *ine));
    let own = [
        ("INE", ine.map(|ine| ine.expose().to_owned())),
        ("Numéro étudiant", declaration.numero_etudiant.clone()),
        ("Diplôme", enrolment.diplome.clone()),
        ("Année dans le diplôme", enrolment.niveau_diplome.clone()),
        ("Régime", Some(enrolment.regime.label().to_owned())),
        ("Commune d'études", Some(enrolment.code_commune.as_str().to_owned())),
    ];
    values.extend(own.into_iter().filter_map(|(name, value)| Some((name, value?))));
    Said {
        establishment: enrolment.nom_etablissement.clone(),
        period: period(enrolment.date_debut, enrolment.date_fin),
        statut: enrolment.statut.label(),
        values,
        verification: verification(&edge.verification),
    }
}

fn of_identity(identity: &CivilIdentity) -> Vec<(&'static str, String)> {
    let others: Vec<&str> = identity.autres_prenoms.iter().map(PersonName::expose).collect();
    let sex = match identity.sexe {
        Sex::Male => "masculin",
        Sex::Female => "féminin",
    };
    let place = identity.lieu_naissance.as_ref().map(CommuneCode::as_str);
    let values = [
        ("Nom de naissance", Some(identity.nom_famille.expose().to_owned())),
        ("Nom d'usage", identity.nom_usage.as_ref().map(|name| name.expose().to_owned())),
        ("Prénom", Some(identity.prenom1.expose().to_owned())),
        ("Autres prénoms", (!others.is_empty()).then(|| others.join(", "))),
        ("Sexe", Some(sex.to_owned())),
        ("Date de naissance", Some(identity.date_naissance.expose())),
        ("Lieu de naissance (code)", place.map(str::to_owned)),
    ];
    values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn verification(verification: &InesVerification) -> &'static str {
    match verification {
        InesVerification::Unasked => "L'identité n'a pas été comparée avec le registre national.",
        InesVerification::Confirmed { .. } => {
            "Le registre national des identifiants confirme cet INE."
        }
        InesVerification::Granted { .. } => {
            "Le registre national des identifiants a retrouvé ou attribué votre INE."
        }
        InesVerification::Unknown => {
            "L'INE donné n'est pas connu du registre national : il n'est pas retenu."
        }
        InesVerification::Differs | InesVerification::Taken => {
            "L'INE donné est celui de quelqu'un d'autre : il n'est pas retenu."
        }
    }
}
