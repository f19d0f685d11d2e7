//! Who may buy.

use domain::{
    identity::{AddUserError, Email, Login, PasswordHash, User},
    money::Money,
    text::Name,
};

use crate::stage::{Stage, new_id};

encore_tests::on_every_store! {
    crate::stage;
    a_login_finds_the_user_and_the_password_of_an_address,
    a_user_is_stored_to_the_letter_and_the_microsecond,
    nobody_has_an_unknown_address,
    an_unknown_user_does_not_exist,
    a_new_user_has_an_empty_wallet,
    an_address_belongs_to_the_first_who_takes_it,
    of_simultaneous_users_with_one_address_one_is_added,
    an_id_that_is_there_already_is_no_matter_of_the_address,
}

fn user(stage: &Stage, email: &str) -> User {
    User {
        id: new_id(),
        name: Name::new("Søren Æ. 김민수 🎻").unwrap(),
        email: Email::new(email).unwrap(),
        registered_at: stage.now(),
    }
}

fn password(hash: &str) -> PasswordHash {
    PasswordHash(hash.into())
}

async fn a_login_finds_the_user_and_the_password_of_an_address(stage: Stage) {
    let (ada, grace) = (user(&stage, "ada@example.org"), user(&stage, "grace@example.org"));
    stage.ports.users.add(&ada, &password("$argon2id$ada")).await.unwrap();
    stage.ports.users.add(&grace, &password("$argon2id$grace")).await.unwrap();
    for (user, hash, address) in
        [(&ada, "$argon2id$ada", "Ada@Example.ORG"), (&grace, "$argon2id$grace", "grace@example.org")]
    {
        let found = stage.ports.users.login_of(&Email::new(address).unwrap()).await.unwrap();
        assert_eq!(found, Some(Login { user: user.id, password: password(hash) }), "{address}");
        assert!(stage.ports.users.exists(user.id).await.unwrap(), "{address}");
    }
}

async fn a_user_is_stored_to_the_letter_and_the_microsecond(stage: Stage) {
    let user = user(&stage, "søren@example.org");
    stage.ports.users.add(&user, &password("hash")).await.unwrap();
    let question = format!(
        "SELECT count(*) FROM users WHERE id = {} AND name = '{}' AND email = 'søren@example.org' AND registered_at = {}",
        stage.id(user.id.0),
        user.name.as_str(),
        stage.instant(user.registered_at),
    );
    assert_eq!(stage.number(&question).await, 1, "expected the user as given");
}

async fn nobody_has_an_unknown_address(stage: Stage) {
    stage.user().await;
    let found = stage.ports.users.login_of(&Email::new("nobody@example.org").unwrap()).await.unwrap();
    assert_eq!(found, None);
}

async fn an_unknown_user_does_not_exist(stage: Stage) {
    stage.user().await;
    assert!(!stage.ports.users.exists(new_id()).await.unwrap());
}

async fn a_new_user_has_an_empty_wallet(stage: Stage) {
    let user = stage.user().await;
    assert_eq!(stage.ports.wallets.balance(user).await.unwrap(), Money::ZERO);
    assert_eq!(stage.number("SELECT count(*) FROM wallets").await, 1, "expected one wallet for one user");
}

async fn an_address_belongs_to_the_first_who_takes_it(stage: Stage) {
    let (first, second) = (user(&stage, "ada@example.org"), user(&stage, "ADA@example.org"));
    stage.ports.users.add(&first, &password("first")).await.unwrap();
    let refused = stage.ports.users.add(&second, &password("second")).await;
    assert!(
        matches!(refused, Err(AddUserError::EmailTaken)),
        "expected the address to be taken, got {refused:?}"
    );
    assert!(!stage.ports.users.exists(second.id).await.unwrap(), "expected nobody to be added");
    let login = stage.ports.users.login_of(&first.email).await.unwrap();
    assert_eq!(login, Some(Login { user: first.id, password: password("first") }));
    assert_eq!(stage.number("SELECT count(*) FROM wallets").await, 1, "expected no second wallet");
}

async fn of_simultaneous_users_with_one_address_one_is_added(stage: Stage) {
    let users: Vec<_> = (0..20).map(|_| user(&stage, "ada@example.org")).collect();
    let hash = password("hash");
    let outcomes = stage.at_the_same_time(users.iter().map(|user| stage.ports.users.add(user, &hash))).await;
    let added = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let taken = outcomes.iter().filter(|outcome| matches!(outcome, Err(AddUserError::EmailTaken))).count();
    assert_eq!((added, taken), (1, 19), "expected one to be added, got {outcomes:?}");
    assert_eq!(stage.number("SELECT count(*) FROM users").await, 1);
}

async fn an_id_that_is_there_already_is_no_matter_of_the_address(stage: Stage) {
    let first = user(&stage, "ada@example.org");
    stage.ports.users.add(&first, &password("hash")).await.unwrap();
    let second = User { id: first.id, ..user(&stage, "grace@example.org") };
    let refused = stage.ports.users.add(&second, &password("hash")).await;
    assert!(
        matches!(refused, Err(AddUserError::Storage(_))),
        "expected a fault of the store's, got {refused:?}"
    );
}
