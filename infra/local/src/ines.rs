//! What the identity service of a fresh platform holds: the people of the sample files, and us
//! among its clients.

use anyhow::{Context as _, Result};
use serde_json::json;
use shared::access::ines::Right;
use statut::deployment::Deployment;
use statut::ines::{create, load, store};

use crate::files::Files;

/// Those whom the sample files are about, as INES knows them.
pub(crate) const SAMPLES: &str = "ines.csv";
/// The person whom API Particulier's probes ask for, loaded only where it is asked for.
pub(crate) const PROBES: &str = "ines_sondes.csv";
/// What we are called there.
const OURSELVES: &str = "supdata";

/// Registers the people of a file of `sandbox/`.
pub(crate) async fn fill(files: &Files, deployment: &Deployment, name: &str) -> Result<()> {
    load(deployment, &files.source("sandbox").join(name)).await.map(drop)
}

/// Fills it, registers us, and puts our credentials where deduplication and enrolment read them
/// (`secret`), as an operator does elsewhere (docs/deploying.md).
pub(crate) async fn hand_over(files: &Files, deployment: &Deployment, secret: &str) -> Result<()> {
    fill(files, deployment, SAMPLES).await?;
    let rights = [Right::Verification, Right::Recherche, Right::Immatriculation].into();
    let client_secret = create(&store(deployment), OURSELVES, &rights).await?;
    deployment
        .secrets
        .put_secret_value()
        .secret_id(secret)
        .secret_string(
            json!({ "client_id": OURSELVES, "client_secret": client_secret }).to_string(),
        )
        .send()
        .await
        .context("our credentials at INES can't be written")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use csv::ReaderBuilder;
    use shared::domain::birth_date::BirthDate;
    use shared::domain::ine::Ine;
    use statut::ines::Extract;

    use super::*;

    #[test]
    fn the_people_of_the_sample_files_are_in_the_sandbox() {
        let files = Files::locate().unwrap();
        let source = |name: &str| files.source("sandbox").join(name);
        let mut known = HashMap::new();
        for name in ["ines.csv", "ines_sondes.csv"] {
            let extract = Extract::check(&source(name)).unwrap();
            known.extend(
                extract
                    .people()
                    .unwrap()
                    .map(Result::unwrap)
                    .map(|person| (person.ine, person.identite)),
            );
        }
        for (name, separator) in
            [("universite.csv", b';'), ("lycee.csv", b','), ("sondes.csv", b';')]
        {
            let mut reader =
                ReaderBuilder::new().delimiter(separator).from_path(source(name)).unwrap();
            let heading = reader.headers().unwrap().clone();
            for row in reader.records() {
                let row = row.unwrap();
                let cell =
                    |name: &str| &row[heading.iter().position(|column| column == name).unwrap()];
                let Ok(ine) = Ine::parse(cell("ine")) else { continue };
                let person =
                    known.get(&ine).unwrap_or_else(|| panic!("{name}: {}", cell("nomFamille")));
                if let Ok(birth) = BirthDate::parse(cell("dateNaissance")) {
                    assert_eq!(person.date_naissance, birth, "{name}: {}", cell("nomFamille"));
                }
            }
        }
    }
}
