//! What a file carries besides its bytes: who may do what with it, and what others have noted on it.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, fchown};

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use rustix::io::Errno;

/// Where Linux keeps the access control list of a file.
const ACCESS_CONTROL_LIST: &str = "system.posix_acl_access";

/// What `SELinux` goes by.
const SECURITY_LABEL: &str = "security.selinux";

/// How the names of attributes begin that are whoever's who may write the file.
const OF_USERS: &str = "user.";

/// The most that Linux takes for a value, or for all names.
const MOST: usize = 64 * 1024;

/// Gives `new` the owner, group, mode, access control list and attributes of the old file.
pub(super) fn copy(old: &File, metadata: &Metadata, new: &File) -> io::Result<()> {
    let (uid, gid) = (metadata.uid(), metadata.gid());
    let fresh = new.metadata()?;
    if (fresh.uid(), fresh.gid()) != (uid, gid) {
        fchown(new, Some(uid), Some(gid))?;
    }
    // Before the mode, which would open the list that a new file has from its folder.
    copy_attribute(old, new, ACCESS_CONTROL_LIST)?;
    // After the owner, since a change of owner takes bits away.
    new.set_permissions(metadata.permissions())?;
    for name in names(old)? {
        if name == SECURITY_LABEL || name.starts_with(OF_USERS) {
            copy_attribute(old, new, &name)?;
        }
    }
    Ok(())
}

/// Makes an attribute the same, be it that there is none.
fn copy_attribute(old: &File, new: &File, name: &str) -> io::Result<()> {
    match (attribute(old, name)?, attribute(new, name)?) {
        (old, new) if old == new => {}
        (Some(value), _) => fsetxattr(new, name, &value, XattrFlags::empty())?,
        (None, _) => fremovexattr(new, name)?,
    }
    Ok(())
}

/// The value of an attribute, if the file has it.
fn attribute(file: &File, name: &str) -> io::Result<Option<Vec<u8>>> {
    let mut value = Vec::with_capacity(MOST);
    match fgetxattr(file, name, rustix::buffer::spare_capacity(&mut value)) {
        Ok(_) => Ok(Some(value)),
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The names of all attributes. One that is no text is nobody's of ours.
fn names(file: &File) -> io::Result<Vec<String>> {
    let mut list = Vec::with_capacity(MOST);
    match flistxattr(file, rustix::buffer::spare_capacity(&mut list)) {
        Ok(_) | Err(Errno::NOTSUP) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(list
        .split(|&byte| byte == 0)
        .filter_map(|name| String::from_utf8(name.into()).ok())
        .collect())
}
