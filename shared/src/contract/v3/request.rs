//! The parameters of the direct API. Unknown ones are passed over, as API Particulier does.

use super::error::Parameter;
use crate::contract::parameters::Parameters;
use crate::domain::birth_date::BirthDate;
use crate::domain::commune::CommuneCode;
use crate::domain::ine::Ine;
use crate::domain::name::PersonName;
use crate::domain::sex::Sex;
use crate::domain::siret::Siret;
use crate::identity::lookup::CivilQuestion;

/// The SIRET of the administration that receives the answer; mandatory.
pub fn recipient(parameters: &Parameters) -> Result<Siret, Parameter> {
    required(parameters, Parameter::Recipient, |text| Siret::parse(text).ok())
}

/// The INE that is asked about.
pub fn ine(parameters: &Parameters) -> Result<Ine, Parameter> {
    required(parameters, Parameter::Ine, |text| Ine::parse(text).ok())
}

/// The civil identity that is asked about, or everything that is wrong with it.
pub fn civil_identity(parameters: &Parameters) -> Result<CivilQuestion, Vec<Parameter>> {
    let mut wrong = Wrong::default();
    let family = wrong.or(required(parameters, Parameter::FamilyName, |text| PersonName::parse_surname(text).ok()));
    let given = wrong.or(given_name(parameters));
    let year = wrong.or(number(parameters, Parameter::BirthYear, 1900..=2099));
    let month = wrong.or(number(parameters, Parameter::BirthMonth, 1..=12));
    let day = wrong.or(number(parameters, Parameter::BirthDay, 1..=31));
    let date = match (year, month, day) {
        (Some(year), Some(month), Some(day)) => {
            let text = format!("{year:04}-{month:02}-{day:02}");
            wrong.or(BirthDate::parse(&text).map_err(|_| Parameter::BirthDate))
        }
        _ => None,
    };
    let sex = wrong.or(required(parameters, Parameter::Sex, sex));
    let birthplace = wrong.or(birthplace(parameters)).flatten();
    wrong.question(family, given.map(|given| (given, Vec::new())), date, sex, birthplace)
}

/// Everything that is wrong with a question, so that it is said at once.
#[derive(Default)]
pub(super) struct Wrong(Vec<Parameter>);

impl Wrong {
    /// The value; or none, and what is wrong is kept.
    pub(super) fn or<T>(&mut self, result: Result<T, Parameter>) -> Option<T> {
        result.map_err(|parameter| self.0.push(parameter)).ok()
    }

    /// The question, if nothing is wrong with it; `given` is the first given name and the others.
    pub(super) fn question(
        self,
        family: Option<PersonName>,
        given: Option<(PersonName, Vec<PersonName>)>,
        date: Option<BirthDate>,
        sex: Option<Sex>,
        lieu_naissance: Option<CommuneCode>,
    ) -> Result<CivilQuestion, Vec<Parameter>> {
        match (family, given, date, sex) {
            (Some(nom_famille), Some((prenom1, autres_prenoms)), Some(date_naissance), Some(sexe))
                if self.0.is_empty() =>
            {
                Ok(CivilQuestion { nom_famille, prenom1, autres_prenoms, date_naissance, sexe, lieu_naissance })
            }
            _ => Err(self.0),
        }
    }
}

fn required<T>(
    parameters: &Parameters,
    parameter: Parameter,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Parameter> {
    optional(parameters, parameter, parse)?.ok_or(parameter)
}

fn optional<T>(
    parameters: &Parameters,
    parameter: Parameter,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Parameter> {
    let text = parameters.one(parameter.name()).map_err(|_| parameter)?;
    text.map(|text| parse(text).ok_or(parameter)).transpose()
}

/// `prenoms[]`, exactly one; its brackets are forgotten by some.
fn given_name(parameters: &Parameters) -> Result<PersonName, Parameter> {
    let with_brackets = parameters.all(Parameter::GivenNames.name());
    let mut values = with_brackets.chain(parameters.all("prenoms")).filter(|value| !value.trim().is_empty());
    match (values.next(), values.next()) {
        (Some(name), None) => PersonName::parse_given(name).map_err(|_| Parameter::GivenNames),
        _ => Err(Parameter::GivenNames),
    }
}

/// A whole number, with or without a leading zero.
fn number(
    parameters: &Parameters,
    parameter: Parameter,
    range: std::ops::RangeInclusive<u16>,
) -> Result<u16, Parameter> {
    required(parameters, parameter, |text| {
        let digits = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().filter(|number| range.contains(number))
    })
}

/// `M` or `F`.
pub(super) fn sex(text: &str) -> Option<Sex> {
    match text {
        "M" => Some(Sex::Male),
        "F" => Some(Sex::Female),
        _ => None,
    }
}

/// The commune of birth, by its code, or by its name and department; none is needed.
fn birthplace(parameters: &Parameters) -> Result<Option<CommuneCode>, Parameter> {
    if let Some(code) = optional(parameters, Parameter::BirthCommune, |text| CommuneCode::parse_birthplace(text).ok())?
    {
        return Ok(Some(code));
    }
    let Some(name) = optional(parameters, Parameter::BirthCommuneName, |text| Some(text.to_owned()))? else {
        return Ok(None);
    };
    let department = required(parameters, Parameter::BirthDepartment, |text| Some(text.to_owned()))?;
    CommuneCode::named(&name, &department).map(Some).ok_or(Parameter::BirthCommuneName)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: [(&str, &str); 7] = [
        ("nomNaissance", "Lefèvre"),
        ("prenoms[]", "Zoé"),
        ("anneeDateNaissance", "2004"),
        ("moisDateNaissance", "3"),
        ("jourDateNaissance", "02"),
        ("sexeEtatCivil", "F"),
        ("codeCogInseeCommuneNaissance", "44109"),
    ];

    fn with(replaced: &[(&str, &str)]) -> Result<CivilQuestion, Vec<Parameter>> {
        let kept = GOOD.iter().filter(|(name, _)| replaced.iter().all(|(other, _)| other != name));
        civil_identity(&kept.chain(replaced).copied().collect())
    }

    #[test]
    fn a_good_question_is_read() {
        let question = with(&[]).unwrap();
        assert_eq!(question.date_naissance.expose(), "2004-03-02");
        assert_eq!(question.sexe, Sex::Female);
        assert_eq!(question.lieu_naissance.map(|code| code.to_string()), Some("44109".into()));
        assert_eq!(with(&[("prenoms[]", ""), ("prenoms", "Zoé"), ("unknown", "x")]), Ok(question.clone()));
        let by_name = with(&[
            ("codeCogInseeCommuneNaissance", ""),
            ("nomCommuneNaissance", "nantes"),
            ("codeCogInseeDepartementNaissance", "44"),
        ]);
        assert_eq!(by_name, Ok(question.clone()));
        assert_eq!(
            with(&[("codeCogInseeCommuneNaissance", "")]),
            Ok(CivilQuestion { lieu_naissance: None, ..question })
        );
    }

    #[test]
    fn each_wrong_parameter_is_named() {
        for (name, value, expected) in [
            ("nomNaissance", "", Parameter::FamilyName),
            ("prenoms[]", "", Parameter::GivenNames),
            ("anneeDateNaissance", "04", Parameter::BirthYear),
            ("moisDateNaissance", "13", Parameter::BirthMonth),
            ("jourDateNaissance", "0", Parameter::BirthDay),
            ("jourDateNaissance", "+1", Parameter::BirthDay),
            ("sexeEtatCivil", "1", Parameter::Sex),
            ("codeCogInseeCommuneNaissance", "Nantes", Parameter::BirthCommune),
            ("codeCogInseeCommuneNaissance", "44000", Parameter::BirthCommune),
        ] {
            assert_eq!(with(&[(name, value)]), Err(vec![expected]), "{name}={value}");
        }
        assert_eq!(with(&[("moisDateNaissance", "2"), ("jourDateNaissance", "30")]), Err(vec![Parameter::BirthDate]));
        assert_eq!(with(&[("prenoms[]", "Zoé"), ("prenoms[]", "Marie")]), Err(vec![Parameter::GivenNames]));
        assert_eq!(with(&[("sexeEtatCivil", "F"), ("sexeEtatCivil", "F")]), Err(vec![Parameter::Sex]));
        let nameless = with(&[("codeCogInseeCommuneNaissance", ""), ("nomCommuneNaissance", "Nantes")]);
        assert_eq!(nameless, Err(vec![Parameter::BirthDepartment]));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let wrong = civil_identity(&Parameters::default()).unwrap_err();
        assert_eq!(
            wrong,
            [
                Parameter::FamilyName,
                Parameter::GivenNames,
                Parameter::BirthYear,
                Parameter::BirthMonth,
                Parameter::BirthDay,
                Parameter::Sex
            ]
        );
        assert_eq!(recipient(&Parameters::default()), Err(Parameter::Recipient));
        assert_eq!(ine(&[("ine", "1234567890G"), ("ine", "1234567890G")].into_iter().collect()), Err(Parameter::Ine));
    }

    proptest! {
        #[test]
        fn any_value_is_read_or_refused(index in 0_usize..7, value in "\\PC{0,120}", twice in any::<bool>()) {
            let name = GOOD[index].0;
            let replaced = [(name, value.as_str()), (name, value.as_str())];
            let _ = with(&replaced[..=usize::from(twice)]);
            let parameters: Parameters = [("recipient", value.as_str()), ("ine", value.as_str())].into_iter().collect();
            let _ = (recipient(&parameters), ine(&parameters));
        }
    }
}
