//! Rows one by one, in constant memory.

use std::collections::VecDeque;

use crate::dice::Dice;
use crate::enrolment::{Enrolment, first_year};
use crate::fault::Fault;
use crate::lists::Lists;
use crate::person::{GeneratedPerson, Population, Resemblance, Spelling};
use crate::row::GeneratedRow;
use crate::settings::{Kind, Settings, SettingsError};

/// How many past people a homonym may be that of. Each is someone's homonym at most once or twice,
/// whatever the size of the file.
const REMEMBERED: usize = 256;

/// The rows of a file.
pub struct Generator {
    settings: Settings,
    dice: Dice,
    population: Population,
    /// The spelling of each establishment's software.
    spellings: Vec<Spelling>,
    /// A university has more students than a lycée.
    sizes: Vec<(usize, u32)>,
    first_year: i16,
    remembered: VecDeque<GeneratedPerson>,
    /// Rows of the person at hand that are still to come.
    pending: VecDeque<(GeneratedPerson, Enrolment)>,
    /// Who was invented last, and where they study.
    last: Option<(GeneratedPerson, usize)>,
    written: u64,
}

impl Generator {
    /// Prepares to invent. Takes some 50 ms to read the lists, which stay in memory (15 MB).
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        if settings.establishments.is_empty() {
            return Err(SettingsError::NoEstablishment);
        }
        let faults = settings.faults.iter().map(|(_, share)| *share);
        if let Some(rate) = settings
            .rates
            .all()
            .into_iter()
            .chain(faults.clone())
            .find(|rate| !(0.0..=1.0).contains(rate))
        {
            return Err(SettingsError::Rate(rate));
        }
        let broken: f64 = faults.sum();
        if broken > 1.0 {
            return Err(SettingsError::Faults(broken));
        }
        let mut dice = Dice::new(settings.seed);
        let spellings = settings.establishments.iter().map(|_| Spelling::draw(&mut dice)).collect();
        let sizes = settings.establishments.iter().enumerate().map(|(index, establishment)| {
            let size = match establishment.kind {
                Kind::University => 100,
                Kind::School => 10,
                Kind::Lycee => 2,
            };
            (index, size)
        });
        let sizes = sizes.collect();
        let first_year = first_year(settings.day);
        let population =
            Population::new(Lists::load()?, settings.rates.clone(), first_year, &mut dice);
        Ok(Self {
            settings,
            dice,
            population,
            spellings,
            sizes,
            first_year,
            remembered: VecDeque::with_capacity(REMEMBERED),
            pending: VecDeque::new(),
            last: None,
            written: 0,
        })
    }

    /// Invents a person and what they are enrolled for.
    fn invent(&mut self) {
        let (person, place) = self.person();
        let enrolment = self.enrolment(&person, place);
        if self.dice.chance(self.settings.rates.second_enrolment) {
            let (second, other) = self.second_enrolment(&person, place, &enrolment);
            self.pending.push_back((person.clone(), enrolment));
            self.pending.push_back((other, second));
        } else {
            self.pending.push_back((person.clone(), enrolment));
        }
        self.last = Some((person, place));
    }

    fn person(&mut self) -> (GeneratedPerson, usize) {
        let rates = &self.settings.rates;
        if let Some((twin, place)) = &self.last
            && self.dice.chance(rates.twins)
        {
            let place = *place;
            let kind = self.settings.establishments[place].kind;
            let person = self.population.next(
                Resemblance::Twin(twin),
                kind,
                self.spellings[place],
                &mut self.dice,
            );
            return (person, place);
        }
        let place = *self.dice.weighted(&self.sizes);
        let kind = self.settings.establishments[place].kind;
        let resemblance = if !self.remembered.is_empty() && self.dice.chance(rates.homonyms) {
            Resemblance::Homonym(&self.remembered[self.dice.index(self.remembered.len())])
        } else {
            Resemblance::None
        };
        let person = self.population.next(resemblance, kind, self.spellings[place], &mut self.dice);
        if self.remembered.len() == REMEMBERED {
            self.remembered.pop_front();
        }
        self.remembered.push_back(person.clone());
        (person, place)
    }

    fn enrolment(&mut self, person: &GeneratedPerson, place: usize) -> Enrolment {
        let Settings { establishments, rates, regime_codes, .. } = &self.settings;
        let birth_year = person.birth.year();
        Enrolment::draw(
            &establishments[place],
            birth_year,
            self.first_year,
            rates,
            *regime_codes,
            &mut self.dice,
        )
    }

    /// Another diploma, half of the time elsewhere, under that establishment's own student number.
    fn second_enrolment(
        &mut self,
        person: &GeneratedPerson,
        place: usize,
        first: &Enrolment,
    ) -> (Enrolment, GeneratedPerson) {
        let elsewhere =
            if self.dice.chance(0.5) { *self.dice.weighted(&self.sizes) } else { place };
        let mut second = self.enrolment(person, elsewhere);
        while second.diploma == first.diploma {
            second = self.enrolment(person, elsewhere);
        }
        let mut other = person.clone();
        if elsewhere != place && !other.student_number.is_empty() {
            other.student_number.replace_range(..1, "3");
        }
        (second, other)
    }

    fn fault(&mut self) -> Option<Fault> {
        if self.settings.faults.is_empty() {
            return None;
        }
        let mut left = self.dice.share();
        self.settings.faults.iter().find_map(|(fault, share)| {
            left -= share;
            (left < 0.0).then_some(*fault)
        })
    }
}

impl Iterator for Generator {
    type Item = GeneratedRow;

    fn next(&mut self) -> Option<GeneratedRow> {
        if self.written == self.settings.rows {
            return None;
        }
        if self.pending.is_empty() {
            self.invent();
        }
        let (person, enrolment) = self.pending.pop_front()?;
        self.written += 1;
        let mut row = GeneratedRow::new(self.written, &person, &enrolment);
        if let Some(fault) = self.fault() {
            row.spoil(fault, &self.settings.establishments);
        }
        Some(row)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use jiff::civil::date;

    use super::*;
    use crate::column::Column;
    use crate::settings::{Establishment, Rates};

    fn rows(rates: Rates, rows: u64) -> Vec<GeneratedRow> {
        let university = Establishment {
            uai: "0751967F".to_owned(),
            kind: Kind::University,
            commune: "75113".to_owned(),
            postal_code: String::new(),
        };
        let settings =
            Settings { rates, ..Settings::new(1, rows, date(2027, 2, 1), vec![university]) };
        Generator::new(settings).unwrap().collect()
    }

    /// Nothing but one habit.
    fn only() -> Rates {
        let [without_ine, student_number, usage_name, born_abroad, partial_birth_date] = [0.0; 5];
        let [twins, homonyms, second_enrolment, postal_code, free_spelling] = [0.0; 5];
        Rates {
            without_ine,
            student_number,
            usage_name,
            born_abroad,
            partial_birth_date,
            twins,
            homonyms,
            second_enrolment,
            postal_code,
            free_spelling,
        }
    }

    fn values(row: &GeneratedRow, columns: &[Column]) -> Vec<String> {
        columns.iter().map(|column| row.value(*column).to_owned()).collect()
    }

    #[test]
    fn twins_share_all_but_given_names() {
        let rows = rows(Rates { twins: 0.1, ..only() }, 5000);
        let births = [Column::NomFamille, Column::DateNaissance, Column::LieuNaissance];
        let twins: Vec<_> = rows
            .windows(2)
            .filter(|pair| values(&pair[0], &births) == values(&pair[1], &births))
            .collect();
        assert!((400..600).contains(&twins.len()), "{}", twins.len());
        for pair in twins {
            assert_ne!(pair[0].value(Column::Prenom1), pair[1].value(Column::Prenom1));
            assert_ne!(pair[0].value(Column::Ine), pair[1].value(Column::Ine));
        }
    }

    #[test]
    fn homonyms_share_names_and_nothing_else() {
        let people = |homonyms| {
            let rows = rows(Rates { homonyms, ..only() }, 5000);
            let names: HashSet<_> = rows
                .iter()
                .map(|row| values(row, &[Column::NomFamille, Column::Prenom1]))
                .collect();
            let ines: HashSet<_> =
                rows.iter().map(|row| row.value(Column::Ine).to_owned()).collect();
            assert_eq!(ines.len(), rows.len());
            names.len()
        };
        let (chance, wanted) = (people(0.0), people(0.2));
        assert!((900..1100).contains(&(chance - wanted)), "{chance} {wanted}");
    }

    #[test]
    fn a_person_may_have_two_diplomas() {
        let rows = rows(Rates { second_enrolment: 0.1, ..only() }, 5000);
        let mut by_person = BTreeMap::<_, Vec<_>>::new();
        for row in &rows {
            by_person.entry(row.person).or_default().push(row);
        }
        let twice: Vec<_> = by_person.values().filter(|rows| rows.len() == 2).collect();
        assert!((400..520).contains(&twice.len()), "{}", twice.len());
        for rows in twice {
            assert_eq!(rows[0].value(Column::Ine), rows[1].value(Column::Ine));
            assert_ne!(rows[0].value(Column::Diplome), rows[1].value(Column::Diplome));
        }
    }

    #[test]
    fn rates_are_shares() {
        let every = Rates { without_ine: 1.0, student_number: 1.0, usage_name: 1.0, ..only() };
        for row in rows(every, 100) {
            assert!(row.value(Column::Ine).is_empty());
            assert!(
                !row.value(Column::NumeroEtudiant).is_empty()
                    && !row.value(Column::NomUsage).is_empty()
            );
        }
        for row in rows(Rates { born_abroad: 1.0, ..only() }, 100) {
            let place = row.value(Column::LieuNaissance);
            assert!(place.is_empty() || place.starts_with("99"), "{place}");
        }
        let partial = rows(Rates { partial_birth_date: 1.0, ..only() }, 100);
        assert!(partial.iter().all(|row| row.value(Column::DateNaissance).len() < 10));
    }

    #[test]
    fn the_academic_year_is_that_of_the_day() {
        for row in rows(Rates::default(), 1000) {
            assert!(row.value(Column::DateDebutInscription).starts_with("2026-"));
            assert!(row.value(Column::DateFinInscription).starts_with("2027-"));
            let birth: u16 = row.value(Column::DateNaissance)[..4].parse().unwrap();
            assert!((1996..=2009).contains(&birth), "{birth}");
        }
    }
}
