//! A civil identity, to and from the wire.

use shared::contract::ines::{Identity, RequestState};
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::commune::CommuneCode;
use shared::domain::name::PersonName;
use shared::domain::sex::Sex;
use shared::identity::immatriculation::Registration;

use crate::refusal::Refusal;

/// What names the sex here, where upstream's contract has 1 and 2.
const MALE: &str = "H";
const FEMALE: &str = "F";

/// The identity that a caller gives. What is wrong is named by its field, never repeated.
pub(crate) fn read(identity: &Identity) -> Result<CivilIdentity, Refusal> {
    let nom_famille = name(identity.nom_famille.as_deref(), "nomFamille")?;
    let prenom1 = name(identity.prenom1.as_deref(), "prenom1")?;
    let others = [(&identity.prenom2, "prenom2"), (&identity.prenom3, "prenom3")];
    let others =
        others.into_iter().filter_map(|(text, field)| optional(text.as_deref(), field).transpose());
    let sexe = match identity.sexe.as_deref().map(str::trim) {
        Some(MALE) => Sex::Male,
        Some(FEMALE) => Sex::Female,
        _ => return Err(Refusal::Invalid("sexe : H ou F est attendu")),
    };
    let lieu_naissance = match present(identity.lieu_naissance.as_deref()) {
        None => None,
        Some(text) => {
            let wrong = Refusal::Invalid(
                "lieuNaissance : le code COG (INSEE) de la commune ou du pays est attendu, et non un code postal",
            );
            Some(CommuneCode::parse_birthplace(text).map_err(|_| wrong)?)
        }
    };
    Ok(CivilIdentity {
        nom_famille,
        nom_usage: optional(identity.nom_usage.as_deref(), "nomUsage")?,
        prenom1,
        autres_prenoms: others.collect::<Result<_, _>>()?,
        sexe,
        date_naissance: birth_date(identity.date_naissance.as_deref().unwrap_or_default())?,
        lieu_naissance,
        libelle_naissance: None,
    })
}

pub(crate) fn birth_date(text: &str) -> Result<BirthDate, Refusal> {
    BirthDate::parse(text)
        .map_err(|_| Refusal::Invalid("dateNaissance : une date AAAA-MM-JJ est attendue"))
}

/// What the register has, for whoever asked about `asked`: the master INE is told when it is
/// another.
pub(crate) fn told(master: &Registration, asked: Option<&Registration>) -> Identity {
    // The wire has no name of a birthplace, and `read` gives none.
    let CivilIdentity {
        nom_famille,
        nom_usage,
        prenom1,
        autres_prenoms,
        sexe,
        date_naissance,
        lieu_naissance,
        libelle_naissance: _,
    } = &master.identite;
    let text = |name: &PersonName| name.expose().to_owned();
    let mut others = autres_prenoms.iter().map(text);
    let is_new = asked.unwrap_or(master).attribue;
    Identity {
        nom_famille: Some(text(nom_famille)),
        nom_usage: nom_usage.as_ref().map(text),
        prenom1: Some(text(prenom1)),
        prenom2: others.next(),
        prenom3: others.next(),
        sexe: Some(if *sexe == Sex::Male { MALE } else { FEMALE }.to_owned()),
        date_naissance: Some(date_naissance.expose()),
        lieu_naissance: lieu_naissance.map(|place| place.as_str().to_owned()),
        ine_maitre: (asked.map(|asked| asked.ine) != Some(master.ine))
            .then(|| master.ine.expose().to_owned()),
        // An INE that was given here was given on a request, which was granted; of a loaded one
        // nothing is known.
        etat_demande: if is_new { vec![RequestState::Granted] } else { Vec::new() },
    }
}

fn present(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn name(text: Option<&str>, field: &'static str) -> Result<PersonName, Refusal> {
    optional(text, field)?.ok_or(Refusal::Invalid(sentence(field)))
}

fn optional(text: Option<&str>, field: &'static str) -> Result<Option<PersonName>, Refusal> {
    let parsed = present(text).map(PersonName::parse).transpose();
    parsed.map_err(|_| Refusal::Invalid(sentence(field)))
}

fn sentence(field: &'static str) -> &'static str {
    match field {
        "nomFamille" => "nomFamille : un nom est attendu",
        "nomUsage" => "nomUsage : un nom est attendu",
        "prenom1" => "prenom1 : un prénom est attendu",
        "prenom2" => "prenom2 : un prénom est attendu",
        _ => "prenom3 : un prénom est attendu",
    }
}

#[cfg(test)]
mod tests {
    use shared::domain::ine::Ine;

    use super::*;

    fn written() -> Identity {
        let text = |text: &str| Some(text.to_owned());
        Identity {
            nom_famille: text(" Quintefeuille "),
            prenom1: text("Eudoxie"),
            prenom2: text("Zoé"),
            prenom3: text(""),
            sexe: text("F"),
            date_naissance: text("2004-03-12"),
            lieu_naissance: text("44109"),
            ..Identity::default()
        }
    }

    #[test]
    fn an_identity_goes_there_and_back() {
        let ine = Ine::rnie(7).unwrap();
        let registration = Registration::new(ine, read(&written()).unwrap());
        let told = told(&registration, Some(&registration));
        assert!(told.ine_maitre.is_none() && told.etat_demande.is_empty());
        assert_eq!(
            (told.nom_famille.as_deref(), told.prenom3.as_deref()),
            (Some("Quintefeuille"), None)
        );
        assert!(read(&told).unwrap() == registration.identite);
        assert_eq!(super::told(&registration, None).ine_maitre.as_deref(), Some(ine.expose()));
        let given = Registration { attribue: true, ..registration };
        assert_eq!(super::told(&given, Some(&given)).etat_demande, [RequestState::Granted]);
    }

    #[test]
    fn what_is_wrong_is_named_and_not_repeated() {
        let refused = |identity: Identity| match read(&identity) {
            Err(Refusal::Invalid(sentence)) => sentence,
            other => panic!("{other:?}"),
        };
        let text = |text: &str| Some(text.to_owned());
        for (identity, field) in [
            (Identity { nom_famille: None, ..written() }, "nomFamille"),
            (Identity { nom_usage: text("--"), ..written() }, "nomUsage"),
            (Identity { prenom1: text(" "), ..written() }, "prenom1"),
            (Identity { prenom2: text("12"), ..written() }, "prenom2"),
            (Identity { prenom3: text("-"), ..written() }, "prenom3"),
            (Identity { sexe: text("2"), ..written() }, "sexe"),
            (Identity { date_naissance: text("12/03/2004"), ..written() }, "dateNaissance"),
            (Identity { lieu_naissance: text("Nantes"), ..written() }, "lieuNaissance"),
            (Identity { lieu_naissance: text("44000"), ..written() }, "lieuNaissance"),
        ] {
            assert!(refused(identity).starts_with(field), "{field}");
        }
    }
}
