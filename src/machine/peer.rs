//! The standing of a process on the Unix socket: by its user and all the groups of that user.

use std::ffi::CString;

use nix::unistd::{Gid, Group, Uid, User, geteuid, getgrouplist};

/// Group whose members administer the service.
const ADMIN_GROUP: &str = "tallykey-admin";
/// Group whose members allocate and release.
const CLIENT_GROUP: &str = "tallykey";

/// What a process may be to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Root, the service's own user, or a member of `tallykey-admin`.
    Administrator,
    /// A member of `tallykey`.
    Client,
}

/// The standing of a process with this user and primary group; none if it may do nothing.
///
/// Asks the system's user database, which may take time where that is a directory server. A
/// question it cannot answer is answered with less, never with more.
#[must_use]
pub fn standing(uid: u32, gid: u32) -> Option<Standing> {
    let uid = Uid::from_raw(uid);
    if uid.is_root() || uid == geteuid() {
        return Some(Standing::Administrator);
    }
    let groups = groups_of(uid, Gid::from_raw(gid));
    let member = |name: &str| matches!(Group::from_name(name), Ok(Some(group)) if groups.contains(&group.gid));
    by_group(member)
}

fn by_group(member: impl Fn(&str) -> bool) -> Option<Standing> {
    if member(ADMIN_GROUP) {
        Some(Standing::Administrator)
    } else if member(CLIENT_GROUP) {
        Some(Standing::Client)
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
        assert_eq!(standing(0, 0), Some(Standing::Administrator));
        assert_eq!(
            standing(geteuid().as_raw(), 65_534),
            Some(Standing::Administrator)
        );
    }

    #[test]
    fn a_user_without_a_group_of_ours_has_no_standing() {
        // A uid that no user database has, with a group nobody made.
        assert_eq!(standing(4_000_000_001, 4_000_000_001), None);
    }

    #[test]
    fn the_admin_group_goes_before_the_client_group() {
        assert_eq!(by_group(|_| true), Some(Standing::Administrator));
        assert_eq!(
            by_group(|group| group == "tallykey"),
            Some(Standing::Client)
        );
        assert_eq!(by_group(|_| false), None);
    }

    #[test]
    fn the_primary_group_of_the_process_always_counts() {
        let gid = Gid::from_raw(4_000_000_002);
        assert_eq!(groups_of(Uid::from_raw(4_000_000_001), gid), [gid]);
        assert!(groups_of(Uid::from_raw(0), gid).contains(&gid));
    }
}
