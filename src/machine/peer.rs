//! The role of a process on the Unix socket: by its user and all the groups of that user.

use std::ffi::CString;

use nix::unistd::{Gid, Group, Uid, User, geteuid, getgrouplist};

use crate::service::Role;

/// Group whose members administer the service.
const ADMIN_GROUP: &str = "tallykey-admin";
/// Group whose members allocate and release.
const CLIENT_GROUP: &str = "tallykey";

/// The role of a process with this user and primary group; none if it may do nothing.
///
/// Asks the system's user database, which may take time where that is a directory server. A
/// question it cannot answer is answered with less, never with more.
#[must_use]
pub fn role(uid: u32, gid: u32) -> Option<Role> {
    let uid = Uid::from_raw(uid);
    if uid.is_root() || uid == geteuid() {
        return Some(Role::Admin);
    }
    let groups = groups_of(uid, Gid::from_raw(gid));
    let member = |name: &str| matches!(Group::from_name(name), Ok(Some(group)) if groups.contains(&group.gid));
    role_of(member)
}

fn role_of(member: impl Fn(&str) -> bool) -> Option<Role> {
    if member(ADMIN_GROUP) {
        Some(Role::Admin)
    } else if member(CLIENT_GROUP) {
        Some(Role::Client)
    } else {
        None
    }
}

/// The primary group of the process and the supplementary groups of its user.
fn groups_of(uid: Uid, gid: Gid) -> Vec<Gid> {
    let supplementary = User::from_uid(uid)
        .ok()
        .flatten()
        .and_then(|user| CString::new(user.name).ok())
        .and_then(|name| getgrouplist(&name, gid).ok());
    supplementary.unwrap_or_else(|| vec![gid])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_and_the_services_own_user_administer() {
        assert_eq!(role(0, 0), Some(Role::Admin));
        assert_eq!(role(geteuid().as_raw(), 65_534), Some(Role::Admin));
    }

    #[test]
    fn a_user_without_a_group_of_ours_has_no_role() {
        // A uid that no user database has, with a group nobody made.
        assert_eq!(role(4_000_000_001, 4_000_000_001), None);
    }

    #[test]
    fn the_admin_group_goes_before_the_client_group() {
        assert_eq!(role_of(|_| true), Some(Role::Admin));
        assert_eq!(role_of(|group| group == "tallykey"), Some(Role::Client));
        assert_eq!(role_of(|_| false), None);
    }

    #[test]
    fn the_primary_group_of_the_process_always_counts() {
        let gid = Gid::from_raw(4_000_000_002);
        assert_eq!(groups_of(Uid::from_raw(4_000_000_001), gid), [gid]);
        assert!(groups_of(Uid::from_raw(0), gid).contains(&gid));
    }
}
