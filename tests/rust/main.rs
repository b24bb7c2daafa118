//! What the library and the program do, tried from outside: one program, a module for each subject.

mod bureau;
mod site;
mod support;

mod answers;
mod board;
mod board_pages;
mod broken;
mod config;
mod doctor;
mod edits;
mod explain;
mod growth;
mod imap;
mod incoming;
mod init;
mod input;
mod items;
mod ledger;
mod limits;
mod mail_kinds;
mod mailbox_real;
mod mailer;
mod mailer_compose;
mod mailer_real;
mod outside;
mod pauses;
mod refusals;
mod reminders;
mod replies;
mod troubles;
mod walls;
mod web;
mod web_guard;
mod world;
mod year;
