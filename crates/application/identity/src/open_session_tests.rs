use chrono::Duration;
use domain::identity::{Login, MockFailedLogins, MockPasswordHasher, MockTokens, MockUsers};

use super::*;
use crate::samples::{USER, assert_refused, at, clock, credentials, hash, signing_failed};

const POLICY: TokenPolicy = TokenPolicy { access: Duration::seconds(60), queue: Duration::seconds(600) };

fn verifying(verified: bool) -> Arc<VerifyCredentials> {
    let mut users = MockUsers::new();
    users.expect_login_of().returning(|_| Ok(Some(Login { user: USER, password: hash() })));
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().returning(move |_, _| Ok(verified));
    let mut failed_logins = MockFailedLogins::new();
    failed_logins.expect_closed_for().return_const(None);
    failed_logins.expect_failed().returning(|_, _| None);
    failed_logins.expect_succeeded().returning(|_, _| None);
    let ports = (Arc::new(users), Arc::new(hasher), Arc::new(failed_logins));
    Arc::new(VerifyCredentials::new(clock([at(9)]), ports.0, ports.1, ports.2))
}

#[tokio::test]
async fn a_login_gives_an_access_token_that_lasts_as_long_as_the_policy_says() {
    let mut tokens = MockTokens::new();
    tokens.expect_sign_access().times(1).returning(|claims, now| {
        let expected = AccessClaims { user: USER, expires_at: at(70) };
        assert_eq!((claims, now), (&expected, at(10)), "what is signed, and when");
        Ok(SignedToken("signed".to_owned()))
    });
    let session = OpenSession::new(clock([at(10)]), verifying(true), Arc::new(tokens), POLICY)
        .handle(credentials())
        .await
        .unwrap();
    let token = SignedToken("signed".to_owned());
    assert_eq!(session, Session { user: USER, token, expires_at: at(70) });
}

#[tokio::test]
async fn wrong_credentials_give_no_token() {
    let mut tokens = MockTokens::new();
    tokens.expect_sign_access().never();
    let open = OpenSession::new(clock([]), verifying(false), Arc::new(tokens), POLICY);
    assert_refused!(
        open.handle(credentials()).await,
        OpenSessionError::Credentials(VerifyCredentialsError::BadCredentials)
    );
}

#[tokio::test]
async fn a_token_that_could_not_be_signed_is_told() {
    let mut tokens = MockTokens::new();
    tokens.expect_sign_access().times(1).returning(|_, _| Err(signing_failed()));
    let open = OpenSession::new(clock([at(10)]), verifying(true), Arc::new(tokens), POLICY);
    assert_refused!(open.handle(credentials()).await, OpenSessionError::Signing(SigningFailed(_)));
}
