//! Whom files belong to.

use crate::encode::Encoder;
use crate::error::Error;
use buildkit_proto::pb::{self, user_opt};

/// User and group of files; a side that is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub user: Option<User>,
    /// The group.
    pub group: Option<User>,
}

/// A user or group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum User {
    /// By number.
    Id(u32),
    /// By name, looked up in `/etc/passwd` or `/etc/group` of the base.
    Name(String),
}

impl Owner {
    /// By numbers.
    pub fn ids(user: u32, group: u32) -> Owner {
        Owner {
            user: Some(User::Id(user)),
            group: Some(User::Id(group)),
        }
    }

    /// From `user` or `user:group`, each a number or a name; `root` is 0 without a lookup. Without
    /// a group the engine decides: 0 for a number, the user's own for a name.
    pub fn parse(text: &str) -> Owner {
        let part = |part: &str| match (part, part.parse()) {
            ("", _) => None,
            ("root", _) => Some(User::Id(0)),
            (_, Ok(id)) => Some(User::Id(id)),
            (name, Err(_)) => Some(User::Name(name.to_owned())),
        };
        let (user, group) = text.split_once(':').unwrap_or((text, ""));
        Owner {
            user: part(user),
            group: part(group),
        }
    }

    pub(super) fn encode(&self, to: &Encoder<'_>, base: i64) -> Result<pb::ChownOpt, Error> {
        let one = |user: &Option<User>| -> Result<Option<pb::UserOpt>, Error> {
            let user = match user {
                None => return Ok(None),
                Some(User::Id(id)) => user_opt::User::ById(*id),
                Some(User::Name(name)) if base < 0 => {
                    return Err(Error::NameOnScratch {
                        vertex: to.vertex(),
                        user: name.clone(),
                    });
                }
                Some(User::Name(name)) => user_opt::User::ByName(pb::NamedUserOpt {
                    name: name.clone(),
                    input: base,
                }),
            };
            Ok(Some(pb::UserOpt { user: Some(user) }))
        };
        Ok(pb::ChownOpt {
            user: one(&self.user)?,
            group: one(&self.group)?,
        })
    }
}
