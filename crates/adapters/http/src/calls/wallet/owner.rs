//! Whose balance a path names.

use domain::{ids::UserId, wallet::require_owner};

use crate::{
    problem::{Code, Problem},
    request::{PathId, QueueCaller},
    use_cases::UseCases,
};

/// The owner, and what else was read from a request about a balance. That the balance is somebody else's is
/// told first, then that it is not the caller's turn, then what is wrong with the request.
///
/// That it is the caller's turn is only asked where something is wrong: the change itself asks otherwise.
pub(crate) async fn owner_before<T>(
    caller: QueueCaller,
    owner: PathId,
    use_cases: &UseCases,
    read: Result<T, Problem>,
) -> Result<(UserId, T), Problem> {
    let owner = not_somebody_elses(caller, owner)?;
    let read = read.and_then(|read| Ok((owner?, read)));
    caller.turn_before(use_cases, read).await
}

/// As [`owner_before`], for whoever only reads, which asks nothing of the turn by itself.
pub(crate) async fn admitted_owner<T>(
    caller: QueueCaller,
    owner: PathId,
    use_cases: &UseCases,
    read: Result<T, Problem>,
) -> Result<(UserId, T), Problem> {
    let owner = not_somebody_elses(caller, owner)?;
    caller.require_turn(use_cases).await?;
    read.and_then(|read| Ok((owner?, read)))
}

/// The owner, if the path names one. Whoever it names is the caller.
fn not_somebody_elses(caller: QueueCaller, owner: PathId) -> Result<Result<UserId, Problem>, Problem> {
    let owner = owner.or(Code::UserNotFound);
    if let Ok(owner) = &owner {
        require_owner(caller.user, *owner)?;
    }
    Ok(owner)
}
