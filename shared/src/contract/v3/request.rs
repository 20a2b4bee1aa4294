//! The parameters of the direct API. Unknown ones are passed over, as API Particulier does.

use super::error::Parameter;
use crate::contract::asked::{self, Asked};
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
    let text = parameters.one(Parameter::Recipient.name()).map_err(|_| Parameter::RecipientForm)?;
    Siret::parse(text.ok_or(Parameter::Recipient)?).map_err(|_| Parameter::RecipientForm)
}

/// The INE that is asked about.
pub fn ine(parameters: &Parameters) -> Result<Ine, Parameter> {
    required(parameters, Parameter::Ine, |text| Ine::parse(text).ok())
}

/// The civil identity that is asked about, or everything that is wrong with it; `None` when nobody
/// can have it.
pub fn civil_identity(parameters: &Parameters) -> Result<Option<CivilQuestion>, Vec<Parameter>> {
    let mut wrong = Wrong::default();
    let family =
        wrong.or(required(parameters, Parameter::FamilyName, |text| asked::family_name(text).ok()));
    let given = wrong.or(given_name(parameters));
    let one =
        |parameter: Parameter| parameters.one(parameter.name()).ok().flatten().unwrap_or_default();
    let date = wrong
        .birth_date([Parameter::BirthYear, Parameter::BirthMonth, Parameter::BirthDay].map(one));
    let sex = wrong.or(required(parameters, Parameter::Sex, sex));
    let birthplace = wrong.or(birthplace(parameters)).flatten();
    wrong.question_about(
        family,
        given.map(|given| given.map(|given| (given, Vec::new()))),
        date,
        sex,
        birthplace,
    )
}

/// Everything that is wrong with a question, so that it is said at once.
#[derive(Default)]
pub struct Wrong(Vec<Parameter>);

impl Wrong {
    /// The value; or none, and what is wrong is kept.
    pub fn or<T>(&mut self, result: Result<T, Parameter>) -> Option<T> {
        result.map_err(|parameter| self.0.push(parameter)).ok()
    }

    /// A day of birth by its year, month and day, each as it is written.
    pub fn birth_date(&mut self, [year, month, day]: [&str; 3]) -> Option<Asked<BirthDate>> {
        let number = |text, most: u32, parameter| {
            asked::number(text).filter(|number| (1..=most).contains(number)).ok_or(parameter)
        };
        let year = self.or(number(year, u32::MAX, Parameter::BirthYear));
        let month = self.or(number(month, 12, Parameter::BirthMonth));
        let day = self.or(number(day, 31, Parameter::BirthDay));
        self.or(asked::birth_date(year?, month?, day?).map_err(|_| Parameter::BirthDate))
    }

    /// The question, if nothing is wrong with it; `None` when nobody has what is asked about.
    pub fn question_about(
        self,
        family: Option<Asked<PersonName>>,
        given: Option<Asked<(PersonName, Vec<PersonName>)>>,
        date: Option<Asked<BirthDate>>,
        sex: Option<Sex>,
        lieu_naissance: Option<CommuneCode>,
    ) -> Result<Option<CivilQuestion>, Vec<Parameter>> {
        match self.question(family.flatten(), given.flatten(), date.flatten(), sex, lieu_naissance)
        {
            Err(wrong) if wrong.is_empty() => Ok(None),
            question => question.map(Some),
        }
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
            (
                Some(nom_famille),
                Some((prenom1, autres_prenoms)),
                Some(date_naissance),
                Some(sexe),
            ) if self.0.is_empty() => Ok(CivilQuestion {
                nom_famille,
                prenom1,
                autres_prenoms,
                date_naissance,
                sexe,
                lieu_naissance,
            }),
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

/// The first of `prenoms[]`, whose brackets are forgotten by some.
fn given_name(parameters: &Parameters) -> Result<Asked<PersonName>, Parameter> {
    let with_brackets = parameters.all(Parameter::GivenNames.name());
    let first = with_brackets.chain(parameters.all("prenoms")).next();
    first.map(asked::given_name).ok_or(Parameter::GivenNames)
}

/// `M` or `F`, in either case.
pub(super) fn sex(text: &str) -> Option<Sex> {
    match text {
        "M" | "m" => Some(Sex::Male),
        "F" | "f" => Some(Sex::Female),
        _ => None,
    }
}

/// The commune of birth, by its code, or by its name and department; none is needed.
fn birthplace(parameters: &Parameters) -> Result<Option<CommuneCode>, Parameter> {
    if let Some(code) = optional(parameters, Parameter::BirthCommune, |text| {
        CommuneCode::parse_birthplace(text).ok()
    })? {
        return Ok(Some(code));
    }
    let Some(name) =
        optional(parameters, Parameter::BirthCommuneName, |text| Some(text.to_owned()))?
    else {
        return Ok(None);
    };
    let department =
        required(parameters, Parameter::BirthDepartment, |text| Some(text.to_owned()))?;
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

    fn with(replaced: &[(&str, &str)]) -> Result<Option<CivilQuestion>, Vec<Parameter>> {
        let kept = GOOD.iter().filter(|(name, _)| replaced.iter().all(|(other, _)| other != name));
        civil_identity(&kept.chain(replaced).copied().collect())
    }

    #[test]
    fn a_good_question_is_read() {
        let question = with(&[]).unwrap().unwrap();
        assert_eq!(question.date_naissance.expose(), "2004-03-02");
        assert_eq!(question.sexe, Sex::Female);
        assert_eq!(question.lieu_naissance.map(|code| code.to_string()), Some("44109".into()));
        let kept: Parameters = GOOD
            .into_iter()
            .filter(|(name, _)| *name != "prenoms[]")
            .chain([("prenoms", "Zoé"), ("unknown", "x")])
            .collect();
        assert_eq!(civil_identity(&kept), Ok(Some(question.clone())), "without brackets");
        for (name, value) in [("sexeEtatCivil", "f"), ("moisDateNaissance", "03")] {
            assert_eq!(with(&[(name, value)]), Ok(Some(question.clone())), "{name}={value}");
        }
        assert_eq!(
            with(&[("prenoms[]", "Zoé"), ("prenoms[]", "Marie")]),
            Ok(Some(question.clone())),
            "the first"
        );
        let by_name = with(&[
            ("codeCogInseeCommuneNaissance", ""),
            ("nomCommuneNaissance", "nantes"),
            ("codeCogInseeDepartementNaissance", "44"),
        ]);
        assert_eq!(by_name, Ok(Some(question.clone())));
        assert_eq!(
            with(&[("codeCogInseeCommuneNaissance", "")]),
            Ok(Some(CivilQuestion { lieu_naissance: None, ..question }))
        );
    }

    #[test]
    fn what_api_particulier_lets_through_is_nobody() {
        for (name, value) in [
            ("prenoms[]", ""),
            ("prenoms[]", "7"),
            ("nomNaissance", "' -"),
            ("anneeDateNaissance", "4"),
            ("anneeDateNaissance", "1850"),
            ("anneeDateNaissance", "12004"),
        ] {
            assert_eq!(with(&[(name, value)]), Ok(None), "{name}={value}");
        }
        // What is wrong is said all the same.
        assert_eq!(with(&[("prenoms[]", ""), ("sexeEtatCivil", "x")]), Err(vec![Parameter::Sex]));
    }

    #[test]
    fn each_wrong_parameter_is_named() {
        for (name, value, expected) in [
            ("nomNaissance", "", Parameter::FamilyName),
            ("anneeDateNaissance", "0", Parameter::BirthYear),
            ("anneeDateNaissance", "-2004", Parameter::BirthYear),
            ("moisDateNaissance", "13", Parameter::BirthMonth),
            ("jourDateNaissance", "0", Parameter::BirthDay),
            ("jourDateNaissance", "+1", Parameter::BirthDay),
            ("sexeEtatCivil", "1", Parameter::Sex),
            ("codeCogInseeCommuneNaissance", "Nantes", Parameter::BirthCommune),
            ("codeCogInseeCommuneNaissance", "44000", Parameter::BirthCommune),
        ] {
            assert_eq!(with(&[(name, value)]), Err(vec![expected]), "{name}={value}");
        }
        assert_eq!(
            with(&[("moisDateNaissance", "2"), ("jourDateNaissance", "30")]),
            Err(vec![Parameter::BirthDate])
        );
        assert_eq!(
            with(&[("sexeEtatCivil", "F"), ("sexeEtatCivil", "F")]),
            Err(vec![Parameter::Sex])
        );
        let nameless =
            with(&[("codeCogInseeCommuneNaissance", ""), ("nomCommuneNaissance", "Nantes")]);
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
        for wrong in ["13002526500014", "x"] {
            assert_eq!(
                recipient(&[("recipient", wrong)].into_iter().collect()),
                Err(Parameter::RecipientForm)
            );
        }
        assert_eq!(
            ine(&[("ine", "1234567890G"), ("ine", "1234567890G")].into_iter().collect()),
            Err(Parameter::Ine)
        );
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
