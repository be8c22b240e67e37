//! The citizen's page: what was chosen, and a form to choose. For demonstrations; whoever opens it may choose for anybody.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::choices::{CATEGORIES, CONSULTING, Choice};
use super::serve::World;
use super::soap::escaped;
use crate::region;

/// What the form sends.
#[derive(Deserialize)]
pub struct Form {
    bsn: String,
    category: String,
    consulting: String,
    permit: String,
}

/// `GET /`
pub async fn show(world: web::Data<World>) -> HttpResponse {
    let mut chosen = String::new();
    for choice in world.choices() {
        let name = region::patients().into_iter().find(|patient| patient.bsn == choice.bsn).map(|patient| patient.name);
        let any = |text: &Option<String>| escaped(text.as_deref().unwrap_or("alle"));
        chosen.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&name.unwrap_or(choice.bsn.clone())),
            any(&choice.holder_kind),
            any(&choice.category),
            any(&choice.consulting),
            if choice.permit { "ja" } else { "nee" }
        ));
    }
    let option = |value: &str, text: &str| format!("<option value=\"{value}\">{}</option>", escaped(text));
    let patients: String = region::patients().iter().map(|patient| option(patient.bsn, &patient.name)).collect();
    let list = |all: &[(&str, &str)]| {
        let rest: String = all.iter().map(|(code, text)| option(code, text)).collect();
        option("", "alle") + &rest
    };
    let body = format!(
        "<!DOCTYPE html><html lang=\"nl\"><meta charset=\"utf-8\"><title>Mitz (nagespeeld)</title><h1>Mitz (nagespeeld)\
         </h1><form method=\"post\" action=\"/\"><p><label>Wie <select name=\"bsn\">{patients}</select></label></p><p>\
         <label>Welke gegevens <select name=\"category\">{}</select></label></p><p><label>Voor wie \
         <select name=\"consulting\">{}</select></label></p><p><button name=\"permit\" value=\"yes\">Toestaan</button> \
         <button name=\"permit\" value=\"no\">Niet toestaan</button></p></form><h2>Gekozen</h2><table><tr><th>Wie</th>\
         <th>Soort houder</th><th>Gegevens</th><th>Voor wie</th><th>Keuze</th></tr>{chosen}</table></html>",
        list(&CATEGORIES),
        list(&CONSULTING),
    );
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(body)
}

/// `POST /`
pub async fn choose(world: web::Data<World>, form: web::Form<Form>) -> HttpResponse {
    let Form { bsn, category, consulting, permit } = form.into_inner();
    let any = |text: String| Some(text).filter(|text| !text.is_empty());
    let choice = Choice {
        bsn,
        holder_kind: None,
        category: any(category),
        consulting: any(consulting),
        permit: permit == "yes",
    };
    world.choose(choice).await;
    HttpResponse::SeeOther().insert_header(("Location", "/")).finish()
}
