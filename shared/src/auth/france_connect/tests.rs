use super::super::http::tests::FakeHttp;
use super::super::jwe::tests as sealed;
use super::super::token::tests::Issuer;
use super::*;

const NOW: i64 = 1_800_000_000;
const CLIENT_ID: &str = "0123456789abcdef0123456789abcdef";
const ISSUER: &str = "https://fc.example/api/v2";

struct Scene {
    france_connect: FranceConnect,
    signer: Issuer,
    http: FakeHttp,
}

impl Scene {
    fn new(version: Version) -> Self {
        let secret = Secret {
            client_secret: "a long secret".to_owned().into(),
            keys: sealed::stored_keys(),
        };
        let settings = Settings {
            version,
            url: "https://fc.example".into(),
            issuer: ISSUER.into(),
            client_id: CLIENT_ID.into(),
        };
        Self {
            france_connect: FranceConnect::new(settings, secret).unwrap(),
            signer: Issuer::new("fc"),
            http: FakeHttp::default(),
        }
    }

    /// A v2 answer as FranceConnect makes it, with some of its claims replaced.
    fn answer(&self, replaced: serde_json::Value, introspection: serde_json::Value) {
        let mut claims = serde_json::json!({
            "iss": ISSUER, "aud": CLIENT_ID, "iat": NOW,
            "token_introspection": {
                "active": true, "aud": "service-provider", "sub": "s", "iat": NOW - 60, "exp": NOW + 60, "acr": "eidas1",
                "jti": "j", "scope": "openid mesri_admissions mesri_admission_etablissement_etude",
                "gender": "female", "family_name": "LEFÈVRE", "given_name": "Zoé Marie",
                "given_name_array": ["Zoé", "Marie"], "birthdate": "2004-03-02", "birthplace": "44109",
                "birthcountry": "99100",
            },
        });
        let merge = |target: &mut serde_json::Value, source: serde_json::Value| {
            for (name, value) in source.as_object().unwrap() {
                target[name] = value.clone();
            }
        };
        merge(&mut claims, replaced);
        merge(&mut claims["token_introspection"], introspection);
        let signed = self.signer.sign(&claims);
        self.http.answer(200, sealed::seal_for_rsa(signed.as_bytes()));
    }

    async fn introspect(&self) -> Result<Introspection, FranceConnectError> {
        self.http.answer(200, self.signer.jwks());
        let now = Timestamp::from_second(NOW).unwrap();
        self.france_connect.introspect("an-opaque-token", &self.http, now).await
    }
}

fn none() -> serde_json::Value {
    serde_json::json!({})
}

#[tokio::test]
async fn a_valid_token_says_who_and_what() {
    let scene = Scene::new(Version::V2);
    scene.answer(none(), none());
    let introspection = scene.introspect().await.unwrap();
    assert_eq!(introspection.service_provider, "service-provider");
    assert_eq!(
        introspection.scopes.names(),
        ["mesri_admissions", "mesri_admission_etablissement_etudes"]
    );
    assert_eq!(introspection.identity.given_name, "Zoé Marie");
    assert_eq!(introspection.identity.birthplace, "44109");
    let asked = scene.http.asked.lock().unwrap();
    assert!(asked[0].starts_with("POST https://fc.example/api/v2/checktoken"));
    assert!(asked[0].contains("an-opaque-token") && asked[0].contains("a long secret"));
    assert_eq!(asked[1], "GET https://fc.example/api/v2/jwks");
}

#[tokio::test]
async fn a_null_is_as_good_as_nothing() {
    let scene = Scene::new(Version::V2);
    scene.answer(
        none(),
        serde_json::json!({ "birthplace": null, "birthcountry": null, "given_name": null }),
    );
    let identity = scene.introspect().await.unwrap().identity;
    assert_eq!((identity.birthplace.as_str(), identity.given_name.as_str()), ("", ""));
    assert_eq!(identity.family_name, "LEFÈVRE");
}

#[tokio::test]
async fn an_inactive_token_is_nobodys() {
    for introspection in [serde_json::json!({ "active": false }), serde_json::json!({ "exp": NOW })]
    {
        let scene = Scene::new(Version::V2);
        scene.answer(none(), introspection);
        assert_eq!(scene.introspect().await, Err(FranceConnectError::InactiveToken));
    }
    let scene = Scene::new(Version::V2);
    let bare = scene.signer.sign(&serde_json::json!({
        "iss": ISSUER, "aud": CLIENT_ID, "iat": NOW, "token_introspection": { "active": false },
    }));
    scene.http.answer(200, sealed::seal_for_rsa(bare.as_bytes()));
    assert_eq!(scene.introspect().await, Err(FranceConnectError::InactiveToken));
}

#[tokio::test]
async fn a_lying_france_connect_is_not_believed() {
    let doubts = [
        (serde_json::json!({ "aud": "another data provider" }), TokenError::NotForUs),
        (serde_json::json!({ "iss": "https://fc.example.org/api/v2" }), TokenError::NotForUs),
    ];
    for (replaced, error) in doubts {
        let scene = Scene::new(Version::V2);
        scene.answer(replaced, none());
        assert_eq!(scene.introspect().await, Err(Doubt::Signature(error).into()));
    }
    for iat in [NOW - 86_400, NOW + 86_400] {
        let scene = Scene::new(Version::V2);
        scene.answer(serde_json::json!({ "iat": iat }), none());
        assert_eq!(scene.introspect().await, Err(Doubt::Stale.into()), "{iat}");
    }

    // Signed by somebody else, under the same key id.
    let mut scene = Scene::new(Version::V2);
    scene.answer(none(), none());
    scene.signer = Issuer::new("fc");
    assert_eq!(scene.introspect().await, Err(Doubt::Signature(TokenError::Signature).into()));

    // Signed, but not encrypted; encrypted, but nothing inside.
    let scene = Scene::new(Version::V2);
    scene.http.answer(200, scene.signer.sign(&none()));
    assert_eq!(scene.introspect().await, Err(Doubt::Encryption(JweError::Malformed).into()));
    let scene = Scene::new(Version::V2);
    scene.http.answer(200, sealed::seal_for_rsa(b"{}"));
    assert_eq!(scene.introspect().await, Err(Doubt::Signature(TokenError::Malformed).into()));
    let scene = Scene::new(Version::V2);
    scene.http.answer(200, vec![0xff, 0xfe]);
    assert_eq!(scene.introspect().await, Err(Doubt::Form.into()));
}

#[tokio::test]
async fn a_broken_france_connect_has_its_answers() {
    for (status, error) in [
        (503, FranceConnectError::Unreachable),
        (500, FranceConnectError::Unreachable),
        (401, FranceConnectError::RefusedUs),
        (400, FranceConnectError::RefusedUs),
        (302, Doubt::Form.into()),
    ] {
        let scene = Scene::new(Version::V2);
        scene.http.answer(status, "<html>");
        assert_eq!(scene.introspect().await, Err(error), "{status}");
    }
    for (error, expected) in [
        (HttpError::Timeout, FranceConnectError::Timeout),
        (HttpError::Unreachable, FranceConnectError::Unreachable),
        (HttpError::TooLarge, Doubt::Form.into()),
    ] {
        let scene = Scene::new(Version::V2);
        scene.http.fail(error);
        assert_eq!(scene.introspect().await, Err(expected));
    }
}

#[tokio::test]
async fn what_cannot_be_a_token_is_never_sent() {
    let scene = Scene::new(Version::V2);
    let now = Timestamp::from_second(NOW).unwrap();
    for token in ["", "=", "two words", "é", "a\nb", &"x".repeat(LONGEST_TOKEN + 1)] {
        let refused = scene.france_connect.introspect(token, &scene.http, now).await;
        assert_eq!(refused, Err(FranceConnectError::MalformedToken));
    }
    assert_eq!(scene.http.calls(), 0);
}

#[tokio::test]
async fn version_1_says_the_same_in_plain_json() {
    let scene = Scene::new(Version::V1);
    let now = Timestamp::from_second(NOW).unwrap();
    scene.http.answer(
        200,
        r#"{"scope":["openid","mesri_identite"],"identity":{"given_name":"Jean","family_name":"DUPONT","birthdate":"1994-05","gender":"male","birthplace":"","birthcountry":"99352"},"client":{"client_id":"sp","client_name":"Service"},"identity_provider_id":"x","acr":"eidas1"}"#,
    );
    let introspection = scene.france_connect.introspect("token", &scene.http, now).await.unwrap();
    assert_eq!(
        (introspection.service_provider.as_str(), introspection.scopes.names()),
        ("sp", vec!["mesri_identite"])
    );
    assert_eq!(introspection.identity.birthdate, "1994-05");
    assert_eq!(
        *scene.http.asked.lock().unwrap(),
        [r#"POST https://fc.example/api/v1/checktoken {"token":"token"}"#]
    );

    for (status, body, error) in [
        (
            401,
            r#"{"status":"fail","message":"token_not_found_or_expired"}"#,
            FranceConnectError::InactiveToken,
        ),
        (
            401,
            r#"{"status":"fail","message":"Malformed access token."}"#,
            FranceConnectError::MalformedToken,
        ),
        (503, "", FranceConnectError::Unreachable),
        (200, "{}", Doubt::Form.into()),
    ] {
        scene.http.answer(status, body);
        assert_eq!(scene.france_connect.introspect("token", &scene.http, now).await, Err(error));
    }
}

#[test]
fn nothing_personal_is_printed() {
    let identity =
        PivotIdentity { family_name: "Quintefeuille".into(), ..PivotIdentity::default() };
    assert!(!format!("{identity:?}").contains("Quintefeuille"));
}
