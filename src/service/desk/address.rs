//! The URLs and reply addresses in letters and on pages.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use serde_json::json;

use crate::service::{
    Office, Result,
    desk::{
        link::{self, Scope},
        link_key,
    },
    tell::audit,
};
use crate::{
    clock::Moment,
    domain::{
        calendar::shift,
        deadline::{Deadline, Done, Mailbox, Part},
        hours::Reader,
    },
    letter::{Addressee, Entry, Form},
    store::{Tx, state},
};

impl Office {
    /// Reads the keys that sign links and reply tokens; makes them at the first start. Does nothing if both `[web]` and
    /// `[mailbox]` are missing.
    ///
    /// # Errors
    /// In Chinese: keys that cannot be read or made. Letters then go without links and tokens.
    pub fn open_links(&mut self, env: &BTreeMap<String, String>) -> Result<()> {
        self.links = None;
        if self.settings.web.is_some() || self.settings.mailbox.is_some() {
            self.links = Some(Arc::new(link_key::open(&self.settings.database, env)?));
        }
        Ok(())
    }

    /// As `open_links`, but makes no keys: for commands that write nothing.
    pub fn look_for_links(&mut self, env: &BTreeMap<String, String>) -> Result<()> {
        self.links = None;
        if self.settings.web.is_some() || self.settings.mailbox.is_some() {
            self.links = link_key::look(&self.settings.database, env)?.map(Arc::new);
        }
        Ok(())
    }

    /// Where a section reports an occurrence; `None` without `[web]`.
    pub fn report_url(
        &self,
        tx: &Tx,
        occurrence: i64,
        due: Date,
        section: &str,
    ) -> crate::store::Result<Option<String>> {
        Ok(self.report_path(tx, occurrence, due, section)?.and_then(|path| self.at(&path)))
    }

    /// The same, as a page links to it: below `[web]`'s address.
    pub fn report_path(
        &self,
        tx: &Tx,
        occurrence: i64,
        due: Date,
        section: &str,
    ) -> crate::store::Result<Option<String>> {
        let scope = Scope::Report { occurrence, section: section.to_owned() };
        self.path(tx, "r", &scope, link::last_day_of_report(due))
    }

    /// Where each section that reports several items of this letter reports them all at once; none without `[web]`.
    pub fn letter_forms(&self, tx: &Tx, letter: i64, entries: &[Entry]) -> crate::store::Result<Vec<Form>> {
        let mut forms: Vec<Form> = Vec::new();
        for section in entries.iter().flat_map(|entry| &entry.reports_for) {
            let own = entries.iter().filter(|entry| entry.reports_for.contains(section));
            let dues: Vec<Date> = own.map(|entry| entry.dates.due).collect();
            let (items, true) = (dues.len(), forms.iter().all(|form| form.section != *section)) else { continue };
            if let (2.., Some(last)) = (items, dues.into_iter().max()) {
                let scope = Scope::Letter { letter, section: section.clone() };
                let url = self.url(tx, "l", &scope, link::last_day_of_report(last))?;
                forms.extend(url.map(|url| Form { section: section.clone(), items, url }));
            }
        }
        Ok(forms)
    }

    /// Where the admin answers a request, and can do nothing else; `None` without `[web]`.
    pub fn request_url(&self, tx: &Tx, request: i64, now: &Moment) -> crate::store::Result<Option<String>> {
        self.url(tx, "q", &Scope::Request(request), shift(now.today(), link::ADMIN_DAYS))
    }

    /// The admin's board; `None` without `[web]`.
    pub fn admin_url(&self, tx: &Tx, now: &Moment) -> crate::store::Result<Option<String>> {
        self.url(tx, "a", &Scope::Admin, shift(now.today(), link::ADMIN_DAYS))
    }

    /// A section's board; `None` without `[web]`.
    pub fn section_url(&self, tx: &Tx, section: &str, now: &Moment) -> crate::store::Result<Option<String>> {
        self.url(tx, "s", &Scope::Section(section.to_owned()), shift(now.today(), link::VALID_DAYS))
    }

    fn url(&self, tx: &Tx, page: &str, scope: &Scope, last: Date) -> crate::store::Result<Option<String>> {
        Ok(self.path(tx, page, scope, last)?.and_then(|path| self.at(&path)))
    }

    fn at(&self, path: &str) -> Option<String> {
        self.settings.web.as_ref().map(|web| format!("{}{path}", web.base_url))
    }

    fn path(&self, tx: &Tx, page: &str, scope: &Scope, last: Date) -> crate::store::Result<Option<String>> {
        let Some(links) = &self.links else { return Ok(None) };
        let generations = tx.get(state::GENERATIONS)?.unwrap_or_default();
        let token = links.sign(scope, last, scope.generation(&generations, &self.roster));
        Ok(Some(format!("/{page}/{token}")))
    }

    /// Revokes all links of the admin, or those of a section: none that was signed before is good any more.
    pub fn revoke_links(&self, tx: &Tx, section: Option<&str>, now: &Moment) -> crate::store::Result<()> {
        self.change_generations(tx, now, |generations| {
            let count = match section {
                Some(name) => generations.sections.entry(name.to_owned()).or_default(),
                None => &mut generations.admin,
            };
            *count = count.saturating_add(1);
        })?;
        tx.audit(&audit(now, "links-revoked", None, None, json!({ "section": section })))
    }

    /// Where replies go: the mailbox that duban reads, else the admins.
    pub fn reply_to(&self) -> Vec<Mailbox> {
        match &self.settings.mailbox {
            Some(inbox) => vec![inbox.address.clone()],
            None => self.settings.admin.clone(),
        }
    }

    /// The token that ties a reply to its letter; `None` without `[mailbox]`.
    pub fn reply_token(&self, letter: i64, message_id: &str) -> Option<String> {
        self.settings.mailbox.as_ref()?;
        Some(self.links.as_ref()?.reply_token(letter, message_id))
    }

    /// Of these sections those that report it: one that answers for it if one report closes it for all; else, or if all
    /// only help, each for itself.
    pub(in crate::service) fn reporters(deadline: &Deadline, names: &[&str]) -> Vec<String> {
        let with = |part| names.iter().filter(move |name| deadline.part_of(name) == part).map(|n| (*n).to_owned());
        let one = if deadline.done == Done::Each { usize::MAX } else { 1 };
        let answering: Vec<String> = with(Part::Answers).take(one).collect();
        if answering.is_empty() { with(Part::Helps).collect() } else { answering }
    }

    /// The sections that a letter's link or a reply reports for: of those addressed. In a letter to be passed on (代转):
    /// the section meant, if there is only one.
    pub(in crate::service) fn reporting_sections(
        &self,
        deadline: &Deadline,
        to: &[Addressee],
        reader: &Reader,
    ) -> Vec<String> {
        let spoken_to = to.iter().filter_map(|addressee| match addressee {
            Addressee::Section { name, .. } => Some(name.as_str()),
            _ => None,
        });
        let spoken_to: Vec<&str> = spoken_to.collect();
        if !spoken_to.is_empty() {
            return Self::reporters(deadline, &spoken_to);
        }
        let passed_on = || {
            let sections = self.roster.expand(&deadline.sections).into_iter();
            let mut meant = sections.filter(|section| reader.hears_for(section, deadline));
            let only = meant.next().filter(|_| reader.behalf.passed_on_to().is_some());
            only.filter(|_| meant.next().is_none()).map(|s| s.name.clone())
        };
        passed_on().into_iter().collect()
    }
}
