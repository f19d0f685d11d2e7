//! More load than the machine can serve, for a minute.

mod crowd;
mod figures;
mod load;
mod promises;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use encore_tests::service::Instance;
use reqwest::Client;
use serde_json::json;
use tokio::time::sleep;

use self::{
    crowd::{Crowd, EMAIL, INSIDE, PASSWORD},
    figures::{Figures, counts},
    load::Clients,
};
use super::slots::schedules;
use encore_benches::{
    process::memory,
    report::{Report, decimals},
    room::{Kind, Room, policy},
};

/// How many connections ask while it is measured what can be served.
const CLOSED: usize = 64;
/// How many connections there are while more is asked than that.
const CONNECTIONS: usize = 2_000;
const MEASURED_FOR: Duration = Duration::from_secs(10);
/// How many ask in a second while it is calm.
const CALM: f64 = 200.0;
const CALM_LASTS: Duration = Duration::from_secs(20);
/// How often what can be served is asked for.
const TIMES: f64 = 3.0;
const OVERLOAD_LASTS: Duration = Duration::from_mins(1);
const SCHEDULES: usize = 2_000;
const DAY: Duration = Duration::from_hours(24);

/// The bounds.
const REFUSED_WITHIN_MS: f64 = 1_000.0;
const SERVED_WITHIN_MS: f64 = 2_000.0;
/// In bytes; Argon2 alone takes 20 million a core.
const MEMORY_AT_MOST: u64 = 256_000_000;
const CALM_AGAIN: f64 = 2.0;

pub(crate) async fn measure(report: &mut Report) {
    for kind in Kind::ALL {
        report.heading(&format!("{}: {TIMES} times what can be served", kind.name()));
        eprintln!("the room is filled");
        let policy = policy(u32::try_from(INSIDE).unwrap(), DAY, DAY);
        let mut crowd = Crowd::gather(Room::new(kind, &policy).await).await;
        let (instance, address) = crowd.room.serve(&[("ENCORE_RATE_LIMITS", "on")]).await;
        crowd.sell(schedules(&instance.url, SCHEDULES).await);
        register(&instance).await;
        crowd.room.wait_for_turns(i64::try_from(INSIDE).unwrap()).await;
        overload(report, &Clients::new(crowd, address), &instance).await;
    }
}

/// Registers who logs in.
async fn register(instance: &Instance) {
    let body = json!({"name": "Somebody", "email": EMAIL, "password": PASSWORD});
    let request = Client::new().post(format!("{}/api/v1/users", instance.url)).json(&body);
    request.send().await.unwrap().error_for_status().unwrap();
}

/// The phases, in order: each is told by its figures.
struct Phases {
    capacity: f64,
    before: Figures,
    during: Figures,
    after: Figures,
}

async fn overload(report: &mut Report, clients: &Arc<Clients>, instance: &Instance) {
    clients.connect(CLOSED).await;
    eprintln!("what can be served is measured");
    let closed = clients.closed(CLOSED, MEASURED_FOR).await;
    let answered = closed.served.count() + closed.refused.count();
    let capacity = answered as f64 / closed.lasted.as_secs_f64();
    clients.connect(CONNECTIONS).await;
    let (at_start, _) = memory(instance.id());
    eprintln!("it is calm");
    let before = clients.open(CALM, CALM_LASTS).await;
    eprintln!("more is asked than can be served");
    let inside = Arc::new(Inside::default());
    let looking = tokio::spawn(look(Arc::clone(clients), Arc::clone(&inside)));
    let during = clients.open(TIMES * capacity, OVERLOAD_LASTS).await;
    inside.over.store(true, Ordering::Relaxed);
    looking.await.unwrap();
    eprintln!("it is calm again");
    let after = clients.open(CALM, CALM_LASTS).await;
    let (at_end, most) = memory(instance.id());
    let phases = Phases { capacity, before, during, after };
    tell(report, &phases);
    let megabytes = |bytes: u64| decimals(bytes as f64 / 1e6, 1);
    report.text(&format!(
        "Resident memory of the instance: {} MB before, {} MB at most, {} MB afterwards.\n",
        megabytes(at_start),
        megabytes(most),
        megabytes(at_end)
    ));
    judge(report, &phases);
    report.verdict(&format!("memory is at most {} MB", MEMORY_AT_MOST / 1_000_000), most <= MEMORY_AT_MOST);
    let most_inside = inside.most.load(Ordering::Relaxed);
    promises::tell(report, &clients.crowd.room, &clients.crowd.told(), most_inside).await;
}

/// How many turns were live at most.
#[derive(Default)]
struct Inside {
    most: AtomicI64,
    over: AtomicBool,
}

async fn look(clients: Arc<Clients>, inside: Arc<Inside>) {
    while !inside.over.load(Ordering::Relaxed) {
        inside.most.fetch_max(clients.crowd.room.count("ACTIVE").await, Ordering::Relaxed);
        sleep(Duration::from_secs(1)).await;
    }
}

fn tell(report: &mut Report, phases: &Phases) {
    let Phases { capacity, before, during, after } = phases;
    report.text(&format!(
        "{CLOSED} connections that ask as soon as they are answered were answered {} times a second.\n",
        decimals(*capacity, 0)
    ));
    let named = [("calm before", before), ("overload", during), ("calm after", after)];
    let row = |(name, figures): &(&str, &Figures)| {
        let rates = [&figures.served, &figures.refused].map(|one| figures.a_second(one.count()));
        let [served, refused] = rates;
        let figures = [
            vec![(*name).to_owned(), served],
            figures.served.cells().to_vec(),
            vec![refused],
            figures.refused.cells().to_vec(),
            vec![figures.a_second(figures.unconnected)],
        ];
        figures.concat()
    };
    let head = [
        "phase",
        "served a second",
        "p50, ms",
        "p99, ms",
        "longest, ms",
        "refused a second",
        "p50, ms",
        "p99, ms",
        "longest, ms",
        "no connection free, a second",
    ];
    report.table(&head, &named.iter().map(row).collect::<Vec<_>>());
    for (name, figures) in named {
        report.text(&format!("Refused, {name}: {}.\n", counts(&figures.refused_by_code)));
    }
    let row = |(name, served): (&&str, &figures::Latencies)| {
        [vec![(*name).to_owned(), during.a_second(served.count())], served.cells().to_vec()].concat()
    };
    let rows: Vec<_> = during.served_by_kind.iter().map(row).collect();
    report.table(&["served under overload", "a second", "p50, ms", "p99, ms", "longest, ms"], &rows);
}

fn judge(report: &mut Report, Phases { before, during, after, .. }: &Phases) {
    let all = [before, during, after];
    let sum = |count: fn(&Figures) -> u64| all.iter().map(|figures| count(figures)).sum::<u64>();
    let neither = all.map(|figures| counts(&figures.neither)).join("; ");
    let is_clean = all.iter().all(|figures| figures.neither.is_empty());
    report.verdict(&format!("everything is served, or a 429 or 503 (others: {neither})"), is_clean);
    let missing = sum(|figures| figures.without_retry_after);
    report.verdict(&format!("every refusal has a `Retry-After` ({missing} have none)"), missing == 0);
    let (late, cut) = (sum(|figures| figures.timed_out), sum(|figures| figures.cut));
    let silent = format!("nothing is left without an answer ({late} time-outs, {cut} connections cut)");
    report.verdict(&silent, late + cut == 0);
    report.verdict(
        &format!("what is refused is refused within {REFUSED_WITHIN_MS} ms (p99)"),
        during.refused.count() == 0 || during.refused.milliseconds(0.99) <= REFUSED_WITHIN_MS,
    );
    report.verdict(
        &format!("what is served is served within {SERVED_WITHIN_MS} ms (p99)"),
        during.served.milliseconds(0.99) <= SERVED_WITHIN_MS,
    );
    let ratio = after.served.milliseconds(0.99) / before.served.milliseconds(0.99);
    report.verdict(
        &format!("calm again: p99 is {} times what it was, at most {CALM_AGAIN}", decimals(ratio, 2)),
        ratio <= CALM_AGAIN,
    );
}
