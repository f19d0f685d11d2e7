//! Requests that are bytes already, one after the other in one place.

use std::ops::Range;

#[derive(Default)]
pub struct Requests {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Requests {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn get(&self, place: usize) -> Option<&[u8]> {
        self.bytes.get(self.range(place)?)
    }

    fn range(&self, place: usize) -> Option<Range<usize>> {
        let begin = if place == 0 { 0 } else { *self.ends.get(place - 1)? };
        Some(begin..*self.ends.get(place)?)
    }
}

impl<B: AsRef<[u8]>> FromIterator<B> for Requests {
    fn from_iter<I: IntoIterator<Item = B>>(requests: I) -> Self {
        let mut all = Self::default();
        for request in requests {
            all.bytes.extend_from_slice(request.as_ref());
            all.ends.push(all.bytes.len());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_found_at_its_place_and_none_behind_the_last() {
        let requests: Requests = ["one", "", "three"].into_iter().collect();
        let found: Vec<_> = (0..4).map(|place| requests.get(place)).collect();
        assert_eq!(found, [Some(&b"one"[..]), Some(b""), Some(b"three"), None]);
    }
}
