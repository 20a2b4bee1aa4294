//! People who resemble a student, and whom their page isn't shown.

use super::*;

/// Who is in the register, who logs in, and why they are another.
fn strangers() -> Vec<(&'static str, PivotIdentity)> {
    let same = eudoxie;
    let with = |change: fn(&mut PivotIdentity)| {
        let mut other = same();
        change(&mut other);
        other
    };
    vec![
        ("a twin, a letter apart", with(|who| who.given_name = "Eudoxia Anne".into())),
        ("a twin", with(|who| who.given_name = "Théodora".into())),
        (
            "a twin whose first names are hers in another order",
            with(|who| who.given_name = "Anne Eudoxie".into()),
        ),
        ("a sister, born at the same place", with(|who| who.birthdate = "2001-03-14".into())),
        ("a namesake, born elsewhere", with(|who| who.birthplace = "35238".into())),
        (
            "a namesake, born abroad",
            with(|who| {
                who.birthplace = String::new();
                who.birthcountry = "99352".into();
            }),
        ),
        ("her mother, who has died, of that name", with(|who| who.birthdate = "1974-11-27".into())),
        ("a day later", with(|who| who.birthdate = "2003-11-28".into())),
        ("day and month exchanged", with(|who| who.birthdate = "2003-12-27".into())),
        ("a cousin", with(|who| who.family_name = "QUINTEFEUILLES".into())),
        ("somebody of half a double name", with(|who| who.family_name = "QUINTE".into())),
        ("herself, under a name taken since", with(|who| who.family_name = "MARCHETTI".into())),
        (
            "herself, before her given name was changed",
            with(|who| who.given_name = "Étienne Anne".into()),
        ),
        (
            "herself, before her sex was changed",
            with(|who| {
                who.gender = "male".into();
                who.given_name = "Eudoxe".into();
            }),
        ),
        ("nobody by name", with(|who| who.family_name = String::new())),
        ("presumed born that year", with(|who| who.birthdate = "2003".into())),
    ]
}

#[tokio::test]
async fn whoever_resembles_a_student_is_not_shown_their_page() {
    let world = World::new();
    world.enrol(&eudoxie(), RECORD, INE).await;
    let before = world.own("GET", "/mon-espace", "nobody", "").await;
    assert_eq!(before.status, 303);
    for (place, (why, who)) in strangers().iter().enumerate() {
        let id = format!("stranger-{place}");
        world.student(&id, who).await;
        for path in ["/mon-espace", "/mon-espace/consultations"] {
            let page = world.own("GET", path, &id, "").await;
            assert_eq!(page.status, 200, "{why}");
            assert!(page.text.contains("sans doute possible"), "{why}: {}", page.text);
            for hers in [INE, UNIVERSITY, "n-081768862AE", "inscrit<"] {
                assert!(!page.text.contains(hers), "{why} read {hers}");
            }
        }
        let form = format!("{TOKEN}&faire=creer&usage=emploi&formulaire=1");
        let shared = world.own("POST", "/mon-espace/partages", &id, &form).await;
        assert!(shared.text.contains("ne montrerait rien"), "{why}");
    }
    assert!(world.tables.items("shares").is_empty());
    world.student("herself", &eudoxie()).await;
    assert!(world.own("GET", "/mon-espace", "herself", "").await.text.contains(INE));
}

#[tokio::test]
async fn whoever_is_written_otherwise_and_is_surely_the_same_is_found() {
    let world = World::new();
    world.enrol(&eudoxie(), RECORD, INE).await;
    let sex_changed = PivotIdentity { gender: "male".into(), ..eudoxie() };
    let one_by_one = PivotIdentity {
        given_name_array: vec!["Eudoxie".into(), "Anne".into()],
        family_name: "Quinte-feuille".into(),
        ..eudoxie()
    };
    for (id, who) in [("sex", sex_changed), ("spelling", one_by_one)] {
        world.student(id, &who).await;
        let page = world.own("GET", "/mon-espace", id, "").await;
        assert!(page.text.contains(INE), "{id}: {}", page.text);
    }
}

#[tokio::test]
async fn twins_who_are_both_enrolled_each_read_their_own_page() {
    let world = World::new();
    let other = person("Théodora Marie", "QUINTEFEUILLE", "2003-11-27", "44109");
    let (one_ine, other_ine) = (INE, "070578267KH");
    world.enrol(&eudoxie(), RECORD, one_ine).await;
    world.enrol(&other, "1.22222222222222222222222222222222", other_ine).await;
    for (id, who, own, twins) in
        [("one", eudoxie(), one_ine, other_ine), ("other", other, other_ine, one_ine)]
    {
        world.student(id, &who).await;
        let page = world.own("GET", "/mon-espace", id, "").await;
        assert!(page.text.contains(own) && !page.text.contains(twins), "{id}: {}", page.text);
    }
}

#[tokio::test]
async fn an_ine_that_is_not_believed_is_not_shown() {
    let world = World::new();
    let id = world.enrol(&eudoxie(), RECORD, INE).await;
    let before = world.api.statements.students.get(id).await.unwrap().unwrap();
    let mut after = before.clone();
    for edge in after.edges_mut() {
        edge.verification = serde_json::from_value(json!({ "etat": "unknown" })).unwrap();
    }
    world.publish(&before, &after).await;
    world.student("eudoxie", &eudoxie()).await;
    let page = world.own("GET", "/mon-espace", "eudoxie", "").await;
    assert!(page.text.contains("pas retenu"), "{}", page.text);
    assert!(!page.text.contains(&format!(": {INE}<")), "somebody else's, perhaps");
}
