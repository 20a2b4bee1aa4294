//! The portal's public pages, and who may log in.

use anyhow::{Context as _, Result, bail};
use ureq::http::Request;

use crate::http;
use crate::outputs::Outputs;
use crate::samples::UNIVERSITY;
use crate::sandbox::Sandbox;

/// Asks for the page that says who feeds the register, and shows where to log in as whom.
pub(crate) async fn play(outputs: &Outputs, sandbox: &Sandbox) -> Result<()> {
    let page = format!("{}/couverture?q={}", outputs.portal_url, UNIVERSITY.uai);
    let request = Request::get(&page).body(String::new()).context("the page can't be asked for")?;
    let answer = http::send(request).await.context("the portal doesn't answer")?;
    if answer.status != 200 || !answer.body.contains("aujourd") {
        bail!("{page} doesn't say that {} fed today (status {})", UNIVERSITY.uai, answer.status);
    }
    println!("  ✔ {page}");
    println!("    says that the university's last feed is of today");
    println!("\n  `cargo local up` keeps it running; log in there as");
    for account in &sandbox.portal_accounts {
        println!("    {account}");
    }
    Ok(())
}
