//! Every page, declared once: who may see it and the longest form that it reads.
//!
//! No document describes them: the paths are for browsers, and their attributes only declare them.

use shared::api::route;
use shared::routes;

use crate::attesting::{making, published, verifier};
use crate::context::Context;
use crate::handler::Access;
use crate::own;
use crate::public::{coverage, documentation, format, notices, statistics};
use crate::refusal::Refusal;
use crate::requests::{answering, list, one};
use crate::reviewing::{case, cases};
use crate::school::{
    access, by_hand, confirming, deposit, establishment, followed, identities, joining, keys,
    mapping, rejected, report, sending, student,
};
use crate::session::{LARGEST_FORM, Visitor};
use crate::{assets, login, national};

type Answered = route::Answered<Context>;
type Call<'a> = route::Call<'a, Context>;

routes! { Context;
    "portal_home" => home, by(Access::Anybody), body 0;
    "portal_coverage" => covered, by(Access::Anybody), body 0;
    "portal_statistics" => statistics_page, by(Access::Anybody), body 0;
    "portal_statistics_file" => statistics_file, public, body 0;
    "portal_apis" => apis, by(Access::Anybody), body 0;
    "portal_format" => format_page, by(Access::Anybody), body 0;
    "portal_template" => template_csv, public, body 0;
    "portal_accessibility" => accessibility, by(Access::Anybody), body 0;
    "portal_legal" => legal, by(Access::Anybody), body 0;
    "portal_personal_data" => personal_data, by(Access::Anybody), body 0;
    "portal_site_map" => site_map, by(Access::Anybody), body 0;
    "portal_file" => file, public, body 0;
    "portal_login" => offer_login, by(Access::Anybody), body 0;
    "portal_login_depart" => depart, by(Access::Anybody), body 0;
    "portal_login_arrive" => arrive, by(Access::Anybody), body 0;
    "portal_logout" => leave, by(Access::OwnForm), body LARGEST_FORM;
    "portal_invitation" => invitation, by(Access::LoggedIn), body 0;
    "portal_join" => join, by(Access::OwnForm), body LARGEST_FORM;
    "portal_establishments" => establishments, by(Access::LoggedIn), body 0;
    "portal_establishment" => one_establishment, by(Access::LoggedIn), body 0;
    "portal_sending" => ask_what_is_sent, by(Access::LoggedIn), body 0;
    "portal_deposit_open" => open_deposit, by(Access::OwnForm), body LARGEST_FORM;
    "portal_deposit" => show_deposit, by(Access::LoggedIn), body 0;
    "portal_deposit_progress" => deposit_progress, by(Access::LoggedIn), body 0;
    "portal_columns" => ask_columns, by(Access::LoggedIn), body 0;
    "portal_columns_said" => say_columns, by(Access::OwnForm), body LARGEST_FORM;
    "portal_trial_report" => trial_report, by(Access::LoggedIn), body 0;
    "portal_confirmation" => ask_confirmation, by(Access::LoggedIn), body 0;
    "portal_confirm" => confirm, by(Access::OwnForm), body LARGEST_FORM;
    "portal_import" => show_import, by(Access::LoggedIn), body 0;
    "portal_identities" => show_identities, by(Access::LoggedIn), body 0;
    "portal_report_table" => report_table, by(Access::LoggedIn), body 0;
    "portal_report_json" => report_json, by(Access::LoggedIn), body 0;
    "portal_rejected" => rejected_rows, by(Access::LoggedIn), body 0;
    "portal_cases" => open_cases, by(Access::LoggedIn), body 0;
    "portal_case_next" => next_case, by(Access::LoggedIn), body 0;
    "portal_case" => show_case, by(Access::LoggedIn), body 0;
    "portal_case_answer" => answer_case, by(Access::OwnForm), body LARGEST_FORM;
    "portal_case_undo" => undo_decision, by(Access::OwnForm), body LARGEST_FORM;
    "portal_dispute" => dispute, by(Access::OwnForm), body LARGEST_FORM;
    "portal_access" => show_access, by(Access::LoggedIn), body 0;
    "portal_access_change" => change_access, by(Access::OwnForm), body LARGEST_FORM;
    "portal_keys" => show_keys, by(Access::LoggedIn), body 0;
    "portal_keys_change" => change_keys, by(Access::OwnForm), body LARGEST_FORM;
    "portal_student" => ask_student, by(Access::LoggedIn), body 0;
    "portal_student_find" => find_student, by(Access::OwnForm), body LARGEST_FORM;
    "portal_enrolment_new" => ask_enrolment, by(Access::LoggedIn), body 0;
    "portal_enrolment_enter" => enter_enrolment, by(Access::OwnForm), body LARGEST_FORM;
    "portal_enrolment" => show_enrolment, by(Access::LoggedIn), body 0;
    "portal_enrolment_change" => change_enrolment, by(Access::OwnForm), body LARGEST_FORM;
    "portal_own_login" => offer_student_login, by(Access::Anybody), body 0;
    "portal_own_depart" => student_departs, by(Access::Anybody), body 0;
    "portal_own_arrive" => student_arrives, by(Access::Anybody), body 0;
    "portal_own_leave" => student_leaves, by(Access::StudentForm), body LARGEST_FORM;
    "portal_own" => own_page, by(Access::Student), body 0;
    "portal_own_accesses" => own_accesses, by(Access::Student), body 0;
    "portal_own_shares" => own_shares, by(Access::Student), body 0;
    "portal_own_shares_change" => change_own_shares, by(Access::StudentForm), body LARGEST_FORM;
    "portal_own_attestations" => own_attestations, by(Access::Student), body 0;
    "portal_own_attestations_change" => change_own_attestations, by(Access::StudentForm), body LARGEST_FORM;
    "portal_own_export" => own_export, by(Access::Student), body 0;
    "portal_own_recipients" => own_recipients, by(Access::Student), body 0;
    "portal_own_letter" => own_letter, by(Access::Student), body 0;
    "portal_own_rights" => own_rights, by(Access::Student), body 0;
    "portal_own_rights_make" => make_own_request, by(Access::StudentForm), body LARGEST_FORM;
    "portal_own_request" => own_request, by(Access::Student), body 0;
    "portal_own_request_withdraw" => withdraw_own_request, by(Access::StudentForm), body LARGEST_FORM;
    "portal_attestation_keys" => attestation_keys, public, body 0;
    "portal_attestation_list" => attestation_list, public, body 0;
    "portal_attestation_verifier" => attestation_verifier, public, body 0;
    "portal_attestation_worker" => attestation_worker, public, body 0;
    "portal_share" => ask_share, by(Access::Anybody), body 0;
    "portal_share_read" => read_share, by(Access::PublicForm), body LARGEST_FORM;
    "portal_national" => national_establishments, by(Access::LoggedIn), body 0;
    "portal_national_invitation" => ask_invitation, by(Access::LoggedIn), body 0;
    "portal_national_invite" => invite, by(Access::OwnForm), body LARGEST_FORM;
    "portal_national_clients" => national_clients, by(Access::LoggedIn), body 0;
    "portal_national_alarms" => national_alarms, by(Access::LoggedIn), body 0;
    "portal_requests" => open_requests, by(Access::LoggedIn), body 0;
    "portal_establishment_requests" => establishment_requests, by(Access::LoggedIn), body 0;
    "portal_request" => show_request, by(Access::LoggedIn), body 0;
    "portal_request_answer" => answer_request, by(Access::OwnForm), body LARGEST_FORM;
}

#[utoipa::path(get, path = "/portail")]
async fn home(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(notices::home(call.context, visitor).into())
}

#[utoipa::path(get, path = "/portail/couverture")]
async fn covered(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(coverage::coverage(call.context, call.request, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/statistiques")]
async fn statistics_page(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(statistics::list(call.context, visitor).await?.into())
}

#[utoipa::path(get, path = "/portail/statistiques/{id}/{file}")]
async fn statistics_file(call: Call<'_>) -> Answered {
    Ok(statistics::file(call.context, call.id, call.request).await?.into())
}

#[utoipa::path(get, path = "/portail/api")]
async fn apis(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(documentation::apis(call.context, visitor).into())
}

#[utoipa::path(get, path = "/portail/format")]
async fn format_page(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(format::show(call.context, visitor).into())
}

#[utoipa::path(get, path = "/portail/format/modele.csv")]
async fn template_csv(_: Call<'_>) -> Answered {
    Ok(format::csv_file().into())
}

#[utoipa::path(get, path = "/portail/accessibilite")]
async fn accessibility(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(notices::accessibility(call.context, visitor).into())
}

#[utoipa::path(get, path = "/portail/mentions-legales")]
async fn legal(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(notices::legal(call.context, visitor).into())
}

#[utoipa::path(get, path = "/portail/donnees-personnelles")]
async fn personal_data(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(notices::personal_data(call.context, visitor).into())
}

#[utoipa::path(get, path = "/portail/plan-du-site")]
async fn site_map(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(notices::site_map(call.context, visitor).into())
}

#[utoipa::path(get, path = "/portail/fichiers/{id}")]
async fn file(call: Call<'_>) -> Answered {
    Ok(assets::file(call.id).ok_or(Refusal::NotFound)?.into())
}

#[utoipa::path(get, path = "/portail/connexion")]
async fn offer_login(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(login::offer(call.context, call.request, visitor).into())
}

#[utoipa::path(get, path = "/portail/connexion/depart")]
async fn depart(call: Call<'_>, _: &Visitor) -> Answered {
    Ok(login::depart(call.context, call.request, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/connexion/retour")]
async fn arrive(call: Call<'_>, _: &Visitor) -> Answered {
    Ok(login::arrive(call.context, call.request, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/deconnexion")]
async fn leave(call: Call<'_>, visitor: &Visitor) -> Answered {
    call.bytes()?;
    Ok(login::leave(call.context, visitor.person()?).await?.into())
}

#[utoipa::path(get, path = "/portail/invitations/{id}")]
async fn invitation(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(joining::show(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/invitations/{id}")]
async fn join(call: Call<'_>, visitor: &Visitor) -> Answered {
    call.bytes()?;
    Ok(joining::join(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/etablissements")]
async fn establishments(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(establishment::mine(call.context, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/etablissements/{id}")]
async fn one_establishment(call: Call<'_>, visitor: &Visitor) -> Answered {
    let Call { context, id, request, request_context, .. } = call;
    Ok(establishment::one(context, id, request, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/etablissements/{id}/envoi")]
async fn ask_what_is_sent(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(sending::ask(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/etablissements/{id}/envoi")]
async fn open_deposit(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, id, request_context, .. }) = (call.bytes()?, &call);
    Ok(sending::open(context, id, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/depots/{id}")]
async fn show_deposit(call: Call<'_>, visitor: &Visitor) -> Answered {
    let Call { context, id, request, request_context, .. } = call;
    Ok(deposit::show(context, id, request, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/depots/{id}/suivi")]
async fn deposit_progress(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(deposit::progress(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/depots/{id}/colonnes")]
async fn ask_columns(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(mapping::ask(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/depots/{id}/colonnes")]
async fn say_columns(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, id, request_context, .. }) = (call.bytes()?, &call);
    Ok(mapping::say(context, id, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/depots/{id}/rapport")]
async fn trial_report(call: Call<'_>, visitor: &Visitor) -> Answered {
    let Call { context, id, request, request_context, .. } = call;
    Ok(report::of_trial(context, id, request, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/depots/{id}/confirmation")]
async fn ask_confirmation(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(confirming::ask(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/depots/{id}/confirmation")]
async fn confirm(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, id, request_context, .. }) = (call.bytes()?, &call);
    Ok(confirming::confirm(context, id, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/imports/{id}")]
async fn show_import(call: Call<'_>, visitor: &Visitor) -> Answered {
    let Call { context, id, request, request_context, .. } = call;
    Ok(followed::show(context, id, request, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/imports/{id}/identites")]
async fn show_identities(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(identities::show(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/imports/{id}/rapport.csv")]
async fn report_table(call: Call<'_>, visitor: &Visitor) -> Answered {
    let Call { context, id, request_context, .. } = call;
    Ok(followed::file(context, id, "csv", visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/imports/{id}/rapport.json")]
async fn report_json(call: Call<'_>, visitor: &Visitor) -> Answered {
    let Call { context, id, request_context, .. } = call;
    Ok(followed::file(context, id, "json", visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/imports/{id}/rejets.csv")]
async fn rejected_rows(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(rejected::file(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/revues")]
async fn open_cases(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(cases::list(call.context, call.request, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/revues/suivante")]
async fn next_case(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(cases::next(call.context, call.request, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/revues/{id}")]
async fn show_case(call: Call<'_>, visitor: &Visitor) -> Answered {
    let Call { context, id, request, request_context, .. } = call;
    Ok(case::show(context, id, request, visitor, request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/revues/{id}/reponse")]
async fn answer_case(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, id, request_context, .. }) = (call.bytes()?, &call);
    Ok(case::answer(context, id, sent, visitor, request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/revues/{id}/annulation")]
async fn undo_decision(call: Call<'_>, visitor: &Visitor) -> Answered {
    call.bytes()?;
    Ok(case::undo(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/revues/contestations")]
async fn dispute(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, request_context, .. }) = (call.bytes()?, &call);
    Ok(case::dispute(context, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/etablissements/{id}/acces")]
async fn show_access(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(access::show(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/etablissements/{id}/acces")]
async fn change_access(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, id, request_context, .. }) = (call.bytes()?, &call);
    Ok(access::change(context, id, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/etablissements/{id}/cles")]
async fn show_keys(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(keys::show(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/etablissements/{id}/cles")]
async fn change_keys(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, id, request_context, .. }) = (call.bytes()?, &call);
    Ok(keys::change(context, id, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/etablissements/{id}/etudiants")]
async fn ask_student(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(student::ask(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/etablissements/{id}/etudiants")]
async fn find_student(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, id, request_context, .. }) = (call.bytes()?, &call);
    Ok(student::find(context, id, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/etablissements/{id}/inscription")]
async fn ask_enrolment(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(by_hand::ask(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/etablissements/{id}/inscription")]
async fn enter_enrolment(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, id, request_context, .. }) = (call.bytes()?, &call);
    Ok(by_hand::enter(context, id, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/inscriptions/{id}")]
async fn show_enrolment(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(by_hand::show(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/inscriptions/{id}")]
async fn change_enrolment(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, id, request_context, .. }) = (call.bytes()?, &call);
    Ok(by_hand::change(context, id, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/mon-espace/connexion")]
async fn offer_student_login(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(own::login::offer(call.context, visitor)?.into())
}

#[utoipa::path(get, path = "/portail/mon-espace/connexion/depart")]
async fn student_departs(call: Call<'_>, _: &Visitor) -> Answered {
    Ok(own::login::depart(call.context, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/mon-espace/connexion/retour")]
async fn student_arrives(call: Call<'_>, _: &Visitor) -> Answered {
    Ok(own::login::arrive(call.context, call.request, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/mon-espace/deconnexion")]
async fn student_leaves(call: Call<'_>, visitor: &Visitor) -> Answered {
    call.bytes()?;
    Ok(own::login::leave(call.context, visitor.student()?).await?.into())
}

#[utoipa::path(get, path = "/portail/mon-espace")]
async fn own_page(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(own::page::show(call.context, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/mon-espace/consultations")]
async fn own_accesses(call: Call<'_>, visitor: &Visitor) -> Answered {
    let Call { context, request, request_context, .. } = call;
    Ok(own::accesses::show(context, request, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/mon-espace/partages")]
async fn own_shares(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(own::shares::show(call.context, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/mon-espace/partages")]
async fn change_own_shares(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, request_context, .. }) = (call.bytes()?, &call);
    Ok(own::shares::change(context, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/mon-espace/attestations")]
async fn own_attestations(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(making::show(call.context, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/mon-espace/attestations")]
async fn change_own_attestations(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, request_context, .. }) = (call.bytes()?, &call);
    Ok(making::change(context, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/mon-espace/export.json")]
async fn own_export(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(own::export::give(call.context, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/mon-espace/destinataires")]
async fn own_recipients(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(own::recipients::show(call.context, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/mon-espace/destinataires/{id}")]
async fn own_letter(call: Call<'_>, visitor: &Visitor) -> Answered {
    let Call { context, id, request_context, .. } = call;
    Ok(own::recipients::letter(context, id, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/mon-espace/droits")]
async fn own_rights(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(own::rights::show(call.context, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/mon-espace/droits")]
async fn make_own_request(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, request_context, .. }) = (call.bytes()?, &call);
    Ok(own::rights::make(context, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/mon-espace/demandes/{id}")]
async fn own_request(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(own::rights::one(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/mon-espace/demandes/{id}")]
async fn withdraw_own_request(call: Call<'_>, visitor: &Visitor) -> Answered {
    call.bytes()?;
    Ok(own::rights::withdraw(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/attestation/cles")]
async fn attestation_keys(call: Call<'_>) -> Answered {
    Ok(published::keys(call.context).await?.into())
}

#[utoipa::path(get, path = "/portail/attestation/etats")]
async fn attestation_list(call: Call<'_>) -> Answered {
    Ok(published::list(call.context, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/attestation/verifier")]
async fn attestation_verifier(call: Call<'_>) -> Answered {
    Ok(verifier::show(call.context)?.into())
}

#[utoipa::path(get, path = "/portail/attestation/ouvrier.js")]
async fn attestation_worker(call: Call<'_>) -> Answered {
    Ok(verifier::worker(call.context)?.into())
}

#[utoipa::path(get, path = "/portail/partage")]
async fn ask_share(call: Call<'_>, visitor: &Visitor) -> Answered {
    own::reading::ask(call.context, visitor)
}

#[utoipa::path(post, path = "/portail/partage")]
async fn read_share(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, request_context, .. }) = (call.bytes()?, &call);
    own::reading::read(context, sent, visitor, request_context).await
}

#[utoipa::path(get, path = "/portail/national")]
async fn national_establishments(call: Call<'_>, visitor: &Visitor) -> Answered {
    let Call { context, request, request_context, .. } = call;
    Ok(national::establishments(context, request, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/national/invitations")]
async fn ask_invitation(call: Call<'_>, visitor: &Visitor) -> Answered {
    let Call { context, request, request_context, .. } = call;
    Ok(national::ask_invitation(context, request, visitor, request_context)?.into())
}

#[utoipa::path(post, path = "/portail/national/invitations")]
async fn invite(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, request_context, .. }) = (call.bytes()?, &call);
    Ok(national::invite(context, sent, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/national/clients")]
async fn national_clients(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(national::clients(call.context, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/national/alarmes")]
async fn national_alarms(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(national::alarms(call.context, visitor, call.request_context)?.into())
}

#[utoipa::path(get, path = "/portail/national/demandes")]
async fn open_requests(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(list::open(call.context, visitor, call.request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/etablissements/{id}/demandes")]
async fn establishment_requests(call: Call<'_>, visitor: &Visitor) -> Answered {
    let Call { context, id, request_context, .. } = call;
    Ok(list::of_establishment(context, id, visitor, request_context).await?.into())
}

#[utoipa::path(get, path = "/portail/demandes/{id}")]
async fn show_request(call: Call<'_>, visitor: &Visitor) -> Answered {
    Ok(one::show(call.context, call.id, visitor, call.request_context).await?.into())
}

#[utoipa::path(post, path = "/portail/demandes/{id}")]
async fn answer_request(call: Call<'_>, visitor: &Visitor) -> Answered {
    let (sent, Call { context, id, request_context, .. }) = (call.bytes()?, &call);
    Ok(answering::answer(context, id, sent, visitor, request_context).await?.into())
}
