//! Argon2id hashes as PHC strings, made in memory that is used again.

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        Error,
        phc::{Output, ParamsString, PasswordHash, Salt},
        try_generate_salt,
    },
};

/// The memory of one hash, 19 MiB from the first on. An allocator that is asked for as much each time keeps what was
/// freed for each thread that ever asked: hundreds of megabytes.
#[derive(Default)]
pub(crate) struct Memory(Vec<Block>);

impl Memory {
    /// A password's hash with a salt of its own, at the crate's defaults, which are OWASP's.
    pub(crate) fn hash(&mut self, password: &[u8]) -> Result<String, Error> {
        let salt = Salt::new(&try_generate_salt()?)?;
        let params = Params::default();
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::default().into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(salt),
            hash: Some(self.output(&Argon2::from(params), password, &salt)?),
        };
        Ok(hash.to_string())
    }

    /// Whether it is the password that was hashed. Outputs are compared in the same time wherever they differ.
    pub(crate) fn verify(&mut self, password: &[u8], hash: &str) -> Result<bool, Error> {
        let hash = PasswordHash::new(hash)?;
        let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else { return Err(Error::EncodingInvalid) };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
        let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
        let argon2 = Argon2::new(algorithm, version, Params::try_from(&hash)?);
        Ok(self.output(&argon2, password, &salt)? == expected)
    }

    fn output(&mut self, argon2: &Argon2<'_>, password: &[u8], salt: &[u8]) -> Result<Output, Error> {
        let blocks = argon2.params().block_count();
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::new());
        }
        let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let mut output = vec![0; length];
        argon2.hash_password_into_with_memory(password, salt, &mut output, &mut self.0)?;
        Ok(Output::new(&output)?)
    }
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[test]
    fn what_it_makes_the_crate_accepts_and_the_other_way_round() {
        let mut memory = Memory::default();
        let ours = memory.hash(b"correct horse").unwrap();
        assert!(Argon2::default().verify_password(b"correct horse", ours.as_str()).is_ok());
        assert!(Argon2::default().verify_password(b"correct house", ours.as_str()).is_err());
        let theirs = Argon2::default().hash_password(b"correct horse").unwrap().to_string();
        assert!(memory.verify(b"correct horse", &theirs).unwrap());
        assert!(!memory.verify(b"correct house", &theirs).unwrap());
    }

    #[test]
    fn a_hash_of_other_costs_is_checked_at_its_own() {
        let mut memory = Memory::default();
        let small = Argon2::from(Params::new(64, 1, 2, Some(16)).unwrap());
        let large = Argon2::from(Params::new(128, 2, 1, Some(48)).unwrap());
        for argon2 in [small, large] {
            let hash = argon2.hash_password(b"correct horse").unwrap().to_string();
            assert!(memory.verify(b"correct horse", &hash).unwrap(), "{hash}");
            assert!(!memory.verify(b"correct house", &hash).unwrap(), "{hash}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let hash = Memory::default().hash(b"correct horse").unwrap();
        let without_output = hash.rsplit_once('$').unwrap().0;
        let other_algorithm = hash.replace("argon2id", "argon2");
        for wrong in ["", "correct horse", without_output, &other_algorithm] {
            assert!(Memory::default().verify(b"correct horse", wrong).is_err(), "{wrong}");
        }
    }
}
