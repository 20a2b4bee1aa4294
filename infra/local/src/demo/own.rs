//! A student logs in with `FranceConnect`, reads who asked about them, and gives a code; somebody
//! reads what it shows.

use anyhow::{Context as _, Result, bail};

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
