use proptest::prelude::*;

use super::*;
use crate::files::column::Column;
use crate::files::row::Values as _;
use crate::identity::fixtures::declaration;

const V4: &str = r#"{"ine":"070578267KH","dateNaissance":"1999-03-30","dateDebutInscription":"2019-09-01",
    "dateFinInscription":"2020-08-31","statut":"1","regime":"1","codeCommune":"44000","uai":"0011402U","cursus":"L",
    "diplome":"diplom1","niveauDiplome":"01"}"#;

#[test]
fn the_contracts_own_sample_is_read() {
    let body = EnrolmentBody::parse(V4.as_bytes()).unwrap();
    assert_eq!(body.unreadable(), None);
    assert_eq!(body.pair(), ["070578267KH", "1999-03-30"]);
    assert_eq!(
        (body.value(Column::CodeCommune), body.value(Column::NiveauDiplome)),
        ("44000", "01")
    );
    assert_eq!(body.value(Column::NomFamille), "");
}

#[test]
fn numbers_are_taken_for_texts_and_names_are_not_taken_at_all() {
    let body =
        br#"{"statut":1,"regime":null,"codeCommune":44000,"numeroEtudiant":-7,"nomFamille":"Martin","x":{"a":[1]}}"#;
    let body = EnrolmentBody::parse(body).unwrap();
    let value = |column| body.value(column);
    assert_eq!(
        (value(Column::Statut), value(Column::Regime), value(Column::CodeCommune)),
        ("1", "", "44000")
    );
    assert_eq!((value(Column::NumeroEtudiant), value(Column::NomFamille)), ("-7", ""));
    assert_eq!(body.unreadable(), None);
}

#[test]
fn a_value_that_is_none_and_a_field_that_is_there_twice_are_named() {
    let body =
        br#"{"uai":["0011402U"],"statut":true,"ine":"1","ine":"2","cursus":1.5,"diplome":{}}"#;
    let body = EnrolmentBody::parse(body).unwrap();
    assert_eq!(
        body.unreadable,
        [Column::Uai, Column::Statut, Column::Ine, Column::Cursus, Column::Diplome]
    );
    assert_eq!(body.unreadable().as_deref(), Some(message::INVALID_INE));
    let said = EnrolmentBody::parse(br#"{"uai":[],"statut":true}"#).unwrap().unreadable().unwrap();
    assert!(
        said.starts_with("uai : la valeur doit") && said.contains(" ; statut : la valeur doit"),
        "{said}"
    );
    for body in ["", "[]", "null", "\"ine\"", "1", "{", "{\"ine\":\"a\"} {}"] {
        assert!(EnrolmentBody::parse(body.as_bytes()).is_none(), "{body}");
    }
}

#[test]
fn a_batch_has_its_elements_in_order_and_within_bounds() {
    let batch = EnrolmentBody::parse_batch(br#"[{"ine":"a"},null,3,["ine"],{"ine":"b"}]"#).unwrap();
    let ines: Vec<_> =
        batch.iter().map(|body| body.as_ref().map(|body| body.value(Column::Ine))).collect();
    assert_eq!(ines, [Some("a"), None, None, None, Some("b")]);
    let of = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
    for (body, taken) in
        [(of(0), false), (of(1), true), (of(500), true), (of(501), false), ("{}".into(), false)]
    {
        assert_eq!(EnrolmentBody::parse_batch(body.as_bytes()).is_some(), taken);
    }
}

#[test]
fn the_answer_has_the_contracts_fields_in_its_order() {
    let mut declaration = declaration(Some("070578267KH"), "Martin", "Léa", "1999-03-30");
    declaration.inscription.code_commune_brut = Some("75013".into());
    let id = RecordId::parse("1.0123456789abcdef0123456789abcdef").unwrap();
    assert_eq!(
        serde_json::to_string(&Created::new(&id, &declaration)).unwrap(),
        r#"{"message":"une nouvelle inscription créée","inscription":{"id_inscription":"1.0123456789abcdef0123456789abcdef","ine":"070578267KH","dateNaissance":"1999-03-30","dateDebutInscription":"2026-09-01","dateFinInscription":"2027-08-31","statut":"inscrit","codeCommune":"75013","uai":"0751967F"}}"#
    );
    let read =
        serde_json::to_string(&Existing::found(&id, &declaration, Progress::Pending)).unwrap();
    assert!(
        read.starts_with(
            r#"{"message":"inscription trouvée","etat":"en attente","inscription":{"id_ins"#
        ),
        "{read}"
    );
    assert!(!read.contains("Martin") && !read.contains("Léa"));
}

#[test]
fn a_404_gives_the_pair_back() {
    let uid = Uid::at(jiff::Timestamp::new(0x62ee_80b9, 0x3834a * 1_000).unwrap());
    assert_eq!(
        serde_json::to_string(&PairNotFound::new(
            crate::contract::error::message::STUDENT_NOT_FOUND,
            &uid,
            "inscription",
            ["080890290EH", "2000-05-30"]
        ))
        .unwrap(),
        r#"{"message":"étudiant introuvable","uid":"62ee80b93834a_0000","details":{"method":"POST","endpoint":"inscription","parameter":["080890290EH","2000-05-30"]}}"#
    );
}

#[test]
fn a_sentence_is_the_contracts_for_the_ine_and_names_the_field_otherwise() {
    let problem = |column, rule| Problem { column: Some(column), rule };
    let date = problem(Column::DateFinInscription, RowRule::DateInvalide);
    assert_eq!(sentence(&[date, problem(Column::Ine, RowRule::IneInvalide)]), message::INVALID_INE);
    let said = sentence(&[date, problem(Column::Statut, RowRule::ValeurManquante)]);
    assert!(
        said.starts_with("dateFinInscription : la date")
            && said.contains(" ; statut : la valeur est obligatoire")
    );
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = (EnrolmentBody::parse(&body), EnrolmentBody::parse_batch(&body));
    }

    #[test]
    fn any_texts_come_through(ine in "\\PC{0,20}", status in "\\PC{0,20}") {
        let body = serde_json::json!({ "ine": ine, "statut": status }).to_string();
        let body = EnrolmentBody::parse(body.as_bytes()).unwrap();
        prop_assert_eq!((body.value(Column::Ine), body.value(Column::Statut)), (ine.trim(), status.trim()));
    }
}
