//! Short texts that people give: names of users, concerts and grades, and reasons.

/// Why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More characters than the bound.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// A control character, a line break among them.
    #[error("must not contain control characters")]
    ControlCharacter,
}

/// The most characters a [`Name`] has.
pub const NAME_CHARACTERS_AT_MOST: usize = 100;

/// A name of 1 to 100 characters without control characters, not only white space.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(String);

impl Name {
    /// Checks a name. White space around it is dropped.
    ///
    /// # Errors
    ///
    /// [`TextError`] when the text is empty, too long or has a control character.
    pub fn new(text: &str) -> Result<Self, TextError> {
        one_line(text, NAME_CHARACTERS_AT_MOST).map(Self)
    }

    /// The name as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The most characters a [`Reason`] has.
pub const REASON_CHARACTERS_AT_MOST: usize = 500;

/// Why an operator did something: 1 to 500 characters without control characters, not only white space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Checks a reason. White space around it is dropped.
    ///
    /// # Errors
    ///
    /// [`TextError`] when the text is empty, too long or has a control character.
    pub fn new(text: &str) -> Result<Self, TextError> {
        one_line(text, REASON_CHARACTERS_AT_MOST).map(Self)
    }

    /// The reason as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn one_line(text: &str, characters_at_most: usize) -> Result<String, TextError> {
    if text.chars().any(char::is_control) {
        return Err(TextError::ControlCharacter);
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().count() > characters_at_most {
        return Err(TextError::TooLong(characters_at_most));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_hundred_characters_is_the_longest() {
        assert!(Name::new(&"é".repeat(100)).is_ok());
        assert_eq!(Name::new(&"é".repeat(101)), Err(TextError::TooLong(100)));
    }

    #[test]
    fn a_reason_of_five_hundred_characters_is_the_longest() {
        assert_eq!(Reason::new(&"é".repeat(500)).unwrap().as_str(), "é".repeat(500));
        assert_eq!(Reason::new(&"é".repeat(501)), Err(TextError::TooLong(500)));
        assert_eq!(Reason::new(" "), Err(TextError::Empty));
        assert_eq!(Reason::new("a\nb"), Err(TextError::ControlCharacter));
    }

    #[test]
    fn an_empty_name_is_refused() {
        assert_eq!(Name::new(""), Err(TextError::Empty));
        assert_eq!(Name::new("   "), Err(TextError::Empty));
    }

    #[test]
    fn a_control_character_in_a_name_is_refused() {
        for text in ["a\nb", "a\u{0}b", "\u{7f}", "a\u{85}"] {
            assert_eq!(Name::new(text), Err(TextError::ControlCharacter), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_kept_without_the_white_space_around_it() {
        assert_eq!(Name::new("  Ada Lovelace ").unwrap().as_str(), "Ada Lovelace");
    }
}
