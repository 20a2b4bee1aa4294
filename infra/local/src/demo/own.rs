//! A student logs in with `FranceConnect`, reads who asked about them, and gives a code; somebody
//! reads what it shows. They make an attestation, which is verified without the platform.

use anyhow::{Context as _, Result, bail};
use attestation::{KeySet, StatusList, Verdict, verify};
use jiff::{SignedDuration, Timestamp};

use crate::http::{Browser, Page};
use crate::outputs::Outputs;
use crate::sandbox::Sandbox;

/// Whom the administrations have asked about.
const STUDENT: &str = "enrolled";

/// Plays it, each page checked.
pub(crate) async fn play(outputs: &Outputs, sandbox: &Sandbox) -> Result<()> {
    let portal = &outputs.portal_url;
    let account = sandbox.student_accounts.iter().find(|account| account.login_hint == STUDENT);
    let account = account.context("the sandbox lacks its student")?;
    let mut student = Browser::default();
    let departs = student.open(&format!("{portal}/mon-espace/connexion/depart")).await?;
    let chosen = student.open(&format!("{}&person={STUDENT}", leads(&departs)?)).await?;
    let arrives = student.open(leads(&chosen)?).await?;
    let own = shows(student.open(leads(&arrives)?).await?, "Ce qui est communiqué de vous")?;
    println!("  ✔ {} logs in, and reads what is told and who said it", account.name);
    let asked = student.open(&format!("{portal}/mon-espace/consultations")).await?;
    shows(asked, "Vérifier que vous êtes étudiant")?;
    println!("  ✔ and who asked, when, for whom, which fields and why");

    let origin = portal.split('/').take(3).collect::<Vec<_>>().join("/");
    let shares = format!("{portal}/mon-espace/partages");
    let form = format!(
        "jeton={}&formulaire=demo&faire=creer&usage=logement",
        field(&own, "name=\"jeton\" value=\"")?
    );
    let made = shows(student.send(&shares, &origin, form).await?, "Votre code de partage")?;
    let code = field(&made, "id=\"code\" readonly value=\"")?;
    let form = format!("code={code}&naissance={}", account.birthdate);
    let mut reader = Browser::default();
    let read = reader.send(&format!("{portal}/partage"), &origin, form).await?;
    shows(read, &account.name)?;
    println!("  ✔ {code} and a birth date show a name, an establishment and a status of now");
    attest(portal, &origin, &mut student, &own).await
}

/// Makes an attestation, and verifies it without the platform.
async fn attest(portal: &str, origin: &str, student: &mut Browser, own: &str) -> Result<()> {
    let attestations = format!("{portal}/mon-espace/attestations");
    let jeton = field(own, "name=\"jeton\" value=\"")?;
    let choice = shows(student.open(&attestations).await?, "Créer une attestation")?;
    let uai = field(&choice, "<option value=\"")?;
    let form = format!("jeton={jeton}&formulaire=attestation&faire=creer&etablissement={uai}");
    let made = shows(student.send(&attestations, origin, form).await?, "Votre attestation")?;
    let text = made.split_once(" readonly>").and_then(|(_, rest)| rest.split('<').next());
    let text = text.context("the page lacks the text of its QR")?;
    let mut verifier = Browser::default();
    let keys = shows(verifier.open(&format!("{portal}/attestation/cles")).await?, "P-256")?;
    let keys = KeySet::parse(&keys)?;
    let list = shows(verifier.open(&format!("{portal}/attestation/etats")).await?, ".")?;
    let list = StatusList::open(&list, &keys)?;
    // From here on nothing is asked for.
    let Verdict::Valid { claims, .. } = verify(text, &keys, Some(&list), Timestamp::now()) else {
        bail!("a new attestation isn't valid");
    };
    println!("  ✔ a QR of {} letters is verified off-line: {}", text.len(), claims.etablissement);
    let mut changed = text.to_owned();
    changed.replace_range(20..21, if &text[20..21] == "0" { "1" } else { "0" });
    if matches!(verify(&changed, &keys, Some(&list), Timestamp::now()), Verdict::Valid { .. }) {
        bail!("an attestation that was changed is valid");
    }
    let week = Timestamp::now() + SignedDuration::from_hours(24 * 7);
    let old = verify(text, &keys, Some(&list), week);
    if !matches!(old, Verdict::StatusTooOld { .. }) {
        bail!("a list of a week isn't too old");
    }
    println!("  ✔ with a letter changed, or a list of a week, it isn't");
    Ok(())
}

fn leads(page: &Page) -> Result<&str> {
    page.location.as_deref().with_context(|| {
        format!("a page of the log-in leads nowhere (status {}): {}", page.status, page.body)
    })
}

/// The text of a page that has to say this.
fn shows(page: Page, what: &str) -> Result<String> {
    if page.status != 200 || !page.body.contains(what) {
        bail!("a page doesn't show \"{what}\" (status {}): {}", page.status, page.body);
    }
    Ok(page.body)
}

/// What stands in a page after a text, to the end of its attribute.
fn field<'a>(page: &'a str, after: &str) -> Result<&'a str> {
    let rest = page.split_once(after).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split('"').next()).context("a page lacks a field")
}
