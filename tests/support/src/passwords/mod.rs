//! mqtt-passwd at its work, for its tests and for the faults that it survives.

mod edit;
mod folder;
mod obstacle;
mod race;

pub use edit::{ADD, CREATE, Call, DELETE, Edit, OLD, Torn, UPDATE, UPGRADE, with_two_names};
pub use folder::{Folder, Run, editing_thread, finish, lets_in};
pub use obstacle::set_mode;
pub use race::{add_at_once, many_users, reload_while_edited};
