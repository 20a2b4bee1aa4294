//! Inventing a student.

use jiff::civil::Date;

use crate::dice::Dice;
use crate::ine::Register;
use crate::lists::{COUNTRIES, Lists};
use crate::settings::{Kind, Rates};

/// A student, as one establishment's software would print it. Blank is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeneratedPerson {
    /// Their rank in the file, from 0.
    pub(crate) rank: u64,
    pub(crate) ine: String,
    /// Their INE, whether the establishment knows it or not.
    pub(crate) true_ine: String,
    pub(crate) birth: Birth,
    pub(crate) family_name: String,
    pub(crate) usage_name: String,
    pub(crate) given_names: [String; 3],
    pub(crate) woman: bool,
    pub(crate) birthplace: String,
    pub(crate) student_number: String,
}

/// A birth date, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Birth {
    Day(Date),
    Month(i16, i8),
    Year(i16),
}

impl Birth {
    pub(crate) fn year(self) -> i16 {
        match self {
            Self::Day(date) => date.year(),
            Self::Month(year, _) | Self::Year(year) => year,
        }
    }

    /// `2004-05-31`, `2004-05` or `2004`.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Day(date) => date.to_string(),
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
            Self::Year(year) => format!("{year:04}"),
        }
    }
}

/// What the next person has in common with those before.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Resemblance<'a> {
    /// Nothing but chance.
    None,
    /// Surname, birth date and birthplace.
    Twin(&'a GeneratedPerson),
    /// Surname, first given name and sex.
    Homonym(&'a GeneratedPerson),
}

/// How a school's software spells names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `LÉA MARTIN`.
    Capitals,
    /// `LEA MARTIN`.
    PlainCapitals,
    /// `Léa Martin`.
    Mixed,
}

/// Invents people, one after the other.
pub(crate) struct Population {
    lists: Lists,
    register: Register,
    rates: Rates,
    /// The civil year in which the academic year starts.
    first_year: i16,
    next_rank: u64,
}

/// Ages reached in the first civil year of the academic year, and their weights: the pyramid of
/// higher education.
const AGES: [(i16, u32); 14] = [
    (17, 40),
    (18, 170),
    (19, 165),
    (20, 150),
    (21, 125),
    (22, 105),
    (23, 80),
    (24, 55),
    (25, 35),
    (26, 25),
    (27, 18),
    (28, 13),
    (29, 10),
    (30, 9),
];
/// The same in a lycée's higher technician and preparatory classes.
const LYCEE_AGES: [(i16, u32); 6] = [(17, 60), (18, 350), (19, 330), (20, 180), (21, 60), (22, 20)];

impl Population {
    pub(crate) fn new(lists: Lists, rates: Rates, first_year: i16, dice: &mut Dice) -> Self {
        Self { lists, register: Register::new(dice), rates, first_year, next_rank: 0 }
    }

    pub(crate) fn next(
        &mut self,
        resemblance: Resemblance<'_>,
        kind: Kind,
        spelling: Spelling,
        dice: &mut Dice,
    ) -> GeneratedPerson {
        let rank = self.next_rank;
        self.next_rank += 1;
        let rates = &self.rates;

        let woman = match resemblance {
            Resemblance::Homonym(other) => other.woman,
            // 56 % of students are women.
            Resemblance::Twin(_) | Resemblance::None => dice.chance(0.56),
        };
        let born_abroad = dice.chance(rates.born_abroad);
        let (birth, birthplace) = match resemblance {
            Resemblance::Twin(other) => (other.birth, other.birthplace.clone()),
            Resemblance::Homonym(_) | Resemblance::None => {
                (self.birth(kind, born_abroad, dice), self.birthplace(born_abroad, dice))
            }
        };
        let family_name = match resemblance {
            Resemblance::Twin(other) | Resemblance::Homonym(other) => other.family_name.clone(),
            Resemblance::None => spelling.spell(self.lists.surname(dice)),
        };
        let usage_name = if dice.chance(rates.usage_name) {
            spelling.spell(self.lists.surname(dice))
        } else {
            String::new()
        };
        let mut given_names = self.given_names(woman, spelling, dice);
        match resemblance {
            Resemblance::Homonym(other) => given_names[0].clone_from(&other.given_names[0]),
            Resemblance::Twin(other) => {
                while given_names[0] == other.given_names[0] {
                    given_names = self.given_names(woman, spelling, dice);
                }
            }
            Resemblance::None => {}
        }
        let true_ine = self.register.number(rank, birth.year(), born_abroad, dice);
        let ine = if dice.chance(rates.without_ine) { String::new() } else { true_ine.clone() };
        let student_number =
            if dice.chance(rates.student_number) { format!("2{rank:07}") } else { String::new() };
        GeneratedPerson {
            rank,
            ine,
            true_ine,
            birth,
            family_name,
            usage_name,
            given_names,
            woman,
            birthplace,
            student_number,
        }
    }

    fn birth(&self, kind: Kind, born_abroad: bool, dice: &mut Dice) -> Birth {
        let age = match kind {
            Kind::Lycee => *dice.weighted(&LYCEE_AGES),
            Kind::University | Kind::School => *dice.weighted(&AGES),
        };
        let year = self.first_year - age;
        let first = Date::constant(year, 1, 1);
        if dice.chance(self.rates.partial_birth_date) {
            let month = i8::try_from(dice.between(1, 12)).unwrap_or(1);
            return if dice.chance(0.5) { Birth::Year(year) } else { Birth::Month(year, month) };
        }
        // The first of January is what a consulate writes when the day isn't known.
        if born_abroad && dice.chance(0.06) {
            return Birth::Day(first);
        }
        let day = dice.between(1, first.days_in_year());
        Birth::Day(first.with().day_of_year(day).build().unwrap_or(first))
    }

    /// Abroad: the country, or nothing, as often as registrars leave it blank.
    fn birthplace(&self, born_abroad: bool, dice: &mut Dice) -> String {
        if !born_abroad {
            self.lists.commune(dice).to_owned()
        } else if dice.chance(0.4) {
            String::new()
        } else {
            (*dice.weighted(&COUNTRIES)).to_owned()
        }
    }

    fn given_names(&self, woman: bool, spelling: Spelling, dice: &mut Dice) -> [String; 3] {
        let first = spelling.spell(self.lists.given_name(woman, dice));
        let second = dice.chance(0.55);
        let third = second && dice.chance(0.5);
        let mut further = |given: bool| {
            if given {
                spelling.spell(self.lists.further_given_name(woman, dice))
            } else {
                String::new()
            }
        };
        [first, further(second), further(third)]
    }
}

impl Spelling {
    const ALL: [Self; 3] = [Self::Capitals, Self::PlainCapitals, Self::Mixed];

    pub(crate) fn draw(dice: &mut Dice) -> Self {
        *dice.pick(&Self::ALL)
    }

    /// The lists are in accented capitals.
    fn spell(self, name: &str) -> String {
        match self {
            Self::Capitals => name.to_owned(),
            Self::PlainCapitals => name.chars().map(plain).collect(),
            Self::Mixed => {
                let mut inside_word = false;
                let mut spelt = String::with_capacity(name.len());
                for letter in name.chars() {
                    if inside_word {
                        spelt.extend(letter.to_lowercase());
                    } else {
                        spelt.push(letter);
                    }
                    inside_word = letter.is_alphabetic();
                }
                spelt
            }
        }
    }
}

/// Without its accent: the lists have these and no other.
fn plain(letter: char) -> char {
    match letter {
        'Â' => 'A',
        'Ç' => 'C',
        'È' | 'É' | 'Ê' | 'Ë' => 'E',
        'Î' | 'Ï' => 'I',
        'Ô' => 'O',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_capitals_are_plain() {
        let lists = Lists::load().unwrap();
        let mut dice = Dice::new(1);
        for woman in [false, true] {
            for _ in 0..50_000 {
                let name =
                    Spelling::PlainCapitals.spell(lists.further_given_name(woman, &mut dice));
                assert!(name.is_ascii(), "{name}");
            }
        }
    }

    #[test]
    fn each_software_has_its_spelling() {
        for (spelling, spelt) in [
            (Spelling::Capitals, "ANNE-ZOÉ D'ÎLE"),
            (Spelling::PlainCapitals, "ANNE-ZOE D'ILE"),
            (Spelling::Mixed, "Anne-Zoé D'Île"),
        ] {
            assert_eq!(spelling.spell("ANNE-ZOÉ D'ÎLE"), spelt);
        }
    }
}
