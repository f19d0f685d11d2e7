//! What each kind of caller is to be told by each kind of operation.

use super::table::Row;

/// Who calls. Each has one or more values of the `Authorization` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// Without the header.
    Nobody,
    /// With something that is no token, or none of ours.
    Garbage,
    /// With genuine tokens of both kinds, cut by a character.
    Truncated,
    /// With tokens of both kinds whose header says that they are not signed.
    Unsigned,
    /// With tokens of both kinds, signed with another key.
    Forged,
    /// With tokens of both kinds that have run out.
    Expired,
    /// With a genuine queue token of a ticket that was never issued.
    NeverIssued,
    /// The owner of what is asked for, with the access token.
    OwnerWithAccessToken,
    /// Another user, who waits.
    Waiting,
    /// Another user, whose turn has ended.
    Ended,
    /// Another user, whose turn it is.
    AnotherUser,
    /// With the operator's key.
    Operator,
    /// The owner of what is asked for, whose turn it is.
    Owner,
}

impl Caller {
    /// The owner is last: what the owner does may change what the others find.
    pub(super) const ALL: [Self; 13] = [
        Self::Nobody,
        Self::Garbage,
        Self::Truncated,
        Self::Unsigned,
        Self::Forged,
        Self::Expired,
        Self::NeverIssued,
        Self::OwnerWithAccessToken,
        Self::Waiting,
        Self::Ended,
        Self::AnotherUser,
        Self::Operator,
        Self::Owner,
    ];

    /// Whether it is a user to whom the owner's things are another's.
    pub(super) fn is_another_user(self) -> bool {
        matches!(self, Self::NeverIssued | Self::Waiting | Self::Ended | Self::AnotherUser)
    }
}

/// What an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing: everybody may call.
    Nothing,
    /// An access token, to join the queue.
    AccessToken,
    /// A queue token in any state.
    QueueToken,
    /// A queue token that has not ended.
    LiveQueueToken,
    /// An access token, or a queue token in any state.
    EitherToken,
    /// A queue token whose turn it is.
    Turn,
    /// The operator's key.
    AdminKey,
}

impl Takes {
    /// The same in the words of the API's description.
    pub(super) fn security(self) -> Vec<&'static str> {
        match self {
            Self::Nothing => vec![],
            Self::AccessToken => vec!["accessToken"],
            Self::QueueToken | Self::LiveQueueToken | Self::Turn => vec!["queueToken"],
            Self::EitherToken => vec!["accessToken", "queueToken"],
            Self::AdminKey => vec!["adminKey"],
        }
    }
}

/// What a caller is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Refused, with this status and code.
    Refused(u16, &'static str),
    /// Answered, with this status.
    Answered(u16),
}

const UNAUTHENTICATED: Expected = Expected::Refused(401, "UNAUTHENTICATED");
/// Whose wallet it is stands in the path: that is looked at before the ticket is.
const FORBIDDEN: Expected = Expected::Refused(403, "FORBIDDEN");
const NOT_ADMITTED: Expected = Expected::Refused(403, "NOT_ADMITTED");
const ENDED: Expected = Expected::Refused(401, "QUEUE_TOKEN_ENDED");

impl Row {
    /// What a caller is to be told by the row's operation.
    pub(super) fn expected(&self, caller: Caller) -> Expected {
        let answered = Expected::Answered(self.answers);
        match self.takes {
            Takes::Nothing => answered,
            Takes::AccessToken if caller == Caller::OwnerWithAccessToken => answered,
            Takes::AdminKey if caller == Caller::Operator => answered,
            Takes::AccessToken | Takes::AdminKey => UNAUTHENTICATED,
            Takes::QueueToken | Takes::LiveQueueToken | Takes::EitherToken | Takes::Turn => {
                self.expected_with_a_users_token(caller)
            }
        }
    }

    fn expected_with_a_users_token(&self, caller: Caller) -> Expected {
        match caller {
            Caller::Owner => Expected::Answered(self.answers),
            Caller::OwnerWithAccessToken if self.takes == Takes::EitherToken => {
                Expected::Answered(self.answers)
            }
            Caller::NeverIssued if self.takes == Takes::EitherToken || self.another == FORBIDDEN => {
                self.another
            }
            Caller::Waiting if self.takes == Takes::Turn => NOT_ADMITTED,
            Caller::Ended if matches!(self.takes, Takes::Turn | Takes::LiveQueueToken) => ENDED,
            Caller::Waiting | Caller::Ended | Caller::AnotherUser => self.another,
            _ => UNAUTHENTICATED,
        }
    }
}
