//! Every end but a page, in plain words with what to do about it.

use askama::Template;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, Response};
use shared::auth::oidc::LoginError;
use shared::contract::error::Uid;
use shared::deposits::OrderError;
use shared::exercising::DeskError;
use shared::registry::members::GrantError;
use shared::reviewing::{ReviewError, ReviewRefusal};
use shared::rights::ChangeError;

use crate::context::Address;
use crate::requests;
use crate::view::{View, html, see_other};

pub(crate) type ApiError = shared::api::error::ApiError<Refusal>;

/// Why there is no page.
#[derive(Debug)]
pub enum Refusal {
    /// The page is for somebody who is logged in.
    LogIn,
    /// The page is for a student who is logged in.
    StudentLogIn,
    /// The form wasn't sent by one of our pages, or by one of a session that has ended.
    ForeignForm,
    /// No provider is configured.
    NoProvider,
    /// The log-in took too long, or began in another browser.
    LoginLost,
    /// The provider, or the person there, said no.
    LoginRefused,
    /// The provider failed, or isn't believed.
    Login(LoginError),
    /// The system has no randomness to give.
    NoRandomness,
    /// There is no such thing, or it isn't theirs: which of the two isn't told.
    NotFound,
    /// The invitation was taken, has ended, or never was.
    NoInvitation,
    /// The invitation gives what excludes what they have.
    Excluded(GrantError),
    /// Somebody changed the same meanwhile.
    Overtaken,
    /// They are a member of the establishment, and may not do that for it.
    RoleTooLow,
    /// Nobody changes their own role.
    OwnRole,
    /// An operator ended what the establishment sends through, or made it something else.
    ClientEnded,
    /// There is no trial that has ended well.
    NothingToConfirm,
    /// The file has no header that could be shown.
    NoHeader,
    /// The trial can't be imported for good.
    NotOrdered(OrderError),
    /// The rejected rows of the import aren't made into a file any more, or never were.
    NotOffered,
    /// A reviewer who was invited in nobody's name: voices are counted by person.
    Nameless,
    /// By the rules of reviewing.
    Review(ReviewRefusal),
    /// The form asks for nothing that this person may do about this request of rights.
    NotAnAnswer,
    /// By the rules of requests of rights.
    Request(ChangeError),
}

/// What a request of rights refuses, as the portal's.
pub(crate) fn of_desk(error: DeskError) -> ApiError {
    match error {
        DeskError::Refused(refusal) => Refusal::Request(refusal).into(),
        DeskError::Overtaken => Refusal::Overtaken.into(),
        DeskError::Unavailable(error) => error.into(),
    }
}

/// What reviewing refuses, as the portal's.
pub(crate) fn of_review(error: ReviewError) -> ApiError {
    match error {
        ReviewError::Refused(ReviewRefusal::CaseNotFound | ReviewRefusal::StudentNotFound) => {
            Refusal::NotFound.into()
        }
        ReviewError::Refused(refusal) => Refusal::Review(refusal).into(),
        ReviewError::Unavailable(error) => error.into(),
    }
}

impl shared::api::error::Refusal for Refusal {
    fn name(&self) -> &'static str {
        match self {
            Self::LogIn => "log_in",
            Self::StudentLogIn => "student_log_in",
            Self::ForeignForm => "foreign_form",
            Self::NoProvider => "no_provider",
            Self::LoginLost => "login_lost",
            Self::LoginRefused => "login_refused",
            Self::Login(_) => "login_failed",
            Self::NoRandomness => "no_randomness",
            Self::NotFound => "not_found",
            Self::NoInvitation => "no_invitation",
            Self::Excluded(_) => "excluded",
            Self::Overtaken => "overtaken",
            Self::RoleTooLow => "role_too_low",
            Self::OwnRole => "own_role",
            Self::ClientEnded => "client_ended",
            Self::NothingToConfirm => "nothing_to_confirm",
            Self::NoHeader => "no_header",
            Self::NotOrdered(_) => "not_ordered",
            Self::NotOffered => "not_offered",
            Self::Nameless => "nameless",
            Self::Review(_) => "review",
            Self::NotAnAnswer => "not_an_answer",
            Self::Request(_) => "request",
        }
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct Failure<'a> {
    view: View,
    what: &'a str,
    todo: &'a str,
    uid: String,
}

/// Title, what happened, what to do.
pub(crate) type Words = (StatusCode, &'static str, &'static str, &'static str);

/// What to do about what may pass.
const AGAIN: &str =
    "Recommencez dans une minute. Si cela dure, donnez à l'assistance le numéro ci-dessous.";

fn words(error: &ApiError) -> Words {
    match error {
        ApiError::NoSuchPath => refused(&Refusal::NotFound),
        ApiError::MethodNotAllowed { .. } => (
            StatusCode::METHOD_NOT_ALLOWED,
            "Appel impossible",
            "Cette page ne se demande pas de cette façon.",
            "Partez de l'accueil.",
        ),
        ApiError::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "Envoi trop long",
            "Le formulaire dépasse ce que cette page accepte.",
            "Raccourcissez ce que vous avez saisi. Un fichier d'inscriptions s'envoie depuis la page de l'établissement.",
        ),
        ApiError::NotJson => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Envoi illisible",
            "Le formulaire n'est pas lisible.",
            AGAIN,
        ),
        ApiError::TooManyRequests { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "Trop de demandes",
            "Trop de pages ont été demandées en peu de temps.",
            "Attendez une minute avant de recommencer.",
        ),
        ApiError::Unavailable(_) => refused(&Refusal::NoRandomness),
        ApiError::Refused(refusal) => refused(refusal),
    }
}

/// The words of what only the portal refuses.
fn refused(refusal: &Refusal) -> Words {
    match refusal {
        Refusal::NotFound => (
            StatusCode::NOT_FOUND,
            "Page introuvable",
            "Cette page n'existe pas, ou vous n'y avez pas accès.",
            "Vérifiez l'adresse, ou partez de l'accueil. Si un collègue y a accès et pas vous, demandez-lui de vous inviter.",
        ),
        Refusal::NoRandomness => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Service indisponible",
            "Un de nos services ne répond pas. Rien de ce que vous avez envoyé n'est perdu à moitié.",
            AGAIN,
        ),
        Refusal::LogIn | Refusal::StudentLogIn => (
            StatusCode::UNAUTHORIZED,
            "Connexion nécessaire",
            "Cette page demande d'être connecté.",
            "Connectez-vous.",
        ),
        Refusal::ForeignForm => (
            StatusCode::FORBIDDEN,
            "Formulaire périmé",
            "Ce formulaire ne vient pas d'une page de votre session, ou votre session a pris fin.",
            "Rouvrez la page, vérifiez que vous êtes connecté, et recommencez. Rien n'a été fait.",
        ),
        Refusal::NoProvider => (
            StatusCode::NOT_FOUND,
            "Connexion non proposée",
            "Aucun fournisseur d'identité n'est configuré sur ce déploiement.",
            "Seules les pages publiques sont servies.",
        ),
        Refusal::LoginLost => (
            StatusCode::BAD_REQUEST,
            "Connexion interrompue",
            "La connexion a pris plus de dix minutes, a déjà servi, ou a commencé dans un autre navigateur.",
            "Recommencez depuis « Se connecter ».",
        ),
        Refusal::LoginRefused => (
            StatusCode::FORBIDDEN,
            "Connexion refusée",
            "Le fournisseur d'identité n'a pas confirmé qui vous êtes.",
            "Recommencez ; si le refus se répète, adressez-vous à qui vous a donné le compte par lequel vous vous identifiez.",
        ),
        Refusal::Login(_) => (
            StatusCode::BAD_GATEWAY,
            "Fournisseur d'identité indisponible",
            "Le fournisseur d'identité ne répond pas comme attendu.",
            AGAIN,
        ),
        Refusal::NoInvitation => (
            StatusCode::NOT_FOUND,
            "Invitation introuvable",
            "Cette invitation a déjà servi, a pris fin (elle vaut quatorze jours), ou n'a jamais existé.",
            "Demandez-en une autre à la personne qui vous a invité.",
        ),
        Refusal::Excluded(GrantError::ReviewerAndDepositor) => (
            StatusCode::CONFLICT,
            "Rôles incompatibles",
            "La même personne ne peut pas envoyer des inscriptions et décider des doutes qu'elles laissent.",
            "Demandez qu'une autre personne soit invitée, ou que votre premier rôle prenne fin.",
        ),
        Refusal::RoleTooLow | Refusal::OwnRole | Refusal::ClientEnded => of_role(refusal),
        Refusal::NothingToConfirm
        | Refusal::NoHeader
        | Refusal::NotOffered
        | Refusal::NotOrdered(_)
        | Refusal::Overtaken => of_files(refusal),
        Refusal::Nameless => (
            StatusCode::FORBIDDEN,
            "Invitation sans nom",
            "Vous avez été invité à relire, mais au nom de personne : les voix se comptent par personne.",
            "Demandez à l'équipe nationale une nouvelle invitation, à votre nom.",
        ),
        Refusal::Review(refusal) => review(*refusal),
        Refusal::NotAnAnswer => requests::words::refused(None),
        Refusal::Request(refusal) => requests::words::refused(Some(*refusal)),
    }
}

/// The words of what is refused about files and their imports.
fn of_files(refusal: &Refusal) -> Words {
    match refusal {
        Refusal::NothingToConfirm => (
            StatusCode::CONFLICT,
            "Rien à confirmer",
            "Ce dépôt n'a pas d'essai terminé dont on puisse lire le rapport.",
            "Rouvrez la page du dépôt : elle dit où il en est et ce qui peut être fait.",
        ),
        Refusal::NoHeader => (
            StatusCode::CONFLICT,
            "Colonnes illisibles",
            "Ce fichier n'a pas d'en-tête qui puisse être montré ici : il est trop gros pour un classeur, n'a pas de colonnes (NDJSON), ou a été retiré.",
            "Renommez les colonnes dans le fichier, d'après la page du format, puis déposez-le à nouveau.",
        ),
        Refusal::NotOrdered(_) => (
            StatusCode::CONFLICT,
            "Import non lancé",
            "Ce dépôt a changé depuis que vous avez ouvert la page : un autre fichier y a été déposé, ou quelqu'un l'a déjà confirmé autrement.",
            "Rouvrez la page du dépôt, et relisez l'essai avant de confirmer.",
        ),
        Refusal::NotOffered => (
            StatusCode::GONE,
            "Fichier non proposé",
            "Les lignes rejetées se téléchargent pendant les vingt-quatre heures qui suivent la réception du fichier, s'il fait 32 Mo au plus.",
            "Le rapport de l'import, lui, reste là : il nomme chaque ligne et ce qui ne va pas. Vous pouvez aussi déposer le fichier à nouveau.",
        ),
        _ => (
            StatusCode::CONFLICT,
            "Déjà changé",
            "Quelqu'un a fait le même changement au même moment.",
            "Rouvrez la page pour voir où les choses en sont.",
        ),
    }
}

/// The words of what reviewing refuses.
fn review(refusal: ReviewRefusal) -> Words {
    const READ_AGAIN: &str = "Rouvrez la revue : elle dit où elle en est. Rien n'a été enregistré.";
    match refusal {
        ReviewRefusal::CaseNotFound | ReviewRefusal::StudentNotFound => refused(&Refusal::NotFound),
        ReviewRefusal::Involved => (
            StatusCode::FORBIDDEN,
            "Une autre personne doit répondre",
            "Vous envoyez, ou avez envoyé, les inscriptions d'un établissement de cette revue.",
            "Passez à la revue suivante : celle-ci sera proposée à d'autres.",
        ),
        ReviewRefusal::NotAnAnswer => (
            StatusCode::BAD_REQUEST,
            "Réponse illisible",
            "Cette revue ne pose pas cette question.",
            READ_AGAIN,
        ),
        ReviewRefusal::NotAPart => (
            StatusCode::BAD_REQUEST,
            "Inscriptions à désigner",
            "Désignez une partie des inscriptions de l'étudiant, et non toutes : sinon il n'y a personne à distinguer.",
            READ_AGAIN,
        ),
        ReviewRefusal::Voted => (
            StatusCode::FORBIDDEN,
            "Vous avez déjà répondu",
            "Vous avez répondu autrement à cette revue.",
            "Une autre personne doit répondre.",
        ),
        ReviewRefusal::DecidedOtherwise => (
            StatusCode::CONFLICT,
            "Revue décidée autrement",
            "Quelqu'un a décidé autrement de cette revue.",
            "Rouvrez la revue ; si la décision est fausse, annulez-la d'abord.",
        ),
        ReviewRefusal::Contested => (
            StatusCode::CONFLICT,
            "Revue suspendue",
            "La personne a demandé que rien ne soit communiqué d'elle tant que sa demande n'est pas traitée.",
            "Rien n'est à décider ici : la revue se ferme avec la demande.",
        ),
        ReviewRefusal::NotOpen | ReviewRefusal::NothingDecided | ReviewRefusal::Changed => (
            StatusCode::CONFLICT,
            "Revue changée",
            "La revue a changé depuis que vous avez ouvert la page.",
            READ_AGAIN,
        ),
    }
}

/// What somebody's role, or their establishment's, doesn't allow.
fn of_role(refusal: &Refusal) -> Words {
    match refusal {
        Refusal::RoleTooLow => (
            StatusCode::FORBIDDEN,
            "Rôle insuffisant",
            "Vous êtes membre de cet établissement, mais votre rôle ne permet pas de faire cela.",
            "Demandez à la personne qui gère le portail dans votre établissement de changer votre rôle.",
        ),
        Refusal::OwnRole => (
            StatusCode::CONFLICT,
            "Votre propre rôle",
            "Personne ne change son propre rôle, pour qu'un établissement garde toujours quelqu'un qui le gère.",
            "Demandez-le à une autre personne qui gère l'établissement, ou à l'équipe nationale.",
        ),
        _ => (
            StatusCode::CONFLICT,
            "Envoi par logiciel suspendu",
            "L'équipe nationale a suspendu l'envoi par logiciel de cet établissement : aucune clé ne peut être faite.",
            "Demandez-lui pourquoi. Les fichiers peuvent toujours être envoyés depuis ce portail.",
        ),
    }
}

/// The page of an error. Whoever has to log in is sent to do so, and back.
pub(crate) fn page(
    address: &Address,
    error: &ApiError,
    request: &Request,
    uid: &Uid,
) -> Response<Body> {
    if let ApiError::Refused(Refusal::LogIn) = error {
        let path = request.uri().path();
        let wanted = path.rsplit_once("/portail").map_or("", |(_, page)| page);
        return see_other(&format!("{}/connexion?retour={wanted}", address.base));
    }
    if let ApiError::Refused(Refusal::StudentLogIn) = error {
        return see_other(&format!("{}/mon-espace/connexion", address.base));
    }
    if let ApiError::Refused(Refusal::Login(error)) = error {
        tracing::error!(%uid, %error, "log-in failed");
    }
    let (status, title, what, todo) = words(error);
    let view = View::of_nobody(&address.base, "", title);
    html(status, &Failure { view, what, todo, uid: uid.to_string() }, address, "no-store")
}
