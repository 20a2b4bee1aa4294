//! What can be wrong with a row: every rule, in one place, with a stable code and words for a
//! registrar.
//!
//! `docs/rules.md` is generated from here.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::column::Column;

/// What a rule does to the row that breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// The row is not stored; the others of the file go through.
    #[serde(rename = "rejet")]
    Reject,
    /// The row is stored, and the establishment is told.
    #[serde(rename = "avertissement")]
    Warn,
}

impl Severity {
    /// `rejet` or `avertissement`, as the reports write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reject => "rejet",
            Self::Warn => "avertissement",
        }
    }
}

/// What is said of a rule.
#[derive(Debug, Clone, Copy)]
pub struct Sheet {
    /// The stable code, `date_invalide`.
    pub code: &'static str,
    /// What it does to the row.
    pub severity: Severity,
    /// What a registrar reads: what is wrong, and what is expected.
    pub message: &'static str,
    /// The columns that it may name; none when it is about the line as a whole.
    pub columns: &'static [Column],
    /// A value that breaks it, or the case in a few words.
    pub example: &'static str,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $code:literal, $severity:ident, [$($column:ident),*], $example:literal, $message:literal;)*) => {
        /// A rule that a row breaks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum RowRule {
            $($(#[$doc])* #[serde(rename = $code)] $rule,)*
        }

        impl RowRule {
            /// All of them, in the documented order.
            pub const ALL: &'static [Self] = &[$(Self::$rule),*];

            /// Everything that is said of it.
            #[must_use]
            pub const fn sheet(self) -> Sheet {
                match self {
                    $(Self::$rule => Sheet {
                        code: $code,
                        severity: Severity::$severity,
                        message: $message,
                        columns: &[$(Column::$column),*],
                        example: $example,
                    },)*
                }
            }
        }
    };
}

rules! {
    /// The line is longer than [`super::reader::LONGEST_LINE`].
    LigneTropLongue = "ligne_trop_longue", Reject, [], "une ligne de 2 Mo",
        "la ligne dépasse 65 536 octets";
    /// A quotation mark is opened and never closed on the line.
    GuillemetNonFerme = "guillemet_non_ferme", Reject, [], "`\"Lefèvre;Zoé`",
        "un guillemet ouvert n'est pas fermé avant la fin de la ligne";
    /// Bytes that are no text in the encoding of the file's other lines.
    CaracteresIllisibles = "caracteres_illisibles", Reject, [], "un é de Windows dans un fichier en UTF-8",
        "la ligne a des caractères que l'encodage du reste du fichier (detecte.encodage) n'a pas, ou pas au milieu des mots : l'écrire dans le même encodage que les autres, au mieux en UTF-8";
    /// More values than the header has columns, or a last line that stops in the middle.
    NombreDeChamps = "nombre_de_champs", Reject, [], "20 valeurs sous un en-tête de 19",
        "la ligne a plus de valeurs que l'en-tête n'a de colonnes, ou s'arrête avant une colonne obligatoire : un séparateur dans une valeur, un saut de ligne, ou un envoi interrompu";
    /// Its last fields are not there. Spreadsheets leave out blank ones after the sixteenth row.
    ChampsManquants = "champs_manquants", Warn, [], "18 champs sous un en-tête de 19",
        "la ligne a moins de champs que l'en-tête : les derniers sont lus comme vides, ce que fait un tableur ; vérifier qu'aucun séparateur ne manque";
    /// A separator after the last value.
    SeparateurEnTrop = "separateur_en_trop", Warn, [], "un `;` de trop en fin de ligne",
        "la ligne a un séparateur de trop à sa fin, qui est ignoré : vérifier qu'aucune valeur n'en contient";
    /// A word for nothing, in a column that may be blank.
    ValeurNeant = "valeur_neant", Warn,
        [Ine, CleIne, NomUsage, Prenom2, Prenom3, LieuNaissance, Regime, CodeCommune, Cursus, Diplome, NiveauDiplome, NumeroEtudiant],
        "`N/A`",
        "NEANT, N/A, un tiret ou une erreur de tableur : la valeur est lue comme vide, ce qu'il vaut mieux écrire";
    /// A code that a spreadsheet took for a number.
    NombreDeTableur = "nombre_de_tableur", Reject, [Cursus, Diplome, NiveauDiplome, NumeroEtudiant], "`1,03E+10`",
        "un tableur a lu ce code comme un nombre, et en a perdu des chiffres : mettre la colonne au format Texte et l'y écrire à nouveau";
    /// Characters that nobody sees.
    CaractereInvisible = "caractere_invisible", Reject,
        [NomFamille, NomUsage, Prenom1, Prenom2, Prenom3, Cursus, Diplome, NiveauDiplome, NumeroEtudiant],
        "`MAR<U+200B>TIN`",
        "la valeur contient un caractère invisible : contrôle ou tabulation, espace de largeur nulle (U+200B à U+200D), marque de sens d'écriture (U+200E, U+200F, U+202A à U+202E), marque d'ordre (U+FEFF), lettre coréenne vide (U+3164), ou � (U+FFFD)";
    /// The line of an NDJSON file is not a JSON object.
    JsonInvalide = "json_invalide", Reject, [], "`{\"ine\": }`",
        "la ligne n'est pas un objet JSON complet";
    /// A JSON value that is neither a text nor a number nor null.
    JsonImbrique = "json_imbrique", Reject,
        [Ine, CleIne, DateNaissance, NomFamille, NomUsage, Prenom1, Prenom2, Prenom3, Sexe, LieuNaissance, DateDebutInscription,
         DateFinInscription, Statut, Regime, CodeCommune, Uai, Cursus, Diplome, NiveauDiplome, NumeroEtudiant],
        "`{\"uai\": [\"0751967F\"]}`",
        "la valeur doit être un texte ou un nombre, pas une liste, un objet ou un booléen";
    /// A key that a JSON object has twice.
    JsonCleRepetee = "json_cle_repetee", Reject,
        [Ine, CleIne, DateNaissance, NomFamille, NomUsage, Prenom1, Prenom2, Prenom3, Sexe, LieuNaissance, DateDebutInscription,
         DateFinInscription, Statut, Regime, CodeCommune, Uai, Cursus, Diplome, NiveauDiplome, NumeroEtudiant],
        "`{\"statut\": \"admis\", \"statut\": \"inscrit\"}`",
        "la clé figure deux fois : on ne sait pas laquelle des valeurs est la bonne";
    /// A required value is blank.
    ValeurManquante = "valeur_manquante", Reject,
        [DateNaissance, NomFamille, Prenom1, Sexe, DateDebutInscription, DateFinInscription, Statut, Uai],
        "une date de naissance vide",
        "la valeur est obligatoire ; le nom, le prénom et le sexe peuvent manquer ensemble si l'INE est donné";
    /// Too long.
    ValeurInvalide = "valeur_invalide", Reject, [Cursus, Diplome, NiveauDiplome, NumeroEtudiant],
        "un code de 65 caractères",
        "la valeur dépasse 64 caractères";
    /// No known form of INE.
    IneInvalide = "ine_invalide", Reject, [Ine, CleIne], "`12345`",
        "l'INE n'a aucune des formes connues (RNIE, BEA, base 36, SIFA), ou n'est qu'un chiffre répété ; sa clé peut être dans une colonne à part";
    /// A well-formed INE whose check key doesn't follow from its number.
    IneCleFausse = "ine_cle_fausse", Warn, [Ine], "`123456789AA`",
        "la clé de contrôle de l'INE ne correspond pas à son numéro : faute de frappe possible";
    /// An RNIE number for a year before there were any.
    IneAnachronique = "ine_anachronique", Warn, [Ine], "un INE du RNIE pour 2015-2016",
        "cet INE a la forme du RNIE, qui n'en attribue que depuis 2018 : vérifier l'année de l'inscription";
    /// The INE of rows of several people, which a record each of theirs would be named by.
    IneDePlusieurs = "ine_de_plusieurs", Reject, [Ine], "le même INE pour Zoé Lefèvre et pour Léa Martin",
        "le même INE est donné à plusieurs personnes (nom, prénom ou naissance diffèrent) : aucune de ces lignes n'est lue ; corriger l'INE, ou le laisser vide, et si c'est une seule personne l'écrire partout de la même façon";
    /// The number of rows of several people.
    NumeroDePlusieurs = "numero_de_plusieurs", Reject, [NumeroEtudiant],
        "le même numéro d'étudiant pour Zoé Lefèvre et pour Léa Martin",
        "le même numéro d'étudiant est donné à plusieurs personnes (nom, prénom ou naissance diffèrent) : aucune de ces lignes n'est lue ; corriger le numéro, et si c'est une seule personne l'écrire partout de la même façon";
    /// An INE of several people who have numbers of their own.
    InePartage = "ine_partage", Warn, [Ine],
        "le même INE pour Zoé Lefèvre, numéro 21001, et pour Léa Martin, numéro 21002",
        "le même INE est donné à plusieurs personnes (nom, prénom ou naissance diffèrent), dont une au plus peut l'avoir : corriger l'INE, ou le laisser vide";
    /// Not a date of the calendar in one of the accepted forms.
    DateInvalide = "date_invalide", Reject, [DateNaissance, DateDebutInscription, DateFinInscription], "`30/02/2004`",
        "la date doit exister et s'écrire AAAA-MM-JJ ou JJ/MM/AAAA";
    /// A day with an hour that isn't midnight.
    DateAvecHeure = "date_avec_heure", Reject, [DateNaissance, DateDebutInscription, DateFinInscription],
        "`2004-03-01 23:00:00`",
        "la date porte une heure autre que minuit : un logiciel l'a sans doute décalée de fuseau, et on ne sait pas quel jour est le bon ; l'écrire sans heure";
    /// A date that may have the day or the month first, in a file that doesn't show which.
    JourAvantMois = "jour_avant_mois", Warn, [DateNaissance, DateDebutInscription, DateFinInscription],
        "`03/02/2004`, et aucun jour après le 12 dans le fichier",
        "rien dans le fichier ne montre si le jour ou le mois vient d'abord : la date est lue JJ/MM/AAAA, à vérifier ; l'écrire AAAA-MM-JJ lève le doute";
    /// The last day is before the first.
    DatesInversees = "dates_inversees", Reject, [DateFinInscription], "du 2026-09-01 au 2026-08-31",
        "la fin de l'inscription précède son début";
    /// Longer than any enrolment.
    PeriodeTropLongue = "periode_trop_longue", Reject, [DateFinInscription], "du 2026-09-01 au 2029-08-31",
        "l'inscription dure plus de dix-huit mois : une inscription vaut pour une année universitaire";
    /// It outlasts its academic year.
    PeriodeHorsAnnee = "periode_hors_annee", Warn, [DateFinInscription], "du 2026-09-01 au 2028-01-31",
        "l'inscription finit après le 31 décembre qui suit son année universitaire";
    /// It starts too far from today to be anything but a slip.
    PeriodeImprobable = "periode_improbable", Warn, [DateDebutInscription], "un début en 2062",
        "l'inscription commence il y a plus de dix ans ou dans plus de dix-huit mois";
    /// Another academic year than the one that the complete file is about.
    AnneeHorsFichier = "annee_hors_fichier", Reject, [DateDebutInscription], "un début en 2025 dans `complete/2026`",
        "l'inscription n'est pas de l'année universitaire du fichier complet";
    /// Nobody of that age is a student.
    AgeImpossible = "age_impossible", Reject, [DateNaissance], "une naissance en 2025 pour 2026-2027",
        "la personne aurait moins de 11 ans ou plus de 100 ans au début de l'inscription";
    /// Few students are of that age.
    AgeRare = "age_rare", Warn, [DateNaissance], "une naissance en 1941 pour 2026-2027",
        "la personne a moins de 15 ans ou plus de 70 ans au début de l'inscription : vérifier la date de naissance";
    /// Not a name.
    NomInvalide = "nom_invalide", Reject, [NomFamille, NomUsage, Prenom1, Prenom2, Prenom3], "`123`",
        "le nom dépasse 100 caractères ou n'a pas de lettre";
    /// UTF-8 that was read as windows-1252 and written again.
    NomMalEncode = "nom_mal_encode", Reject, [NomFamille, NomUsage, Prenom1, Prenom2, Prenom3], "`LefÃ¨vre`",
        "les accents ont été abîmés par un changement d'encodage avant l'envoi (Ã¨ pour è)";
    /// Characters that no French act writes in a name.
    NomInhabituel = "nom_inhabituel", Warn, [NomFamille, NomUsage, Prenom1, Prenom2, Prenom3], "`Ren?e`",
        "le nom contient autre chose que des lettres, espaces, tirets, apostrophes et points : accent perdu ?";
    /// Letters of another script than the Latin one, which no French act writes: perhaps one that
    /// looks like a Latin one.
    NomNonLatin = "nom_non_latin", Warn, [NomFamille, NomUsage, Prenom1, Prenom2, Prenom3], "un М cyrillique dans `МARTIN`",
        "le nom contient des lettres d'une autre écriture que le latin, qu'aucun acte français n'écrit : il ne sera retrouvé qu'ainsi écrit";
    /// Not a sex.
    SexeInvalide = "sexe_invalide", Reject, [Sexe], "`3`",
        "le sexe s'écrit 1 ou M, 2 ou F (ou Monsieur, Mr, Garçon, Madame, Mme, Fille…)";
    /// Neither a COG code nor a postal code.
    CommuneInvalide = "commune_invalide", Reject, [CodeCommune], "`Paris`",
        "la commune d'études est un code COG ou postal à 5 caractères";
    /// A postal code, which the write contract documents and the read contract doesn't.
    CommuneCodePostal = "commune_code_postal", Warn, [CodeCommune], "`44000`",
        "le code postal est remplacé par le code COG de la commune de l'établissement";
    /// In another département than the establishment.
    CommuneAutreDepartement = "commune_autre_departement", Warn, [CodeCommune], "`44109` pour un établissement de Paris",
        "la commune d'études n'est pas dans le département de l'établissement : normal pour un site éloigné, à vérifier sinon";
    /// A spreadsheet took a code for a number and dropped its first zero.
    ZeroInitialPerdu = "zero_initial_perdu", Warn, [LieuNaissance, CodeCommune], "`1053` pour `01053`",
        "le code n'a que quatre chiffres : un tableur a sans doute ôté le zéro initial, qui est remis";
    /// The name of a commune that gives no code by itself, mostly because several bear it.
    LieuNaissanceSansCode = "lieu_naissance_sans_code", Warn, [LieuNaissance], "`Saint-Denis`",
        "un nom de commune sans code, que plusieurs communes portent peut-être (le département entre parenthèses lève le doute) : il est gardé tel quel, et en dit moins qu'un code COG";
    /// Neither a COG code nor the name of a commune. A registrar must not lose the row for it.
    LieuNaissanceInconnu = "lieu_naissance_inconnu", Warn, [LieuNaissance], "`Alger`",
        "ni un code COG, ni le nom d'une commune : le lieu est laissé vide ; un pays s'écrit par son code COG (99352)";
    /// A postal code, which says nothing of where somebody was born.
    LieuNaissanceCodePostal = "lieu_naissance_code_postal", Warn, [LieuNaissance], "`44000`",
        "un code postal, alors que le code INSEE (COG) de la commune de naissance est attendu : le lieu est laissé vide";
    /// A code of the COG that is a postal code too, in a file that gives postal codes.
    LieuNaissancePeutEtrePostal = "lieu_naissance_peut_etre_postal", Warn, [LieuNaissance],
        "`13005` (Aubagne, ou Marseille) dans un fichier qui donne `44000`",
        "à la fois code INSEE d'une commune et code postal, dans un fichier qui donne aussi des codes postaux : le lieu est laissé vide ; écrire les codes INSEE (COG)";
    /// A well-formed code that no COG lists.
    LieuNaissanceHorsListe = "lieu_naissance_hors_liste", Warn, [LieuNaissance], "`92352`",
        "le code n'est ni dans le COG actuel, ni parmi les anciens codes connus : à vérifier";
    /// A code with a decimal part of nothing, as tables of numbers write codes.
    CodeDecimal = "code_decimal", Warn, [LieuNaissance, CodeCommune, Statut, Regime], "`44109.0`",
        "le code finit par « .0 » : un logiciel l'a lu comme un nombre ; il est lu sans, et il vaut mieux l'écrire comme un texte";
    /// Not a status.
    StatutInconnu = "statut_inconnu", Reject, [Statut], "`peut-être`",
        "le statut est admis, inscrit ou annulé";
    /// Not a régime.
    RegimeInconnu = "regime_inconnu", Reject, [Regime], "`gratuit`",
        "le régime n'est ni l'un des sept libellés, ni un code de RF1 à RF7";
    /// A numeric code, and no table for it.
    CodeSansTable = "code_sans_table", Reject, [Statut, Regime], "`7`",
        "un code numérique ne peut être lu qu'avec la table de l'établissement, et celui-ci n'en a pas pour ce code";
    /// Not a UAI.
    UaiInvalide = "uai_invalide", Reject, [Uai], "`0751967G`",
        "l'UAI est formée de 7 chiffres et de leur lettre de contrôle";
    /// An establishment that the depositor may not send for.
    UaiNonAutorise = "uai_non_autorise", Reject, [Uai], "l'UAI d'un autre établissement",
        "le déposant n'est pas habilité à envoyer les inscriptions de cet établissement";
}

impl RowRule {
    /// The stable code, `date_invalide`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.sheet().code
    }

    /// What it does to the row.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.sheet().severity
    }

    /// What a registrar reads: what is wrong, and what is expected.
    #[must_use]
    pub fn message(self) -> &'static str {
        self.sheet().message
    }
}

impl fmt::Display for RowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// One problem of one row. It names the place and the rule, never the value: the report is read by
/// more people than the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The column, unless it is the line as a whole.
    pub column: Option<Column>,
    pub rule: RowRule,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_are_what_is_stored() {
        let codes: BTreeSet<_> = RowRule::ALL.iter().map(|rule| rule.code()).collect();
        assert_eq!(codes.len(), RowRule::ALL.len());
        for rule in RowRule::ALL {
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.code());
        }
        assert_eq!(RowRule::UaiNonAutorise.code(), "uai_non_autorise");
    }
}
