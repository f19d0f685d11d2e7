use std::{collections::HashMap, io::Write};

use super::*;

fn settings(environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let environment: HashMap<_, _> = environment.iter().copied().collect();
    let layers = Layers::of(None, |setting| environment.get(setting).map(|value| (*value).to_owned()))?;
    Settings::from_layers(&layers)
}

#[test]
fn without_a_word_everything_has_its_default() {
    let settings = settings(&[]).unwrap_or_else(|error| panic!("{error}"));
    assert!(matches!(settings.store, StoreAddress::Sqlite(_)));
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.room, RoomPolicy::default());
    assert_eq!(settings.hold, HoldPolicy::default());
    assert_eq!(settings.scheduler, SchedulerPlace::Inside);
    assert!(settings.rate_limits && !settings.trusted_identity && settings.admin_key.is_none());
}

#[test]
fn on_a_server_the_scheduler_is_a_process_of_its_own() {
    let settings = settings(&[("DATABASE_URL", "postgres://localhost/encore")]);
    assert_eq!(settings.map(|settings| settings.scheduler).ok(), Some(SchedulerPlace::Outside));
}

#[test]
fn an_error_names_the_setting() {
    let wrong = [
        ("DATABASE_URL", "mysql://localhost"),
        ("ENCORE_LISTEN", "localhost"),
        ("ENCORE_HOLD_SECONDS", "0"),
        ("ENCORE_HOLD_SECONDS", "five"),
        ("ENCORE_QUEUE_STRATEGY", "FIFO"),
        ("ENCORE_QUEUE_MAX_ACTIVE", "1000001"),
        ("ENCORE_TOKEN_SECRET", "short"),
        ("ENCORE_IDENTITY", "anybody"),
        ("ENCORE_SCHEDULER", "everywhere"),
        ("ENCORE_RATE_LIMITS", "maybe"),
        ("ENCORE_ADMIN_KEY", "with space"),
        ("ENCORE_WORKERS", "0"),
        ("ENCORE_REQUESTS_AT_MOST", "0"),
        ("ENCORE_REQUESTS_AT_MOST", "1025"),
    ];
    for (setting, value) in wrong {
        let error = settings(&[(setting, value)]).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with(setting), "{setting}={value} gave: {error:?}");
    }
}

#[test]
fn a_secret_of_digits_stays_as_it_is() {
    let secret = "0".repeat(40);
    let settings = settings(&[("ENCORE_TOKEN_SECRET", &secret), ("ENCORE_ADMIN_KEY", "007")]);
    let settings = settings.unwrap_or_else(|error| panic!("{error}"));
    assert!(settings.admin_key.is_some(), "a key of digits is a key");
    assert_eq!(settings.token_secret, TokenSecret::new(secret).ok());
}

#[test]
fn secrets_are_not_shown() {
    let settings = settings(&[
        ("DATABASE_URL", "postgres://encore:hunter2@localhost/encore"),
        ("ENCORE_TOKEN_SECRET", "hunter2hunter2hunter2hunter2hunter2"),
        ("ENCORE_ADMIN_KEY", "hunter2"),
    ]);
    let shown = settings.map(|settings| settings.to_string()).unwrap_or_default();
    assert!(shown.contains("ENCORE_ADMIN_KEY") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "hold_seconds = 60\nqueue_max_active = 7").unwrap();
    let path = file.path().to_str().unwrap();
    let environment = |setting: &str| (setting == "ENCORE_HOLD_SECONDS").then(|| "30".to_owned());
    let layers = Layers::of(Some(path), environment).unwrap_or_else(|error| panic!("{error}"));
    let settings = Settings::from_layers(&layers).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settings.hold.hold_time.num_seconds(), 30);
    assert_eq!(settings.room.max_active.get(), 7);
}

#[test]
fn a_misspelt_setting_in_the_file_is_refused() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "hold_second = 60").unwrap();
    let refused = Layers::of(file.path().to_str(), |_| None);
    assert!(matches!(refused, Err(SettingsError::File(problem)) if problem.contains("hold_second")));
}
