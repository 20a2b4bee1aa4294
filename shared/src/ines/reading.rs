//! From what INES writes to what it means, and from our types to what it reads.

use serde::Serialize;

use crate::auth::http::Reply;
use crate::contract::ines::{self, Identity, Request, RequestState};
use crate::domain::birth_date::BirthDate;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::commune::CommuneCode;
use crate::domain::ine::Ine;
use crate::domain::name::PersonName;
use crate::domain::sex::Sex;
use crate::identity::ines::{Immatriculated, InesError, Registered, Verified};

/// The question whether an INE and a birth date go together.
pub(super) fn verification(ine: &Ine, birth_date: BirthDate) -> Result<String, InesError> {
    text(&ines::Verification { ine: ine.expose().to_owned(), date_naissance: birth_date.expose() })
}

/// The request for an INE.
pub(super) fn immatriculation(
    identity: &CivilIdentity,
    reference: &str,
) -> Result<String, InesError> {
    text(&ines::Immatriculation { reference: reference.to_owned(), identite: written(identity) })
}

/// What a reply to a verification means. 400 and 404 are the same to it: "not found" (domain.md
/// §3).
pub(super) fn verified(
    asked: &Ine,
    birth_date: BirthDate,
    reply: &Reply,
) -> Result<Verified, InesError> {
    match reply.status {
        200..300 => {}
        400 | 404 => return Ok(Verified::Unknown),
        _ => return Err(InesError::Unreadable),
    }
    let wire: Identity = json(reply)?;
    if wire.nom_famille.is_none() && wire.etat_demande.contains(&RequestState::Pending) {
        return Ok(Verified::Pending);
    }
    let ine_maitre = match &wire.ine_maitre {
        Some(master) => Ine::parse(master).map_err(|_| InesError::Unreadable)?,
        None => *asked,
    };
    let identite = read(&wire).ok_or(InesError::Unreadable)?;
    // An answer about somebody born another day is no answer to what was asked.
    if identite.date_naissance != birth_date {
        return Err(InesError::Unreadable);
    }
    Ok(Verified::Known(Box::new(Registered { identite, ine_maitre })))
}

/// What a reply to a request for an INE means. 409 says that people resemble, which one of INES's
/// staff will decide.
pub(super) fn immatriculated(reply: &Reply) -> Result<Immatriculated, InesError> {
    match reply.status {
        200..300 => {}
        409 => return Ok(Immatriculated::Pending),
        _ => return Err(InesError::Unreadable),
    }
    let request: Request = json(reply)?;
    match request.etat_demande {
        RequestState::Pending => Ok(Immatriculated::Pending),
        RequestState::Refused => Ok(Immatriculated::Refused),
        RequestState::Granted => {
            let ine =
                request.ine.and_then(|ine| Ine::parse(&ine).ok()).ok_or(InesError::Unreadable)?;
            Ok(Immatriculated::Granted { ine, new: request.attribue })
        }
    }
}

/// A person as INES writes them. Whoever lacks a name, a sex or a birth date that we can read can't
/// be told apart; what else can't be read is left out.
fn read(wire: &Identity) -> Option<CivilIdentity> {
    let name = |text: &Option<String>| PersonName::parse(text.as_deref()?).ok();
    let nom_famille = name(&wire.nom_famille)?;
    Some(CivilIdentity {
        nom_usage: name(&wire.nom_usage).filter(|usage| *usage != nom_famille),
        nom_famille,
        prenom1: name(&wire.prenom1)?,
        autres_prenoms: [&wire.prenom2, &wire.prenom3].into_iter().filter_map(name).collect(),
        sexe: match wire.sexe.as_deref()? {
            "H" => Sex::Male,
            "F" => Sex::Female,
            _ => return None,
        },
        date_naissance: BirthDate::parse(wire.date_naissance.as_deref()?).ok()?,
        lieu_naissance: CommuneCode::parse_birthplace(
            wire.lieu_naissance.as_deref().unwrap_or_default(),
        )
        .ok(),
        libelle_naissance: None,
    })
}

/// A person as INES reads them: it has room for three given names.
fn written(identity: &CivilIdentity) -> Identity {
    let name = |name: &PersonName| name.expose().to_owned();
    let mut others = identity.autres_prenoms.iter().map(name);
    Identity {
        nom_famille: Some(name(&identity.nom_famille)),
        nom_usage: identity.nom_usage.as_ref().map(name),
        prenom1: Some(name(&identity.prenom1)),
        prenom2: others.next(),
        prenom3: others.next(),
        sexe: Some(match identity.sexe {
            Sex::Male => "H".to_owned(),
            Sex::Female => "F".to_owned(),
        }),
        date_naissance: Some(identity.date_naissance.expose()),
        lieu_naissance: identity.lieu_naissance.map(|place| place.as_str().to_owned()),
        ine_maitre: None,
        etat_demande: Vec::new(),
    }
}

fn json<T: serde::de::DeserializeOwned>(reply: &Reply) -> Result<T, InesError> {
    serde_json::from_slice(&reply.body).map_err(|_| InesError::Unreadable)
}

/// Texts always become JSON, so this never fails.
fn text(question: &impl Serialize) -> Result<String, InesError> {
    serde_json::to_string(question).map_err(|_| InesError::Unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::identity::fixtures::identity;

    const INE: &str = "070578267KH";

    fn ine() -> Ine {
        Ine::parse(INE).unwrap()
    }

    fn birth_date() -> BirthDate {
        BirthDate::parse("1999-03-30").unwrap()
    }

    fn reply(status: u16, body: &Value) -> Reply {
        Reply { status, body: body.to_string().into_bytes(), retry_after: None }
    }

    fn verify(status: u16, body: &Value) -> Result<Verified, InesError> {
        verified(&ine(), birth_date(), &reply(status, body))
    }

    fn whole() -> Value {
        json!({
            "nomFamille": "LE GOFF", "nomUsage": "LE GOFF", "prenom1": "Zoé", "prenom2": "Anne", "prenom3": null,
            "sexe": "F", "dateNaissance": "1999-03-30", "lieuNaissance": "44109", "ineMaitre": "0AYIOP071Y8",
            "etatDemande": ["VALIDÉ"],
        })
    }

    fn with(field: &str, value: Value) -> Value {
        let mut person = whole();
        person[field] = value;
        person
    }

    fn known(body: &Value) -> Registered {
        match verify(200, body) {
            Ok(Verified::Known(registered)) => *registered,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_person_is_read_whole() {
        let registered = known(&whole());
        let person = &registered.identite;
        assert_eq!((person.nom_famille.expose(), &person.nom_usage), ("LE GOFF", &None));
        assert_eq!(
            (person.prenom1.expose(), person.autres_prenoms.len(), person.sexe),
            ("Zoé", 1, Sex::Female)
        );
        assert_eq!(
            (person.date_naissance, person.lieu_naissance.unwrap().as_str()),
            (birth_date(), "44109")
        );
        assert_eq!(registered.ine_maitre.expose(), "0AYIOP071Y8");
        assert_eq!(known(&with("sexe", "H".into())).identite.sexe, Sex::Male);
    }

    #[test]
    fn what_is_missing_is_missing() {
        for absent in [Value::Null, "Nantes".into(), "".into(), "44000".into()] {
            assert_eq!(known(&with("lieuNaissance", absent)).identite.lieu_naissance, None);
        }
        let corsican = known(&with("lieuNaissance", "20004".into())).identite.lieu_naissance;
        assert_eq!(corsican.unwrap().as_str(), "2A004");
        assert_eq!(known(&with("ineMaitre", Value::Null)).ine_maitre, ine());
        assert_eq!(known(&with("etatDemande", Value::Null)).ine_maitre.expose(), "0AYIOP071Y8");
        // A request about somebody who is known changes nothing to who they are.
        known(&with("etatDemande", json!(["EN_ATTENTE"])));
    }

    #[test]
    fn whoever_cannot_be_told_apart_is_unreadable() {
        for (field, value) in [
            ("nomFamille", Value::Null),
            ("nomFamille", "--".into()),
            ("prenom1", Value::Null),
            ("sexe", "1".into()),
            ("sexe", Value::Null),
            ("dateNaissance", "30/03/1999".into()),
            ("dateNaissance", "1999-03-31".into()),
            ("ineMaitre", "12".into()),
            ("etatDemande", json!(["PERDU"])),
        ] {
            assert_eq!(
                verify(200, &with(field, value.clone())),
                Err(InesError::Unreadable),
                "{field} {value}"
            );
        }
        assert_eq!(verify(200, &json!({})), Err(InesError::Unreadable));
        assert_eq!(verify(200, &json!("<html>")), Err(InesError::Unreadable));
    }

    #[test]
    fn statuses_mean_what_the_ministry_says() {
        for status in [400, 404] {
            assert_eq!(verify(status, &whole()), Ok(Verified::Unknown));
        }
        assert_eq!(
            verify(200, &json!({ "etatDemande": ["VALIDÉ", "EN_ATTENTE"] })),
            Ok(Verified::Pending)
        );
        assert_eq!(verify(422, &whole()), Err(InesError::Unreadable));
    }

    #[test]
    fn requests_are_granted_wait_or_are_refused() {
        let read = |status, body: Value| immatriculated(&reply(status, &body));
        let granted =
            |new| json!({ "idDemande": "1", "etatDemande": "VALIDÉ", "ine": INE, "attribue": new });
        for new in [true, false] {
            assert_eq!(read(200, granted(new)), Ok(Immatriculated::Granted { ine: ine(), new }));
        }
        assert_eq!(
            read(202, json!({ "idDemande": "1", "etatDemande": "EN_ATTENTE" })),
            Ok(Immatriculated::Pending)
        );
        assert_eq!(read(409, json!({})), Ok(Immatriculated::Pending));
        assert_eq!(
            read(200, json!({ "idDemande": "1", "etatDemande": "REFUSÉ" })),
            Ok(Immatriculated::Refused)
        );
        for (status, body) in [
            (200, json!({ "idDemande": "1", "etatDemande": "VALIDÉ" })),
            (200, json!({ "idDemande": "1", "etatDemande": "VALIDÉ", "ine": "12" })),
            (200, json!({ "idDemande": "1" })),
            (404, granted(true)),
        ] {
            assert_eq!(read(status, body.clone()), Err(InesError::Unreadable), "{status} {body}");
        }
    }

    #[test]
    fn questions_are_written_as_ines_reads_them() {
        let question: Value =
            serde_json::from_str(&verification(&ine(), birth_date()).unwrap()).unwrap();
        assert_eq!(question, json!({ "ine": INE, "dateNaissance": "1999-03-30" }));
        let mut person = identity("Le Goff", "Zoé", "1999-03-30");
        person.autres_prenoms =
            ["Anne", "Maë", "Lou"].map(|name| PersonName::parse(name).unwrap()).into();
        let question: Value =
            serde_json::from_str(&immatriculation(&person, "r-1").unwrap()).unwrap();
        assert_eq!(
            question,
            json!({
                "reference": "r-1", "nomFamille": "Le Goff", "prenom1": "Zoé", "prenom2": "Anne", "prenom3": "Maë",
                "sexe": "F", "dateNaissance": "1999-03-30", "lieuNaissance": "44109",
            })
        );
    }

    proptest! {
        #[test]
        fn no_reply_panics(status in 100_u16..600, body in prop::collection::vec(any::<u8>(), 0..200)) {
            let reply = Reply { status, body, retry_after: None };
            let _ = verified(&ine(), birth_date(), &reply);
            let _ = immatriculated(&reply);
        }

        #[test]
        fn who_is_written_is_read_back(
            family in "\\PC{1,20}", given in "\\PC{1,20}", others in prop::collection::vec("[A-Zé]{1,8}", 0..3),
            place in prop::option::of("[01345678][0-9]{4}"), male in any::<bool>(),
        ) {
            let (Ok(family), Ok(given)) = (PersonName::parse(&family), PersonName::parse(&given)) else { return Ok(()) };
            let mut person = identity("A", "A", "1999-03-30");
            (person.nom_famille, person.prenom1) = (family, given);
            person.autres_prenoms = others.iter().map(|name| PersonName::parse(name).unwrap()).collect();
            person.lieu_naissance = place.and_then(|place| CommuneCode::parse_birthplace(&place).ok());
            person.sexe = if male { Sex::Male } else { Sex::Female };
            prop_assert_eq!(read(&written(&person)), Some(person));
        }
    }
}
