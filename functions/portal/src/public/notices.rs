//! The mandatory pages. What only a deployer knows stands between brackets, and nothing that wasn't
//! audited is claimed.

use askama::Template;
use lambda_http::{Body, Response};

use crate::context::Context;
use crate::session::Visitor;
use crate::view::{View, page};

macro_rules! notices {
    ($($function:ident => $struct:ident, $template:literal, $path:literal, $title:literal;)+) => {$(
        #[derive(Template)]
        #[template(path = $template)]
        struct $struct {
            view: View,
        }

        pub(crate) fn $function(
            context: &Context,
            visitor: &Visitor,
        ) -> Response<Body> {
            let view = View::new(context, $path, $title, visitor);
            page(context, &view, &$struct { view: view.clone() })
        }
    )+};
}

notices! {
    home => HomePage, "public/home.html", "", "Accueil";
    accessibility => AccessibilityPage, "public/accessibility.html", "/accessibilite", "Accessibilité";
    legal => LegalPage, "public/legal.html", "/mentions-legales", "Mentions légales";
    personal_data => PersonalDataPage, "public/personal_data.html", "/donnees-personnelles", "Données personnelles";
    site_map => SiteMapPage, "public/site_map.html", "/plan-du-site", "Plan du site";
}
