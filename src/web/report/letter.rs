//! `/l/{token}`: all that a letter asks of a section in one form: a tick and a 文号 each, one name, one press. What else
//! there is to say of an item is said on its own page.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use tracing::info;

use super::{AfterPress, view::View};
use crate::{
    domain::deadline::Part,
    letter::words,
    service::{
        Error,
        desk::{
            limits,
            link::Scope,
            section_view::{LetterView, Pressed, SectionView, Ticked, all_done, letter_view},
        },
    },
    web::{
        App, Client, Frame,
        form::{Faults, Missing, line},
        guard::{Filled, Named},
        name,
        pages::{self, STALE, WHOLE, html, refusal},
    },
};

pub fn routes() -> Router<App> {
    Router::new().route("/l/{token}", get(show).post(record))
}

const PURPOSE: &str = "letter";
const ALL: &str = "all";

#[derive(Template)]
#[template(path = "letter.html")]
struct Page<'a> {
    frame: Frame,
    path: String,
    section: String,
    sent: String,
    open: Vec<Item>,
    finished: Vec<Item>,
    ticks: &'a Ticks,
    missing: &'a [Missing],
    form: String,
    has_saved: bool,
}

/// An item of the letter, worded for the page.
struct Item {
    number: u32,
    mark: String,
    view: View,
    /// Its own page.
    path: String,
}

/// The fields of the form, unchecked; any may be missing.
#[derive(Default)]
struct Ticks {
    form: String,
    by: String,
    all: bool,
    /// By the item's number: whether it is ticked, and its 文号.
    items: BTreeMap<u32, (bool, String)>,
}

/// An opened link, and what it is about.
struct Opened {
    token: String,
    letter: i64,
    section: String,
}

async fn show(
    State(app): State<App>,
    client: Client,
    Named(token): Named<String>,
    Query(query): Query<AfterPress>,
    headers: HeaderMap,
) -> Response {
    let ticks = Ticks { by: name::remembered(&headers), ..Ticks::default() };
    match open(&app, client, token).await {
        Ok((opened, found)) => page(&app, &opened, &found, &ticks, &[], query.saved.is_some()),
        Err(refused) => refused,
    }
}

async fn record(
    State(app): State<App>,
    client: Client,
    Named(token): Named<String>,
    Filled(fields): Filled<Vec<(String, String)>>,
) -> Response {
    let (opened, found) = match open(&app, client, token).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let ticks = Ticks::of(fields);
    let open_items: Vec<u32> = found.open().map(|(number, _)| *number).collect();
    if open_items.is_empty() {
        return page(&app, &opened, &found, &ticks, &[], false);
    }
    let ticked = match ticks.check(&open_items) {
        Ok(ticked) => ticked,
        Err(missing) => return page(&app, &opened, &found, &ticks, &missing, false),
    };
    let now = app.now();
    let Some(mark) = app.links().check_form(&ticks.form, &opened.token, PURPOSE, now.at) else {
        return page(&app, &opened, &found, &ticks, &[STALE], false);
    };
    let (office, section, by, chosen) = (app.office(), opened.section.clone(), ticks.by.clone(), ticked.clone());
    let letter = opened.letter;
    let recorded =
        app.store.call(move |db| all_done(db, &office, (letter, &section, mark), (&chosen, &by), &now)).await;
    match recorded {
        Ok(Pressed::Recorded(())) => {
            let (section, count) = (&opened.section, ticked.len());
            info!(letter, section, count, "recorded by a link: {count} items of letter {letter}, section {section}");
            let path = format!("{}/l/{}?saved=done", app.root(), opened.token);
            name::remember(pages::see(&path), &app, &ticks.by)
        }
        Ok(Pressed::Changed) => match open(&app, client, opened.token).await {
            // Sent twice: the page already shows it as recorded, so there is nothing to correct.
            Ok((opened, found)) if found.has(&ticked, &ticks.by) => page(&app, &opened, &found, &ticks, &[], false),
            Ok((opened, found)) => page(&app, &opened, &found, &ticks, &[STALE], false),
            Err(refused) => refused,
        },
        Ok(Pressed::Gone) => refusal(&app, client),
        Err(Error::Refused(why)) => {
            let missing = [Missing { field: WHOLE.into(), what: why.into() }];
            page(&app, &opened, &found, &ticks, &missing, false)
        }
        Err(e) => pages::failed(&e),
    }
}

/// A letter's items, and the path of each one's own page.
struct Found {
    view: LetterView,
    paths: Vec<String>,
}

impl Found {
    fn open(&self) -> impl Iterator<Item = &(u32, SectionView)> {
        self.view.items.iter().filter(|(_, view)| !view.is_finished)
    }

    /// Whether all this is recorded.
    fn has(&self, ticked: &[Ticked], by: &str) -> bool {
        ticked.iter().all(|Ticked { number, evidence }| {
            let item = self.view.items.iter().find(|(known, _)| known == number);
            item.is_some_and(|(_, view)| match view.entry.part {
                Part::Helps => view.handed_in(),
                Part::Answers => view.own().any(|c| (&*c.by, &c.evidence) == (by, evidence)),
            })
        })
    }
}

async fn open(app: &App, client: Client, token: String) -> Result<(Opened, Found), Response> {
    let (letter, section) = match app.scope(&token).await {
        Ok(Some(Scope::Letter { letter, section })) => (letter, section),
        Ok(_) => return Err(refusal(app, client)),
        Err(e) => return Err(pages::failed(&e)),
    };
    let (office, of, now) = (app.office(), section.clone(), app.now());
    let found = app.read(move |tx| {
        let Some(view) = letter_view(tx, &office, letter, &of, &now)? else { return Ok(None) };
        let own_page =
            |(_, item): &(u32, SectionView)| office.report_path(tx, item.occurrence.id, item.occurrence.dates.due, &of);
        let paths = view.items.iter().map(own_page).collect::<crate::store::Result<Option<Vec<String>>>>()?;
        Ok(paths.map(|paths| Found { view, paths }))
    });
    match found.await {
        Ok(Some(found)) => Ok((Opened { token, letter, section }, found)),
        Ok(None) => Err(refusal(app, client)),
        Err(e) => Err(pages::failed(&e)),
    }
}

fn page(app: &App, opened: &Opened, found: &Found, ticks: &Ticks, missing: &[Missing], has_saved: bool) -> Response {
    let (now, office) = (app.now(), app.office());
    let zone = &office.settings.timezone;
    let items = found.view.items.iter().zip(&found.paths).map(|((number, view), path)| Item {
        number: *number,
        mark: words::circled(*number),
        view: View::of(view, now.today(), zone),
        path: format!("{}{path}", app.root()),
    });
    let (finished, open): (Vec<Item>, Vec<Item>) = items.partition(|item| item.view.over.is_some());
    let status = if missing.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let is_recorded = |(_, view): &(u32, SectionView)| view.own().next().is_some() || view.handed_in();
    let page = Page {
        frame: Frame::of(app),
        path: format!("{}/l/{}", app.root(), opened.token),
        section: words::plain(&opened.section),
        sent: words::full(zone.to_datetime(found.view.letter.made_at).date()),
        open,
        finished,
        ticks,
        missing,
        form: app.links().form(&opened.token, PURPOSE, found.view.mark, now.at),
        has_saved: has_saved && found.view.items.iter().any(is_recorded),
    };
    html(status, &page)
}

impl Ticks {
    fn of(fields: Vec<(String, String)>) -> Self {
        let mut ticks = Self::default();
        let number = |field: &str, of: &str| field.strip_prefix(of).and_then(|n| n.parse::<u32>().ok());
        for (field, text) in fields {
            if let Some(number) = number(&field, "item-") {
                ticks.items.entry(number).or_default().0 = true;
            } else if let Some(number) = number(&field, "evidence-") {
                ticks.items.entry(number).or_default().1 = line(&text, limits::EVIDENCE + 1);
            } else {
                match &*field {
                    "form" => ticks.form = text,
                    "by" => ticks.by = line(&text, limits::NAME + 1),
                    ALL => ticks.all = true,
                    _ => {}
                }
            }
        }
        ticks
    }

    /// What is reported. `open`: the items that still may be.
    ///
    /// # Errors
    /// Everything that is missing, in the order of the form.
    fn check(&self, open: &[u32]) -> Result<Vec<Ticked>, Vec<Missing>> {
        let mut faults = Faults::default();
        faults.name(&self.by);
        let one_by_one = self.items.iter().filter(|(_, (is_ticked, _))| *is_ticked).count();
        faults.miss(!self.all && one_by_one == 0, ALL, "请勾选办了的事项");
        faults.miss(
            self.all && one_by_one > 0 && one_by_one < open.len(),
            ALL,
            "勾了“全部”，又单独勾了其中几项：请只用一种",
        );
        for (number, (is_ticked, evidence)) in &self.items {
            let field = format!("evidence-{number}");
            faults.text(field.clone(), "文号或备注", evidence, limits::EVIDENCE);
            // Either may be a slip, so the person is asked.
            let is_stray = !evidence.is_empty() && !is_ticked && !self.all;
            faults.miss(is_stray, field, "这里填了内容，但没有勾选这一项：请勾选，或删去这里的内容");
        }
        let is_meant = |number: &u32| self.all && open.contains(number) || self.is_ticked(*number);
        let mut numbers: Vec<u32> = open.iter().chain(self.items.keys()).copied().filter(is_meant).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let ticked = numbers.into_iter().map(|number| Ticked { number, evidence: self.evidence(number).to_owned() });
        if faults.0.is_empty() { Ok(ticked.collect()) } else { Err(faults.0) }
    }

    fn is_ticked(&self, number: u32) -> bool {
        self.items.get(&number).is_some_and(|(is_ticked, _)| *is_ticked)
    }

    fn evidence(&self, number: u32) -> &str {
        self.items.get(&number).map_or("", |(_, evidence)| evidence)
    }
}

impl Page<'_> {
    /// What is wrong with a field, shown below it.
    fn wrong(&self, field: &str) -> Option<&str> {
        self.missing.iter().find(|m| m.field == field).map(|m| &*m.what)
    }

    fn wrong_of(&self, number: u32) -> Option<&str> {
        self.wrong(&format!("evidence-{number}"))
    }
}
