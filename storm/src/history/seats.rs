//! Some of the seats of a schedule.

/// Seats by their numbers, 1 to 50: a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeatSet(pub u64);

impl SeatSet {
    /// These seats.
    #[must_use]
    pub fn of(numbers: &[u8]) -> Self {
        numbers.iter().fold(Self::default(), |set, number| set.with(*number))
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, number: u8) -> Self {
        Self(self.0 | 1 << number)
    }

    /// Whether a seat is among them.
    #[must_use]
    pub fn has(self, number: u8) -> bool {
        self.0 >> number & 1 == 1
    }

    /// How many there are.
    #[must_use]
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Their numbers, in order.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        (1..=50).filter(move |number| self.has(*number))
    }
}
