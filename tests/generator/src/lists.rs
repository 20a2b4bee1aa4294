//! INSEE's open lists, compressed in the binary (`reference/README.md`).

use std::io::{self, Read as _};

use flate2::read::GzDecoder;
use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom as _;

use crate::dice::{Dice, Urn};

/// What people are made of.
pub(crate) struct Lists {
    surnames: Vec<String>,
    surname_urn: Urn,
    men: GivenNames,
    women: GivenNames,
    communes: Vec<String>,
    commune_urn: Urn,
}

/// The given names of one sex.
struct GivenNames {
    names: Vec<String>,
    students: Urn,
    parents: Urn,
}

/// Countries of birth of the students born abroad, by their COG code, with plausible weights.
pub(crate) const COUNTRIES: [(&str, u32); 30] = [
    ("99350", 14), // Morocco
    ("99352", 13), // Algeria
    ("99351", 6),  // Tunisia
    ("99341", 6),  // Senegal
    ("99216", 7),  // China
    ("99326", 5),  // Côte d'Ivoire
    ("99322", 4),  // Cameroon
    ("99127", 5),  // Italy
    ("99205", 4),  // Lebanon
    ("99134", 3),  // Spain
    ("99109", 3),  // Germany
    ("99139", 3),  // Portugal
    ("99131", 3),  // Belgium
    ("99132", 2),  // United Kingdom
    ("99243", 2),  // Viet Nam
    ("99333", 2),  // Madagascar
    ("99324", 2),  // Congo
    ("99312", 2),  // Democratic Republic of the Congo
    ("99328", 2),  // Gabon
    ("99327", 2),  // Benin
    ("99330", 2),  // Guinea
    ("99335", 1),  // Mali
    ("99345", 1),  // Togo
    ("99397", 1),  // Comoros
    ("99410", 1),  // Haiti
    ("99114", 1),  // Romania
    ("99208", 1),  // Türkiye
    ("99223", 1),  // India
    ("99416", 1),  // Brazil
    ("99404", 1),  // United States
];

/// The order of surnames is the country's, not the file's: it doesn't follow the file's seed.
const SURNAME_ORDER: u64 = 1;

impl Lists {
    pub(crate) fn load() -> io::Result<Self> {
        let surnames = inflate(include_bytes!("../reference/noms.txt.gz"))?;
        let mut surnames: Vec<_> = surnames.lines().map(str::to_owned).collect();
        surnames.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(SURNAME_ORDER));
        // Zipf's law with Mandelbrot's shift: the open list has no counts, and with this shift the
        // most frequent of its 219,000 surnames is that of 0.36 % of people, as the most frequent
        // is in France.
        let surname_urn =
            Urn::new((0..surnames.len() as u64).map(|rank| 1_000_000_000 / (rank + 31)));

        let (mut men, mut women) = (Vec::new(), Vec::new());
        for line in inflate(include_bytes!("../reference/prenoms.csv.gz"))?.lines().skip(1) {
            let fields: Vec<_> = line.split(',').collect();
            let [name, sex, parents, students] = fields[..] else { return Err(malformed()) };
            let names = if sex == "M" { &mut men } else { &mut women };
            names.push((name.to_owned(), number(parents)?, number(students)?));
        }

        let (mut communes, mut people) = (Vec::new(), Vec::new());
        for line in inflate(include_bytes!("../reference/communes.csv.gz"))?.lines().skip(1) {
            let (code, population) = line.split_once(',').ok_or_else(malformed)?;
            communes.push(code.to_owned());
            people.push(number(population)?);
        }
        let commune_urn = Urn::new(people.into_iter());
        let (men, women) = (GivenNames::new(men), GivenNames::new(women));
        Ok(Self { surnames, surname_urn, men, women, communes, commune_urn })
    }

    /// A surname in capitals, without accents.
    pub(crate) fn surname(&self, dice: &mut Dice) -> &str {
        &self.surnames[self.surname_urn.draw(dice)]
    }

    /// A given name of the students' generation, in accented capitals.
    pub(crate) fn given_name(&self, woman: bool, dice: &mut Dice) -> &str {
        let given = self.of_sex(woman);
        &given.names[given.students.draw(dice)]
    }

    /// A second or third given name, which is often a parent's or an aunt's.
    pub(crate) fn further_given_name(&self, woman: bool, dice: &mut Dice) -> &str {
        let given = self.of_sex(woman);
        &given.names[given.parents.draw(dice)]
    }

    /// A commune, as often as it has inhabitants.
    pub(crate) fn commune(&self, dice: &mut Dice) -> &str {
        &self.communes[self.commune_urn.draw(dice)]
    }

    fn of_sex(&self, woman: bool) -> &GivenNames {
        if woman { &self.women } else { &self.men }
    }
}

impl GivenNames {
    fn new(counted: Vec<(String, u64, u64)>) -> Self {
        let parents = Urn::new(counted.iter().map(|(_, parents, _)| *parents));
        let students = Urn::new(counted.iter().map(|(_, _, students)| *students));
        Self { names: counted.into_iter().map(|(name, _, _)| name).collect(), students, parents }
    }
}

fn inflate(compressed: &[u8]) -> io::Result<String> {
    let mut text = String::new();
    GzDecoder::new(compressed).read_to_string(&mut text)?;
    Ok(text)
}

fn number(text: &str) -> io::Result<u64> {
    text.parse().map_err(|_| malformed())
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a line of a reference list is malformed")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn frequencies_are_those_of_a_country() {
        let lists = Lists::load().unwrap();
        let mut dice = Dice::new(1);
        let mut surnames = BTreeMap::<_, u32>::new();
        for _ in 0..100_000 {
            *surnames.entry(lists.surname(&mut dice)).or_default() += 1;
        }
        let most = surnames.values().max().copied().unwrap();
        assert!((300..420).contains(&most), "{most}");
        let thomases =
            (0..100_000).filter(|_| lists.given_name(false, &mut dice) == "THOMAS").count();
        assert!((1_900..2_200).contains(&thomases), "{thomases}");
    }
}
