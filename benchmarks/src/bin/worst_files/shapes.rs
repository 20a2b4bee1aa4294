//! Lines that might cost more than others, and the files made of them.

use std::io::Write as _;

use anyhow::Result;
use flate2::write::GzEncoder;

use crate::SIZE;

/// A header and a row that is accepted.
const HEADER: &str = "ine;dateNaissance;nomFamille;nomUsage;prenom1;prenom2;prenom3;sexe;lieuNaissance;\
                      dateDebutInscription;dateFinInscription;statut;regime;codeCommune;uai;cursus;diplome;\
                      niveauDiplome;numeroEtudiant";
/// How many times its size a file inflates to here: a little less than what the reader allows.
const RATIO: usize = 195;
/// The reader's longest line.
const LONGEST: usize = shared::files::reader::LONGEST_LINE;

/// A format of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    Csv,
    Ndjson,
}

impl Text {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Ndjson => "NDJSON",
        }
    }

    fn head(self) -> String {
        if self == Self::Csv { format!("{HEADER}\n") } else { String::new() }
    }
}

/// Every shape at every length.
pub(crate) fn lines(text: Text) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for length in [0, 1, 4, 16, 64, 256, 1_024, 8_192, 60_000] {
        match text {
            Text::Csv => csv(length, &mut lines),
            Text::Ndjson => ndjson(length, &mut lines),
        }
    }
    lines.retain(|(_, line)| line.len() < LONGEST);
    lines
}

fn csv(length: usize, lines: &mut Vec<(String, String)>) {
    let columns = HEADER.split(';').count();
    // `é` alone is a byte of windows-1252; `ﷺ` is the letter that folds to most; a mark alone
    // composes with nothing.
    for (name, unit) in [
        ("x", "x"),
        ("a blank", " "),
        ("é", "é"),
        ("ﷺ", "ﷺ"),
        ("marks", "\u{301}"),
        ("a quote", "\""),
    ] {
        let value = unit.repeat(length);
        lines.push((format!("{length} times {name} in a line"), value.clone()));
        lines.push((
            format!("{length} times {name} in each column"),
            vec![value.as_str(); columns].join(";"),
        ));
    }
    lines.push((format!("{length} separators"), ";".repeat(length)));
    lines.push((format!("{length} quoted blanks"), "\"\";".repeat(length)));
    let place = "SAINT ".repeat(length / 6);
    let row = |ine: &str, name: &str, place: &str| {
        format!(
            "{ine};2004-03-02;{name};;{name};;;2;{place};2026-09-01;2027-08-31;inscrit;RF1;75113;0751967F;;;;"
        )
    };
    lines.push((
        format!("a whole row, its names {length} long"),
        row("", &"é".repeat(length), "44109"),
    ));
    lines.push((
        format!("a whole row, a birthplace of {length} letters"),
        row("070578267KH", "MARTIN", &place),
    ));
}

fn ndjson(length: usize, lines: &mut Vec<(String, String)>) {
    let object = |inner: String| format!("{{{}}}", inner.trim_end_matches(','));
    lines.push((format!("{length} unknown keys"), object("\"a\":1,".repeat(length / 6))));
    lines.push((format!("{length} bytes of empty keys"), object("\"\":1,".repeat(length / 5))));
    lines.push((
        format!("{length} bytes of one known key"),
        object("\"ine\":1,".repeat(length / 8)),
    ));
    lines.push((
        format!("{length} bytes of a key in another case"),
        object("\"INE\":[],".repeat(length / 9)),
    ));
    lines.push((
        format!("{length} bytes of numbers"),
        object("\"ine\":1.5e300,".repeat(length / 14)),
    ));
    lines.push((
        format!("{length} bytes of escapes"),
        object(format!("\"ine\":\"{}\"", "\\u00e9".repeat(length / 6))),
    ));
    lines.push((
        format!("{length} bytes of arrays"),
        object(format!("\"x\":[{}[]]", "[],".repeat(length / 3))),
    ));
    lines.push((format!("{length} bytes of nothing"), " ".repeat(length)));
    lines.push((format!("{length} bytes of no JSON"), "x".repeat(length)));
    let names = format!(
        "\"nomFamille\":\"{0}\",\"prenom1\":\"{0}\",\"sexe\":\"1\"",
        "é".repeat(length / 2)
    );
    lines.push((format!("names of {length} bytes"), object(names)));
}

/// A file of a quarter of a megabyte of one line.
pub(crate) fn sample(text: Text, line: &str) -> String {
    filled(text, line, SIZE / 4)
}

fn filled(text: Text, line: &str, size: usize) -> String {
    // A first line says what the file is: nothing else tells blank lines of NDJSON from a CSV.
    let mut content = text.head();
    if text == Text::Ndjson {
        content.push_str("{}\n");
    }
    while content.len() + line.len() < size {
        content.push_str(line);
        content.push('\n');
    }
    content
}

/// The file of a megabyte as it is, and what inflates to as much as the reader allows.
pub(crate) fn wrapped(text: Text, line: &str) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let plain = filled(text, line, SIZE).into_bytes();
    let inflated = filled(text, line, RATIO * SIZE);
    // What doesn't compress gives the file its size, so that the ratio is what the reader allows.
    // It comes first, in lines too long to be read.
    let head = inflated.lines().next().unwrap_or_default();
    let mut random = fastrand::Rng::with_seed(14);
    let filler: String = (0..SIZE * 9 / 7).map(|_| random.alphanumeric()).collect();
    let content = format!("{head}\n{filler}\n{}", &inflated[head.len() + 1..]);
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::new(9));
    gzip.write_all(content.as_bytes())?;
    let zstd = zstd::encode_all(content.as_bytes(), 3)?;
    Ok(vec![("", plain), (", gzip", gzip.finish()?), (", zstd", zstd)])
}
