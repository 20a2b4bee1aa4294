//! The register that a file's people are in: who each truly is, whatever a row says or leaves out.

use std::io::{BufWriter, Write};

use crate::format::WriteError;
use crate::generator::Generator;
use crate::person::GeneratedPerson;
use crate::settings::Settings;

/// What `statut ines load` takes.
const HEADING: &str =
    "ine;nomFamille;nomUsage;prenom1;autresPrenoms;sexe;dateNaissance;lieuNaissance;ineMaitre";

/// Writes an extract of INES with everybody whom the file of these settings is about, each once;
/// says how many.
///
/// Those whose row has no INE are there too: the register knows them, their establishment doesn't.
pub fn write_ines(settings: Settings, output: impl Write) -> Result<u64, WriteError> {
    let mut output = BufWriter::with_capacity(1 << 16, output);
    writeln!(output, "{HEADING}")?;
    let (mut people, mut last) = (0, None);
    for row in Generator::new(settings)? {
        // Rows of one person follow each other.
        if last.replace(row.person) != Some(row.person) {
            write_person(&mut output, &row.truth)?;
            people += 1;
        }
    }
    output.flush()?;
    Ok(people)
}

fn write_person(output: &mut impl Write, person: &GeneratedPerson) -> std::io::Result<()> {
    let GeneratedPerson {
        true_ine,
        birth,
        family_name,
        usage_name,
        given_names,
        woman,
        birthplace,
        ..
    } = person;
    let [first, others @ ..] = given_names;
    let others: Vec<&str> =
        others.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let (sex, birth, others) = (if *woman { "F" } else { "H" }, birth.text(), others.join(","));
    writeln!(
        output,
        "{true_ine};{family_name};{usage_name};{first};{others};{sex};{birth};{birthplace};"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use jiff::civil::date;

    use super::*;
    use crate::column::Column;
    use crate::settings::{Establishment, Kind};

    #[test]
    fn everybody_is_registered_once_and_as_they_are() {
        let university = Establishment {
            uai: "0751967F".to_owned(),
            kind: Kind::University,
            commune: "75113".to_owned(),
            postal_code: String::new(),
        };
        let settings = Settings::new(1, 2_000, date(2027, 2, 1), vec![university]).with_faults(0.2);
        let mut written = Vec::new();
        let people = write_ines(settings.clone(), &mut written).unwrap();
        let text = String::from_utf8(written).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some(HEADING));
        let known: BTreeMap<&str, Vec<&str>> =
            lines.map(|line| (&line[..11], line.split(';').collect())).collect();
        assert_eq!(
            (known.len() as u64, known.values().all(|cells| cells.len() == 9)),
            (people, true)
        );

        let rows: Vec<_> = Generator::new(settings).unwrap().collect();
        assert_eq!(rows.iter().map(|row| row.person).collect::<BTreeSet<_>>().len() as u64, people);
        let without_ine = rows.iter().filter(|row| row.value(Column::Ine).is_empty()).count();
        assert!(without_ine > 50, "{without_ine}");
        for row in
            rows.iter().filter(|row| row.fault.is_none() && !row.value(Column::Ine).is_empty())
        {
            let cells = &known[row.value(Column::Ine)];
            assert_eq!(
                (cells[1], cells[3]),
                (row.value(Column::NomFamille), row.value(Column::Prenom1))
            );
            assert_eq!(
                (cells[6], cells[7]),
                (row.value(Column::DateNaissance), row.value(Column::LieuNaissance))
            );
        }
    }
}
