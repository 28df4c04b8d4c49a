//! All settings on one page: `.env.example`, as written by `./dev settings`.
//!
//! A setting is a flag with its environment variable, and is defined once: its text and range
//! are those of the flag, and its default is that of the struct which the flag fills in. This
//! page is generated from the flags.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::{Arg, Command};

/// Maximum columns of the page.
const WIDTH: usize = 96;

/// The text above the settings.
const TOP: &str = "\
# Copy to .env and change what you want; `./dev up` and `docker compose` read it, and the
# environment wins over it. What is commented out shows the default. A wrong value is refused
# at start. DATABASE_URL or REDIS_URL not set: ./dev keeps a private one, compose runs its own.
#
# `./dev settings` writes this file from the program's flags (`baedal serve --help`): a change
# of a setting begins there.
";

/// The heading of settings whose flag has no heading; a test refuses such flags.
const HEADLESS: &str = "Others";

/// Variables that only compose reads, so no flag defines them.
const COMPOSE: &str = "
# ── compose ──
# The passwords of its PostgreSQL and Redis; docker/passwords makes and writes them.
#POSTGRES_PASSWORD=
#REDIS_PASSWORD=
";

/// Renamed settings: the old name, and the new one.
const RENAMED: [(&str, &str); 1] = [("BAEDAL_SOCKET_PATIENCE", "BAEDAL_SOCKET_VIOLATIONS")];

/// A setting was given under its old name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{old} is called {new} now: set that, and remove {old}")]
pub struct Renamed {
    old: &'static str,
    new: &'static str,
}

/// Refuses a setting under an old name, which would otherwise be ignored silently.
pub(crate) fn check_names(is_set: impl Fn(&str) -> bool) -> Result<(), Renamed> {
    let old = RENAMED.into_iter().find(|(old, _)| is_set(old));
    old.map_or(Ok(()), |(old, new)| Err(Renamed { old, new }))
}

/// The page. A setting of several commands is written once, with the first of them, and all
/// settings of one heading are written together.
pub(crate) fn page(program: &Command) -> String {
    let mut sections: Vec<(&str, String)> = Vec::new();
    let mut written = BTreeSet::new();
    for arg in settings(program) {
        let Some(variable) = arg.get_env().map(|name| name.to_string_lossy()) else { continue };
        if !written.insert(variable.clone()) {
            continue;
        }
        let heading = arg.get_help_heading().unwrap_or(HEADLESS);
        let at = sections.iter().position(|(known, _)| *known == heading).unwrap_or_else(|| {
            sections.push((heading, format!("\n# ── {} ──\n", heading.to_lowercase())));
            sections.len() - 1
        });
        let section = &mut sections[at].1;
        for line in wrapped(&words(arg)) {
            let _ = writeln!(section, "# {line}");
        }
        let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        let _ = writeln!(section, "#{variable}={}", default.join(","));
    }
    let sections: String = sections.into_iter().map(|(_, section)| section).collect();
    format!("{TOP}{sections}{COMPOSE}")
}

/// Every flag: those of `serve`, then of the whole program, then of the other commands.
fn settings(program: &Command) -> impl Iterator<Item = &Arg> {
    let is_serve = |command: &&Command| command.get_name() == "serve";
    let serve = program.get_subcommands().filter(is_serve);
    let others = program.get_subcommands().filter(move |command| !is_serve(command));
    serve.chain([program]).chain(others).flat_map(Command::get_arguments)
}

/// A setting's help text, with its allowed values.
fn words(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let help = help.trim_end_matches('.');
    let choices: Vec<_> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let allowed = match (range(arg), choices.join(" or ")) {
        (Some(range), _) => format!(" ({range})"),
        (None, choices) if !choices.is_empty() => format!(" ({choices})"),
        (None, _) => String::new(),
    };
    format!("{help}{allowed}.")
}

/// The range of a number, as `1..=600`, taken from its parser's error message.
fn range(arg: &Arg) -> Option<String> {
    let alone = Command::new("setting").arg(arg.clone().env(None));
    let wrong = format!("--{}={}", arg.get_long()?, u64::MAX);
    let said = alone.try_get_matches_from(["setting", &wrong]).err()?.to_string();
    Some(said.split_once("is not in ")?.1.lines().next()?.to_owned())
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(last) if line == 0 => last.push_str(word),
            Some(last) if line + 1 + word.chars().count() <= WIDTH - 2 => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::{Cli, named};

    fn program() -> Command {
        named(Cli::command())
    }

    #[test]
    fn the_example_of_settings_is_what_the_flags_say() {
        let example = include_str!("../../.env.example");
        let page = page(&program());
        let stale = example.lines().zip(page.lines()).find(|(written, made)| written != made);
        assert!(example == page, "run ./dev settings, and commit .env.example; the first line: {stale:?}");
    }

    #[test]
    fn every_setting_stands_below_a_heading_with_its_words() {
        let page = page(&program());
        assert!(!page.contains("── others ──"), "a flag with a variable and without a heading");
        let lines: Vec<_> = page.lines().collect();
        for (above, line) in lines.iter().zip(&lines[1..]) {
            let is_setting = line.starts_with('#') && !line.starts_with("# ") && line.contains('=');
            assert!(
                !is_setting || above.starts_with("# ") || above.starts_with("#POSTGRES"),
                "{line} has no words"
            );
            assert!(line.chars().count() <= WIDTH || is_setting, "{line}");
        }
        assert!(page.contains(" (1..=65535).\n#BAEDAL_BACKLOG=4096\n"), "ranges are told");
    }

    #[test]
    fn a_setting_under_its_old_name_is_refused_with_the_new_one() {
        assert_eq!(check_names(|_| false), Ok(()));
        for (old, new) in RENAMED {
            let refused = check_names(|name| name == old).unwrap_err().to_string();
            assert!(refused.contains(old) && refused.contains(new), "{refused}");
            let settings = page(&program());
            assert!(
                settings.contains(&format!("#{new}=")) && !settings.contains(&format!("#{old}=")),
                "{new}"
            );
        }
    }
}
