//! Two INEs of one person.

use serde_json::{Value, json};
use shared::domain::ine::Ine;

use super::world::{BIRTH_DATE, NUMBER, World, born_elsewhere, but, call, immatriculate};

fn ines() -> [String; 2] {
    [NUMBER, 7].map(|number| Ine::rnie(number).unwrap().expose().to_owned())
}

#[tokio::test]
async fn an_alias_is_its_master_until_it_is_parted() {
    let world = World::new();
    world.register(7, &but(born_elsewhere(), &json!({ "dateNaissance": "2004-03-21" })));
    let context = world.context();
    let [master, alias] = ines();
    let attach = json!({ "ine": alias, "ineMaitre": master });
    let staff = |path: &'static str, body: Value| {
        let context = &context;
        async move { call(context, "agents", "POST", path, &body).await }
    };
    let verify = |date: &'static str| {
        let (context, ine) = (&context, ines()[1].clone());
        async move {
            call(
                context,
                "psy",
                "POST",
                "/verification",
                &json!({ "ine": ine, "dateNaissance": date }),
            )
            .await
        }
    };
    assert_eq!(verify("2004-03-21").await.json().get("ineMaitre"), None);
    for _ in 0..2 {
        let attached = staff("/rattachements", attach.clone()).await;
        assert_eq!((attached.status, attached.json()), (200, attach.clone()), "twice is once");
    }
    for date in [BIRTH_DATE, "2004-03-21"] {
        let told = verify(date).await.json();
        assert_eq!(
            (&told["ineMaitre"], &told["dateNaissance"]),
            (&master.as_str().into(), &BIRTH_DATE.into())
        );
    }
    // Whoever asks as either is given the master.
    let known = immatriculate(
        &context,
        "supdata",
        "r1",
        &but(born_elsewhere(), &json!({ "dateNaissance": "2004-03-21" })),
    )
    .await;
    assert_eq!((known.status, &known.json()["ine"]), (200, &master.as_str().into()));

    let detach = json!({ "ine": alias });
    for _ in 0..2 {
        assert_eq!(staff("/detachements", detach.clone()).await.status, 200, "twice is once");
    }
    let told = verify("2004-03-21").await.json();
    assert_eq!((told.get("ineMaitre"), &told["dateNaissance"]), (None, &"2004-03-21".into()));
    assert_eq!(verify(BIRTH_DATE).await.status, 404);
    world.assert_nothing_personal();
}

#[tokio::test]
async fn an_attachment_that_makes_no_sense_is_refused() {
    let world = World::new();
    world.register(7, &born_elsewhere());
    let context = world.context();
    let [one, other] = ines();
    let attach = |ine: String, master: String| {
        let context = &context;
        async move {
            call(
                context,
                "agents",
                "POST",
                "/rattachements",
                &json!({ "ine": ine, "ineMaitre": master }),
            )
            .await
            .status
        }
    };
    assert_eq!(attach(one.clone(), one.clone()).await, 409);
    assert_eq!(attach(one.clone(), "070578267KH".into()).await, 404);
    assert_eq!(attach("123".into(), one.clone()).await, 400);
    assert_eq!(attach(other.clone(), one.clone()).await, 200);
    assert_eq!(attach(one, other).await, 409, "a master can't become its alias's alias");
}
