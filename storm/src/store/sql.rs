//! Questions to either store. Every answer is a row of one text, its columns parted by bars.

use std::path::PathBuf;

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_types::Text,
};
use tokio_postgres::NoTls;

/// A database that can be read.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A server's address.
    Postgres(String),
}

/// What a column is, so that both stores show it in one way.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// An id: 32 hexadecimal digits.
    Id(&'static str),
    /// An instant: microseconds since 1970.
    Instant(&'static str),
    /// An amount: hundredths.
    Amount(&'static str),
    /// A number or a text, as it is.
    Plain(&'static str),
    /// Whether something is so: 0 or 1.
    Flag(&'static str),
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Database {
    /// The columns of all rows; what is not there is an empty text.
    ///
    /// # Errors
    ///
    /// The store's words, where it does not answer.
    pub async fn rows(&self, columns: &[Column], rest: &str) -> Result<Vec<Vec<String>>, String> {
        let expressions: Vec<_> = columns.iter().map(|column| self.expression(*column)).collect();
        let sql = format!("SELECT {} AS line {rest}", expressions.join(" || '|' || "));
        let lines = match self {
            Self::Sqlite(path) => {
                let path = path.display().to_string();
                let reading = tokio::task::spawn_blocking(move || read_file(&path, &sql));
                reading.await.map_err(|error| error.to_string())??
            }
            Self::Postgres(url) => read_server(url, &sql).await.map_err(|error| error.to_string())?,
        };
        Ok(lines.iter().map(|line| line.split('|').map(str::to_owned).collect()).collect())
    }

    fn expression(&self, column: Column) -> String {
        let text = match (self, column) {
            (Self::Sqlite(_), Column::Id(name)) => format!("hex({name})"),
            (Self::Sqlite(_), Column::Instant(name) | Column::Amount(name) | Column::Flag(name)) => {
                name.to_owned()
            }
            (Self::Postgres(_), Column::Id(name)) => format!("replace({name}::text, '-', '')"),
            (Self::Postgres(_), Column::Instant(name)) => {
                format!("(extract(epoch FROM {name}) * 1000000)::bigint::text")
            }
            (Self::Postgres(_), Column::Amount(name)) => format!("({name} * 100)::bigint::text"),
            (Self::Postgres(_), Column::Flag(name)) => format!("{name}::int::text"),
            (_, Column::Plain(name)) => format!("CAST({name} AS text)"),
        };
        format!("coalesce({text}, '')")
    }

    /// How many turns are live, as the store has it at this moment.
    ///
    /// # Errors
    ///
    /// The store's words, where it does not answer.
    pub async fn live_turns(&self) -> Result<i64, String> {
        let rows =
            self.rows(&[Column::Plain("count(*)")], "FROM queue_tickets WHERE status = 'ACTIVE'").await?;
        Ok(rows[0][0].parse().unwrap())
    }

    /// Waits until nobody else is connected to the server, so that whatever was under way is over.
    pub async fn wait_until_alone(&self) {
        let others =
            "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        while matches!(self, Self::Postgres(_))
            && self.rows(&[Column::Plain("count(*)")], others).await.unwrap()[0][0] != "0"
        {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

fn read_file(path: &str, sql: &str) -> Result<Vec<String>, String> {
    let mut connection = SqliteConnection::establish(path).map_err(|error| error.to_string())?;
    connection.batch_execute("PRAGMA busy_timeout = 5000").map_err(|error| error.to_string())?;
    let lines: Vec<Line> = diesel::sql_query(sql).load(&mut connection).map_err(|error| error.to_string())?;
    Ok(lines.into_iter().map(|line| line.line).collect())
}

async fn read_server(url: &str, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let rows = client.query(sql, &[]).await?;
    drop(client);
    drop(connection.await);
    Ok(rows.into_iter().map(|row| row.get(0)).collect())
}
