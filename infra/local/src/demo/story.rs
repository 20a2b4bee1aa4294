//! The people of the demonstration, and what must be answered about each.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::feed::PACE;
use crate::json::pretty;
use crate::outputs::Outputs;
use crate::samples::{LYCEE, UNIVERSITY};
use crate::sandbox::Sandbox;
use crate::status::{Identity, Reply, StatusQuestion};

/// How long a wrong answer may take to become the right one.
const PATIENCE: Duration = Duration::from_secs(30);

/// One scene: a question and the answer that is right.
#[derive(Debug)]
pub(crate) struct Scene {
    /// Who it is about.
    title: &'static str,
    question: StatusQuestion,
    /// Each enrolment's establishment and status; none means that the person is not found.
    expected: Vec<(&'static str, &'static str)>,
}

/// The scenes, once both files are imported.
pub(crate) fn scenes() -> Vec<Scene> {
    let (university, lycee) = (UNIVERSITY.uai, LYCEE.uai);
    let in_both = || vec![(lycee, "inscrit"), (university, "inscrit")];
    let ine = |ine: &str| StatusQuestion::Ine(ine.to_owned());
    vec![
        Scene {
            title: "An enrolled student",
            question: ine("0AYIOP071Y8"),
            expected: vec![(university, "inscrit")],
        },
        Scene {
            title: "A student who is only admitted, asked for by civil identity",
            question: identity("MERCIER", "Yanis", "1999-11-30", "1", "69383"),
            expected: vec![(university, "admis")],
        },
        Scene {
            title: "One student, two establishments: both files give the same INE",
            question: ine("111931951DF"),
            expected: in_both(),
        },
        Scene {
            title: "One student, two spellings: the university gave no INE and wrote D'ALMEIDA-NÚÑEZ Zoé-Élise, \
                    the lycée wrote d almeida nunez ZOE ELISE",
            question: ine("098834174KG"),
            expected: in_both(),
        },
        Scene {
            title: "The same student, asked for by civil identity in a third spelling",
            question: identity("D’Almeida Nuñez", "Zoé Elise", "2007-06-17", "2", "33063"),
            expected: in_both(),
        },
        Scene {
            title: "A number that nobody has",
            question: ine("064139910HK"),
            expected: Vec::new(),
        },
        Scene {
            title: "An identity that nobody has",
            question: identity("PERSONNE", "Camille", "2004-02-29", "2", "75113"),
            expected: Vec::new(),
        },
    ]
}

impl Scene {
    /// Asks, shows the question and the answer, and fails if it is not the right one.
    ///
    /// A student who was visible after the first file may still wait for what the second one says,
    /// so a wrong answer is given a little time to become right.
    pub(crate) async fn play(&self, outputs: &Outputs, sandbox: &Sandbox) -> Result<()> {
        println!("\n  ▸ {}\n", self.title);
        println!("{}", indented(&self.question.shown(sandbox)?));
        let started = tokio::time::Instant::now();
        let (reply, verdict) = loop {
            let reply = self.question.ask(outputs, sandbox).await?;
            let verdict = self.judge(&reply);
            if verdict.is_ok() || started.elapsed() > PATIENCE {
                break (reply, verdict);
            }
            tokio::time::sleep(PACE).await;
        };
        println!("\n    {}", reply.status);
        println!("{}\n", indented(&pretty(&reply.text)));
        verdict?;
        println!("    ✔ as expected: {}", summary(&self.expected));
        Ok(())
    }

    fn judge(&self, reply: &Reply) -> Result<()> {
        let Self { title, expected, .. } = self;
        let status = if expected.is_empty() { 404 } else { 200 };
        if reply.status != status {
            bail!("{title}: the answer should have been {status} and is {}", reply.status);
        }
        let enrolments = reply.enrolments();
        if enrolments != *expected {
            bail!("{title}: the enrolments should have been {expected:?} and are {enrolments:?}");
        }
        Ok(())
    }
}

fn summary(expected: &[(&str, &str)]) -> String {
    if expected.is_empty() {
        return "not found, which discloses nothing".to_owned();
    }
    expected.iter().map(|(uai, status)| format!("{status} at {uai}")).collect::<Vec<_>>().join(", ")
}

fn identity(
    nom_famille: &str,
    prenom1: &str,
    date_naissance: &str,
    sexe: &str,
    lieu_naissance: &str,
) -> StatusQuestion {
    let [nom_famille, prenom1, date_naissance, sexe, lieu_naissance] =
        [nom_famille, prenom1, date_naissance, sexe, lieu_naissance].map(str::to_owned);
    StatusQuestion::Identity(Identity {
        nom_famille,
        prenom1,
        date_naissance,
        sexe,
        lieu_naissance,
    })
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
