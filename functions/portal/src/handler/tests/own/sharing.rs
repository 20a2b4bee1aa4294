//! Codes that a student gives, and everything that they don't open.

use super::*;

const MAKE: &str = "faire=creer&usage=logement";
const BORN: &str = "27/11/2003";

impl World {
    async fn with_eudoxie() -> (Self, StudentId) {
        let world = Self::new();
        let student = world.enrol(&eudoxie(), RECORD, INE).await;
        world.student("eudoxie", &eudoxie()).await;
        (world, student)
    }

    /// Makes a share, and reads its code off the page.
    async fn make(&self, id: &str, number: &str) -> String {
        let form = format!("{TOKEN}&{MAKE}&formulaire={number}");
        let made = self.own("POST", "/mon-espace/partages", id, &form).await;
        assert_eq!((made.status, header(&made, "cache-control")), (200, "no-store"));
        let field = made.text.split("id=\"code\" readonly value=\"").nth(1);
        field.unwrap_or_else(|| panic!("{}", made.text)).split('"').next().unwrap().to_owned()
    }

    /// Reads a share as somebody without an account.
    async fn read_share(&self, code: &str, born: &str) -> Reply {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("code", code), ("naissance", born)])
            .finish();
        self.ask("POST", "/portail/partage", None, &form).await
    }

    /// The number that a live share is ended by.
    async fn listed(&self, id: &str) -> Vec<String> {
        let page = self.own("GET", "/mon-espace/partages", id, "").await;
        let digests = page.text.split("name=\"partage\" value=\"").skip(1);
        digests.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    }

    async fn end(&self, id: &str, digest: &str) -> Reply {
        let form = format!("{TOKEN}&faire=arreter&partage={digest}");
        self.own("POST", "/mon-espace/partages", id, &form).await
    }
}

#[tokio::test]
async fn whoever_has_the_code_and_the_date_reads_the_status_of_now_and_the_student_sees_it() {
    let (world, student) = World::with_eudoxie().await;
    let code = world.make("eudoxie", "1").await;
    assert_eq!((code.len(), code.matches('-').count()), (19, 3), "{code}");
    for (code, born) in [
        (code.clone(), BORN),
        (code.to_lowercase().replace('-', " "), "2003-11-27"),
        (code.replace('-', ""), BORN),
    ] {
        let read = world.read_share(&code, born).await;
        assert_eq!((read.status, header(&read, "cache-control")), (200, "no-store"));
        for told in ["Eudoxie QUINTEFEUILLE", UNIVERSITY, "inscrit", "un logement"] {
            assert!(read.text.contains(told), "{told} is missing: {}", read.text);
        }
        assert!(!read.text.contains(INE) && !read.text.contains("Anne"), "{}", read.text);
    }
    let readings: Vec<_> = world
        .tables
        .plain("access_log")
        .into_iter()
        .filter(|trace| trace["route"] == "share")
        .collect();
    assert_eq!(readings.len(), 3);
    for reading in &readings {
        assert_eq!(reading["subject"], format!("S#{student}"));
        assert_eq!((&reading["caller"], reading.get("client")), (&json!("logement"), None));
    }
    let seen = world.own("GET", "/mon-espace/consultations", "eudoxie", "").await;
    assert_eq!(
        seen.text.matches("Quelqu&#39;un qui a un de vos codes</td><td>un logement").count(),
        3
    );

    // Of the code nothing is kept, nor of whom it is about.
    let stored = serde_json::to_string(&world.tables.items("shares")).unwrap();
    let letters = code.replace('-', "");
    for personal in [letters.as_str(), code.as_str(), "QUINTEFEUILLE", "Eudoxie", "2003-11-27", INE]
    {
        assert!(!stored.contains(personal), "{personal} in {stored}");
    }
    assert!(!stored.contains(&student.to_string()));
    let list = world.own("GET", "/mon-espace/partages", "eudoxie", "").await;
    assert!(list.text.contains("Pour un logement") && !list.text.contains(&code));

    // Without a trace there is no reading.
    *world.failing.lock().unwrap() = Some("access_log");
    let untraced = world.read_share(&code, BORN).await;
    assert!(untraced.status == 503 && !untraced.text.contains("Eudoxie"));
}

#[tokio::test]
async fn all_that_opens_nothing_is_answered_alike() {
    let (world, student) = World::with_eudoxie().await;
    let [ended, expired, worn, held] = [
        world.make("eudoxie", "1").await,
        world.make("eudoxie", "2").await,
        world.make("eudoxie", "3").await,
        world.make("eudoxie", "4").await,
    ];
    let digest = |code: &str| {
        let code = shared::access::share_code::ShareCode::parse(code).unwrap();
        code.digest(&world.api.key)
    };
    world.end("eudoxie", &digest(&ended)).await;
    let past = json!({ "N": (Timestamp::now().as_second() - 1).to_string() });
    let key = format!("S#{}", digest(&expired));
    world.tables.change("shares", |item| {
        if item["id"]["S"] == json!(key) {
            item.insert("expires_at".into(), past.clone());
        }
    });
    let wrong_date = world.read_share(&worn, "28/11/2003").await;
    let mut answers = vec![
        ("a wrong date", wrong_date),
        ("a wrong code", world.read_share("0000-0000-0000-0000", BORN).await),
        ("no code", world.read_share("bonjour", BORN).await),
        ("no date", world.read_share(&held, "demain").await),
        ("ended", world.read_share(&ended, BORN).await),
        ("expired", world.read_share(&expired, BORN).await),
        ("a code of one letter less", world.read_share(&held[..18], BORN).await),
    ];
    for day in 1..=4 {
        world.read_share(&worn, &format!("0{day}/11/2003")).await;
    }
    answers.push(("after five wrong dates", world.read_share(&worn, BORN).await));
    assert!(world.read_share(&held, BORN).await.text.contains("Eudoxie"), "the others still open");
    let before = world.api.statements.students.get(student).await.unwrap().unwrap();
    let mut after = before.clone();
    let case = serde_json::from_value(json!(format!("r-{}", "1".repeat(32)))).unwrap();
    after.on_hold.insert(case, std::iter::once(StudentId::random()).collect());
    world.publish(&before, &after).await;
    answers.push(("of whom nothing is told any more", world.read_share(&held, BORN).await));
    let (_, first) = &answers[0];
    assert!(first.text.contains("Ce code et cette date ne montrent rien"), "{}", first.text);
    for (why, answer) in &answers {
        assert_eq!((answer.status, &answer.text), (first.status, &first.text), "{why}");
    }
}

#[tokio::test]
async fn guesses_are_bounded_in_all_and_a_right_date_costs_none() {
    let (world, _) = World::with_eudoxie().await;
    let code = world.make("eudoxie", "1").await;
    for _ in 0..8 {
        assert!(world.read_share(&code, BORN).await.text.contains("Eudoxie"));
    }
    let mut tried = 8;
    loop {
        let guess = world.read_share(&format!("0000-0000-0000-{tried:04}"), BORN).await;
        if guess.status == 429 {
            break;
        }
        tried += 1;
        assert!(tried <= 110, "600 an hour are 100 at once");
    }
    assert!(tried >= 100, "{tried}");
    assert_eq!(world.read_share(&code, BORN).await.status, 429, "a reader waits like a guesser");
}

#[tokio::test]
async fn a_form_that_is_sent_again_makes_no_second_code() {
    let (world, _) = World::with_eudoxie().await;
    world.make("eudoxie", "1").await;
    let form = format!("{TOKEN}&{MAKE}&formulaire=1");
    let again = world.own("POST", "/mon-espace/partages", "eudoxie", &form).await;
    assert!(again.text.contains("déjà servi"), "{}", again.text);
    assert_eq!(world.listed("eudoxie").await.len(), 1);
    for form in [
        format!("{TOKEN}&faire=creer&usage=mon+proprietaire&formulaire=2"),
        format!("{TOKEN}&faire=creer&formulaire=2"),
    ] {
        let refused = world.own("POST", "/mon-espace/partages", "eudoxie", &form).await;
        assert!(refused.text.contains("Choisissez"), "{form}");
    }
    let unnumbered = format!("{TOKEN}&{MAKE}");
    let refused = world.own("POST", "/mon-espace/partages", "eudoxie", &unnumbered).await;
    assert_eq!(refused.status, 403);
    assert_eq!(world.listed("eudoxie").await.len(), 1);
}

#[tokio::test]
async fn twenty_are_live_at_most_whatever_is_sent_at_once() {
    let (world, _) = World::with_eudoxie().await;
    let forms: Vec<String> =
        (0..24).map(|number| format!("{TOKEN}&{MAKE}&formulaire={number}")).collect();
    let mut made = 0;
    for pair in forms.chunks(2) {
        let (one, other) = tokio::join!(
            world.own("POST", "/mon-espace/partages", "eudoxie", &pair[0]),
            world.own("POST", "/mon-espace/partages", "eudoxie", &pair[1]),
        );
        for reply in [one, other] {
            let is_made = reply.text.contains("Votre code de partage");
            assert!(is_made || reply.text.contains("Vingt partages"), "{}", reply.text);
            made += usize::from(is_made);
        }
    }
    let listed = world.listed("eudoxie").await;
    assert_eq!((made, listed.len()), (20, 20));
    world.end("eudoxie", &listed[0]).await;
    world.make("eudoxie", "another").await;
}

#[tokio::test]
async fn a_share_is_ended_by_its_student_alone() {
    let (world, _) = World::with_eudoxie().await;
    let other = person("Théodora Marie", "QUINTEFEUILLE", "2003-11-27", "44109");
    world.enrol(&other, "1.22222222222222222222222222222222", "070578267KH").await;
    world.student("theodora", &other).await;
    let code = world.make("eudoxie", "1").await;
    let digest = world.listed("eudoxie").await.remove(0);
    for digest in [digest.as_str(), "1.0", "unknown"] {
        let ended = world.end("theodora", digest).await;
        assert_eq!(
            (ended.status, header(&ended, "location")),
            (303, "https://portail.example/v1/portail/mon-espace/partages")
        );
    }
    assert!(world.listed("theodora").await.is_empty());
    assert!(world.read_share(&code, BORN).await.text.contains("Eudoxie"), "it is live");
    // Another site, or nobody's form.
    for (origin, form) in [
        ("https://evil.example", format!("{TOKEN}&faire=arreter&partage={digest}")),
        (ORIGIN, format!("jeton=another&faire=arreter&partage={digest}")),
    ] {
        let cookie = format!("{STUDENT}=eudoxie");
        let headers = [("cookie", cookie.as_str()), ("origin", origin)];
        let sent = world.send("POST", "/portail/mon-espace/partages", &headers, &form).await;
        assert_eq!(sent.status, 403, "{origin}");
    }
    let foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let form = format!("code={code}&naissance={BORN}");
    assert_eq!(world.send("POST", "/portail/partage", &foreign, &form).await.status, 403);
    for _ in 0..2 {
        assert_eq!(world.end("eudoxie", &digest).await.status, 303);
    }
    assert!(world.listed("eudoxie").await.is_empty());
    assert!(world.read_share(&code, BORN).await.text.contains("ne montrent rien"));
    let actions: Vec<&str> = world.all_traces().iter().map(|trace| trace.action.name()).collect();
    assert_eq!(actions, ["shared", "consulted", "unshared"]);
}
