//! Which options cannot stand together, or not alone.

use mqtt_core::invocation::Behaviour;

use super::{ArgsError, PasswdArgs};

impl PasswdArgs {
    /// In the order in which the original looks for them.
    pub(super) fn refuse_conflicts(&self, behaviour: Behaviour) -> Result<(), ArgsError> {
        let create = Switch("--create", self.create);
        let delete = Switch("--delete", self.delete);
        let upgrade = Switch("--upgrade", self.upgrade);
        let check = Switch("--check", self.check);
        let list = Switch("--list", self.list);
        let stdin = Switch("--password-stdin", self.password_stdin);
        let file = Switch("--password-file", self.password_file.is_some());
        let batch = Switch("--batch", self.batch);
        one_of(&[create, delete, upgrade, check, list])?;
        // The original ignores -b where -U asks for no password.
        if behaviour == Behaviour::Own {
            none_with(&[batch], &[upgrade])?;
        }
        none_with(&[batch], &[delete, list])?;
        let generate = Switch("--generate-password", self.generate_password);
        let users = Switch("--users-stdin", self.users_stdin);
        one_of(&[stdin, file, batch, generate])?;
        none_with(&[stdin, file, batch], &[users])?;
        none_with(&[generate, users], &[delete, upgrade, check, list])?;
        none_with(&[stdin, file], &[delete, upgrade, list])?;
        none_with(&[Switch("--if-changed", self.if_changed)], &[create, check, list, generate])?;
        none_with(&[Switch("--dry-run", self.dry_run)], &[check, list, generate])?;
        only_with(Switch("--json", self.json), list)?;
        only_with(Switch("--overwrite", self.overwrite), create)
    }

    /// A FILE `-` is stdout, and takes it for itself.
    pub(super) fn refuse_more_on_stdout(&self) -> Result<(), ArgsError> {
        let dry_run = Switch("--dry-run", self.dry_run);
        let generate = Switch("--generate-password", self.generate_password);
        none_with(&[dry_run, generate], &[Switch("-", true)])
    }
}

/// An option, and whether it was given.
#[derive(Clone, Copy)]
struct Switch(&'static str, bool);

/// Refuses any two of them.
fn one_of(switches: &[Switch]) -> Result<(), ArgsError> {
    let mut rest = switches;
    while let [first, others @ ..] = rest {
        none_with(&[*first], others)?;
        rest = others;
    }
    Ok(())
}

/// Refuses any of them beside any of the others.
fn none_with(switches: &[Switch], others: &[Switch]) -> Result<(), ArgsError> {
    for one in switches.iter().filter(|switch| switch.1) {
        if let Some(other) = others.iter().find(|switch| switch.1) {
            return Err(ArgsError::Exclusive(one.0, other.0));
        }
    }
    Ok(())
}

/// Refuses an option that means nothing without another one.
fn only_with(switch: Switch, needed: Switch) -> Result<(), ArgsError> {
    if switch.1 && !needed.1 {
        return Err(ArgsError::Alone(switch.0, needed.0));
    }
    Ok(())
}
