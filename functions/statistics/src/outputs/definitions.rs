//! What the tables count, in French, for whoever reads them: written from the definitions of the
//! tables themselves, so that neither says what the other doesn't.

use std::fmt::Write as _;

use super::File;
use super::text::{FormatError, STATE, heading};
use super::words::words;
use crate::dimensions::{AGES, BIRTHS, CURSUS, Flow, KINDS, MULTIPLES, REGIMES, SEXES, STATUSES};
use crate::snapshot::Snapshot;
use crate::tables::published::Table;
use crate::tables::shape::Thresholds;

const DEFINITIONS: &str = "definitions.md";
const CHANGES: &str = "changements.md";
const MARKDOWN: &str = "text/markdown; charset=utf-8";

/// The version of the form of a snapshot: that of the latest change.
pub(super) const FORM: u32 = CHANGE[CHANGE.len() - 1].0;
/// What changed in the form of snapshots, by version, the first one first.
const CHANGE: [(u32, &str); 4] = [
    (1, "Premiers états figés : CSV, JSON, Data Package, rapport."),
    (
        2,
        "Chaque tableau est aussi en Parquet ; `dcat.jsonld` décrit l'état pour un catalogue ; les \
         définitions et ce journal sont joints. Les tableaux CSV et JSON n'ont pas changé.",
    ),
    (
        3,
        "Le rapport a une carte, une comparaison avec la même date un an plus tôt quand un état en a été \
         figé, et une fiche par établissement (`fiches-<département>.html`). `couverture` a la colonne \
         `part_attendue` ; les autres tableaux n'ont pas changé.",
    ),
    (
        4,
        "`flux` : étudiants nouveaux, venus d'une autre académie, restés et partis depuis l'état précédent. \
         `precedent`, dans `manifeste.json`, est l'état précédent même quand il est d'une autre rentrée.",
    ),
];

/// Terms that several tables share.
const TERMS: [(&str, &str); 7] = [
    (
        "Rentrée",
        "Année universitaire, qui va du 1er juillet au 30 juin : une inscription est de celle de son \
         premier jour.",
    ),
    (
        "`effectif`",
        "Étudiants, chacun compté une fois, à son inscription principale de l'année. Un étudiant n'est \
         que dans une ligne de chaque découpage : les lignes s'additionnent.",
    ),
    (
        "`inscriptions`",
        "Toutes les inscriptions qui ne sont pas annulées, secondes inscriptions comprises.",
    ),
    (
        "Inscription principale",
        "Choisie au niveau national, dans cet ordre : `inscrit` avant `admis` ; la classe préparatoire \
         avant son université ; doctorat, master, licence, puis tout autre cursus ; le premier jour le \
         plus ancien ; enfin UAI, diplôme et année, pour que deux calculs soient d'accord.",
    ),
    (
        "Lieu",
        "Commune où se déroulent les études, puis son département, son académie, sa région. Sans commune, \
         le début de l'UAI en tient lieu ; sinon le lieu est inconnu.",
    ),
    (
        "Flux",
        "Depuis l'état précédent, dont la date est dans `manifeste.json`. `nouveau` : n'y était compté nulle \
         part, ce qui ne dit pas que ce soit un nouveau bachelier. `venu` : y était compté dans une autre \
         académie ; pour le pays, qui a changé d'académie. `reste` : dans la même. `parti` : n'est plus compté, \
         et n'est pas de l'effectif. Qui n'a plus qu'une identité là où il en avait deux est parti de l'une \
         d'elles. Sans état précédent, il n'y a pas de flux.",
    ),
    ("Âge", "Âge atteint dans l'année de la rentrée."),
];

/// The definitions of a snapshot's tables, and what changed since the first.
pub(super) fn documents(snapshot: &Snapshot) -> Result<[File; 2], FormatError> {
    let text = |name: &str, content: String| File {
        name: name.to_owned(),
        media_type: MARKDOWN,
        content: content.into_bytes(),
    };
    let definitions = definitions(snapshot).map_err(|_| FormatError::Text)?;
    let changes = changes().map_err(|_| FormatError::Text)?;
    Ok([text(DEFINITIONS, definitions), text(CHANGES, changes)])
}

fn definitions(snapshot: &Snapshot) -> Result<String, std::fmt::Error> {
    let Thresholds { plain, personal } = snapshot.thresholds;
    let mut text = String::new();
    writeln!(text, "# Définitions\n")?;
    writeln!(text, "État au {}, rentrée {}.\n", snapshot.date, snapshot.year)?;
    for (term, meaning) in TERMS {
        writeln!(text, "- **{term}** : {meaning}")?;
    }
    writeln!(
        text,
        "\n## Lignes\n\nUne ligne absente vaut zéro. `ensemble` est le total d'une colonne. `inconnu` est ce \
         que personne n'a dit, ou un code d'aucune liste.\n\n`etat` vaut `publié`, ou `secret` : un compte \
         de moins de {plain} personnes, ou de moins de {personal} s'il dit le sexe, l'âge ou le lieu de \
         naissance, et les comptes qui le rendraient par soustraction. Il ne dit pas lequel des deux."
    )?;
    if let Some(previous) = snapshot.compared() {
        writeln!(
            text,
            "\nUn compte qui était publié le {previous} et qui a changé depuis de moins de personnes que \
             ce seuil est secret aussi : la différence serait publiée avec lui."
        )?;
    }
    writeln!(text, "\n## Tableaux")?;
    for (table, _) in &snapshot.tables {
        describe(&mut text, table, snapshot.thresholds)?;
    }
    writeln!(
        text,
        "\n### `couverture`\n\nDate du dernier versement de chaque établissement. Qui n'a pas versé n'est \
         compté nulle part. `part_attendue` : son effectif pour cent de celui qui a été publié à la même date un \
         an plus tôt, arrondi à la dizaine inférieure ; rien quand l'un des deux est secret ou inconnu, ou quand \
         moins de 50 étudiants étaient attendus. `etat` : `publié`, ou `sans_objet` quand rien n'a été versé.\n"
    )?;
    writeln!(text, "## Codes\n")?;
    let (groups, flows) = (REGIMES.map(|(group, _)| group), Flow::TOLD.map(Flow::code));
    for (column, title, codes) in [
        ("type", "Type d'établissement", &KINDS[..]),
        ("cursus", "Cursus", &CURSUS[..]),
        ("sexe", "Sexe", &SEXES[..]),
        ("groupe", "Groupe de régimes", &groups[..]),
        ("age", "Âge", &AGES[..]),
        ("naissance", "Lieu de naissance", &BIRTHS[..]),
        ("statut", "Statut", &STATUSES[..]),
        ("inscriptions_par_etudiant", "Inscriptions de l'étudiant", &MULTIPLES[..]),
        ("flux", "Flux", &flows[..]),
    ] {
        writeln!(text, "- {title} : {}", coded(column, codes))?;
    }
    for (group, regimes) in REGIMES {
        writeln!(text, "- Régimes du groupe `{group}` : {}", coded("regime", regimes))?;
    }
    writeln!(
        text,
        "- Région, académie, département, établissement, diplôme : codes officiels géographiques, codes \
         des académies, UAI, codes SISE ou MEFSTAT11."
    )?;
    Ok(text)
}

fn describe(text: &mut String, table: &Table, thresholds: Thresholds) -> std::fmt::Result {
    writeln!(text, "\n### `{}`\n\n{}.\n", table.name, table.title)?;
    for column in table.columns {
        writeln!(text, "- `{}` : {}", column.name, column.title)?;
    }
    let measures: Vec<String> = heading(table)
        .into_iter()
        .skip(table.columns.len())
        .filter(|name| *name != STATE)
        .map(|name| format!("`{name}`"))
        .collect();
    let threshold = if table.personal { thresholds.personal } else { thresholds.plain };
    writeln!(text, "\nMesures : {}. Seuil : {threshold} personnes.", measures.join(", "))
}

/// Codes with their words, where the words say more.
fn coded(column: &str, codes: &[&str]) -> String {
    let one = |code: &&str| match words(column, code) {
        same if same == *code => format!("`{code}`"),
        said => format!("`{code}` ({said})"),
    };
    codes.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn changes() -> Result<String, std::fmt::Error> {
    let mut text = String::from(
        "# Changements\n\nUn état figé ne change plus. Ce qui change dans la forme des suivants est dit ici ; \
         `format`, dans `manifeste.json`, dit celle d'un état.\n\n",
    );
    for (version, said) in CHANGE.iter().rev() {
        writeln!(text, "- **{version}** : {said}")?;
    }
    Ok(text)
}
