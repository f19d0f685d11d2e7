//! What can be wrong.

use std::fmt;

macro_rules! rules {
    ($($rule:ident = $words:literal),+ $(,)?) => {
        /// A rule that was broken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $words] $rule,)+
        }

        impl Rule {
            /// The rule, in words that say how it is broken.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$rule => $words,)+ }
            }

            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$rule,)+];
        }
    };
}

rules! {
    Malformed = "an answer has not the form it should have, or there is none",
    Unexpected = "an answer has a status and code that this call can not have",
    AwayTooLong = "the store was called away although it had been there for long",
    AnsweredLate = "an answer took longer than any call may",
    TwoOwners = "a seat had two owners at a time",
    ListedWhileOwned = "a seat was listed as available while it was surely owned",
    NotListedWhileFree = "a seat was not listed as available while it was surely free",
    SoldWhileNotPaid = "a seat was listed as sold while nobody can have paid for it",
    TakenWhileFree = "a hold was refused for a seat that was surely free",
    SeatsAtTheEnd = "the seats at the end are not those of the reservations",
    HeldForNobody = "a seat is held at the end for a reservation that can not have it",
    LostHold = "a hold that was acknowledged is not there",
    UnaskedHold = "there is a reservation that nobody asked for",
    NotAllOrNone = "a reservation has not exactly the seats that were asked for",
    WrongHoldTime = "a hold does not last as long as it should",
    AboveTheSeatLimit = "somebody held too many unpaid seats of a schedule",
    LimitWithoutReason = "a hold was refused for a limit that was surely not reached",
    ImpossibleStatus = "a reservation was shown in a status that it can not have had",
    StatusAtTheEnd = "a reservation has not the status at the end that follows from what was done",
    CancelledTwice = "a reservation was cancelled twice",
    CancelRefusedWithoutReason = "a hold could not be cancelled for no reason",
    SomebodyElses = "somebody read or changed what is another's",
    LostPayment = "a payment that was acknowledged is not there",
    UnaskedPayment = "there is a payment that nobody asked for",
    PaidTwice = "a reservation was paid twice",
    PaidTooLate = "a hold that had run out was paid",
    PayRefusedWithoutReason = "a payment was refused for a reason that can not have been",
    LostRefund = "a refund that was acknowledged is not there",
    UnaskedRefund = "there is a refund that nobody asked for",
    RefundsAtTheEnd = "the refunds at the end are not one of each refunded payment",
    RefundedTwice = "a payment was refunded twice",
    RefundRefusedWithoutReason = "a refund was refused although there was none before",
    ImpossiblePayment = "a payment was shown that can not have been so",
    GapInTheLedger = "a ledger's entries are not numbered without gaps",
    WrongRunningBalance = "a ledger's running balance is wrong, or below nothing",
    WrongWallet = "a wallet does not hold the sum of its ledger",
    NotOneDebit = "a payment has not exactly one debit of its price",
    NotOneCredit = "a refund has not exactly one credit of the price, or there is one without a refund",
    LostCharge = "a charge that was acknowledged is not there, or otherwise",
    UnaskedCharge = "there is a charge that nobody asked for",
    LedgerOutOfOrder = "an entry stands before one that was there before it was asked for",
    ImpossibleBalance = "a balance was told that can not have been",
    ImpossibleLedger = "a ledger was shown that can not have been so",
    DifferentAnswers = "a key was answered in two ways",
    TwoEffects = "a key had two effects",
    ReusedWithoutReason = "a key was called reused that was not",
    ReusedUnnoticed = "a key was taken for another request",
    ForgottenKey = "a request was refused whose key had been answered",
    ReplayedFromNowhere = "an answer was called the first one again that was none",
    GapInTheNumbers = "the room's numbers are not without gaps and repeats",
    NumbersOutOfOrder = "who came later has the lower number",
    LostTicket = "a ticket that was issued is not there, or somebody else's",
    UnaskedTicket = "somebody has more tickets than were asked for",
    AboveTheCap = "more turns were live than may be",
    TurnNotEnded = "a ticket has not ended as it was told to",
    ChangedAfterTheEnd = "something was changed with a token that had ended",
    ReadAfterTheEnd = "a token was still good for reading long after it had ended",
    EndedWithoutReason = "a turn ended for a reason that can not have been",
    WentBack = "a turn that had come was denied",
}

/// A rule that was broken, and how.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What was seen.
    pub words: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}, {}: {}", self.rule, self.rule.words(), self.words)
    }
}

/// What was found so far.
pub(super) type Found = Vec<Violation>;

pub(super) fn find(found: &mut Found, rule: Rule, words: impl fmt::Display) {
    found.push(Violation { rule, words: words.to_string() });
}
