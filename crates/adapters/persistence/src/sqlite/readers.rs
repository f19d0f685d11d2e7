//! Threads that read beside the writer, a connection each.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use diesel::{Connection, SqliteConnection, result::Error};
use domain::storage::StorageError;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::connect::OpenFile;
use crate::limits::{ANSWERED_WITHIN, WAITING_AT_MOST, refusal};

type Question = Box<dyn FnOnce(&mut OpenFile) + Send>;

/// Hands questions to the reading threads. They end when the last handle is gone.
#[derive(Clone)]
pub(super) struct Readers {
    questions: mpsc::Sender<Question>,
}

impl Readers {
    /// Opens the file for reading, on so many threads of its own.
    pub(super) fn start(path: &Path, threads: usize) -> Result<Self, StorageError> {
        let (questions, waiting) = mpsc::channel(WAITING_AT_MOST);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let (mut file, waiting) = (OpenFile::open(path)?, Arc::clone(&waiting));
            thread::Builder::new()
                .name("sqlite-reader".to_owned())
                .spawn(move || {
                    while let Some(question) = next(&waiting) {
                        question(&mut file);
                    }
                })
                .map_err(StorageError::unavailable)?;
        }
        Ok(Self { questions })
    }

    /// Asks a question. All of it sees the store as it is at one moment.
    pub(super) async fn read<T, F>(&self, question: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> Result<T, Error> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let question = move |file: &mut OpenFile| {
            if caller.is_closed() {
                return;
            }
            // A caller that has gone away since does not want to know.
            drop(caller.send(file.run(|connection| connection.transaction(question))));
        };
        let refused = |refused| refusal(&refused, "questions that wait for a reader");
        self.questions.try_send(Box::new(question)).map_err(refused)?;
        let answer = timeout(ANSWERED_WITHIN, answer).await.map_err(StorageError::unavailable)?;
        answer.map_err(|_| StorageError::unavailable("the readers are gone"))?
    }
}

/// The next question; the threads take turns in waiting for it.
fn next(waiting: &Mutex<mpsc::Receiver<Question>>) -> Option<Question> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}
