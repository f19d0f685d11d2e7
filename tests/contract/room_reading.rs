//! What a store tells of its room: all of it, and what has changed since.

use adapter_persistence::Store;
use domain::{
    ids::TicketId,
    waiting_room::{
        EndReason, RollCall, RoomContents, RoomEvent, RoomReading, RoomView, Ticket, TicketState,
    },
};

use crate::stage::{Guest, Stage, ended};

encore_tests::on_every_store! {
    crate::stage;
    the_whole_room_is_read_as_it_is,
    what_has_not_changed_is_not_told_again,
    newcomers_are_told_by_the_last_number_alone,
    every_change_of_a_ticket_is_told,
    a_change_of_policy_is_told,
    following_the_changes_gives_the_whole_room,
    nothing_is_missed_while_many_change_the_room_at_once,
    a_change_that_commits_after_a_later_one_is_not_missed,
    a_store_that_has_gone_back_is_read_as_a_whole,
    a_change_of_the_room_is_given_notice_of,
}

async fn whole(stage: &Stage) -> RoomReading {
    stage.ports.room.read_room(None).await.unwrap()
}

async fn since(stage: &Stage, earlier: &RoomReading) -> RoomReading {
    stage.ports.room.read_room(Some(earlier.mark.clone())).await.unwrap()
}

/// The tickets of which a reading tells.
fn told(reading: &RoomReading) -> Vec<TicketId> {
    match &reading.contents {
        RoomContents::Changed(news) => news.iter().map(|news| news.ticket.id).collect(),
        whole @ RoomContents::Whole { .. } => panic!("expected changes, got {whole:?}"),
    }
}

async fn the_whole_room_is_read_as_it_is(stage: Stage) {
    stage.max_active(2).await;
    let guests = stage.guests(2).await;
    let waiting = [stage.newcomer().await.ticket.number, stage.newcomer().await.ticket.number];
    stage.leave(guests[0].ticket).await;
    let reading = whole(&stage).await;
    assert_eq!(reading.last_number, 4);
    let RoomContents::Whole { waiting: told, passed_over, mut turns, admitted_at } = reading.contents else {
        panic!("expected everybody, got {reading:?}");
    };
    assert_eq!((told, passed_over, admitted_at.len()), (vec![waiting[1]], vec![], 3));
    turns.sort_by_key(|turn| turn.number);
    let expected = [guests[1].ticket, turns[1].id].map(async |ticket| stage.ticket(ticket).await);
    let [second, third] = expected;
    assert_eq!((turns[0], turns[1]), (second.await, third.await));
    assert_eq!(turns[1].number, waiting[0], "expected who came first to have been admitted");
}

async fn what_has_not_changed_is_not_told_again(stage: Stage) {
    stage.max_active(1).await;
    stage.guests(1).await;
    stage.newcomer().await;
    let first = whole(&stage).await;
    let second = since(&stage, &first).await;
    assert_eq!(told(&second), []);
    stage.newcomer().await;
    assert_eq!(told(&since(&stage, &second).await), []);
}

async fn newcomers_are_told_by_the_last_number_alone(stage: Stage) {
    stage.max_active(1).await;
    let before = whole(&stage).await;
    let guest = stage.guest().await;
    stage.newcomer().await;
    let reading = since(&stage, &before).await;
    assert_eq!((reading.last_number, told(&reading)), (2, vec![guest.ticket]), "expected who was admitted");
}

async fn every_change_of_a_ticket_is_told(stage: Stage) {
    let show = stage.schedule().await;
    stage.max_active(1).await;
    let first = stage.guest().await;
    let second = stage.newcomer().await.ticket;
    let third = stage.newcomer().await.ticket;
    let mut reading = whole(&stage).await;
    let mut next = async || {
        reading = since(&stage, &reading).await;
        let mut numbers = told(&reading);
        numbers.sort_unstable();
        numbers
    };
    stage.leave(first.ticket).await;
    assert_eq!(next().await, [first.ticket, second.id], "who left, and who was admitted");
    stage.ports.room.claim(second.id, second.user).await.unwrap();
    assert_eq!(next().await, [second.id], "who came");
    stage.hold_and_pay(Guest { user: second.user, ticket: second.id }, &show, &[1]).await;
    assert_eq!(next().await, [second.id], "who paid");
    stage.ports.room.admit().await.unwrap();
    assert_eq!(next().await, [third.id], "who came next");
    stage.run_out_turn(third.id).await;
    assert_eq!(next().await, [third.id], "whose turn was changed");
    stage.ports.room.admit().await.unwrap();
    assert_eq!(next().await, [third.id], "whose turn was ended");
    assert_eq!(stage.ticket(third.id).await.state, ended(EndReason::NoShow));
}

async fn a_change_of_policy_is_told(stage: Stage) {
    let before = whole(&stage).await;
    stage.max_active(7).await;
    assert_eq!(since(&stage, &before).await.policy.max_active.get(), 7);
}

async fn following_the_changes_gives_the_whole_room(stage: Stage) {
    stage.max_active(2).await;
    let reading = whole(&stage).await;
    let mut mark = reading.clone();
    let mut view = RoomView::of(reading);
    let mut tickets: Vec<Ticket> = Vec::new();
    for round in 0..8 {
        tickets.push(stage.newcomer().await.ticket);
        tickets.push(stage.newcomer().await.ticket);
        if round % 2 == 1 {
            stage.leave(tickets[round].id).await;
        }
        if round == 5 {
            stage.ports.room.call_roll(&RollCall { signs: vec![], near_up_to: 100 }).await.unwrap();
            let past = stage.instant(stage.now() - chrono::Duration::seconds(1));
            stage.sql(&format!("UPDATE queue_tickets SET present_until = {past} WHERE number = 9")).await;
        }
        mark = since(&stage, &mark).await;
        view.take_in(mark.clone());
        let (fresh, now) = stage.view().await;
        assert_eq!(
            view.overview(now),
            domain::waiting_room::RoomOverview { age: view.age(now), ..fresh.overview(now) }
        );
        for ticket in &tickets {
            let issued = Ticket { state: TicketState::Waiting, ..*ticket };
            let place = |view: &RoomView| {
                view.place(&issued, now).map(|place| (place.ticket, place.ahead, place.there_ahead))
            };
            assert_eq!(place(&view), place(&fresh), "number {} in round {round}", ticket.number);
        }
    }
}

async fn nothing_is_missed_while_many_change_the_room_at_once(stage: Stage) {
    stage.max_active(5).await;
    let reading = whole(&stage).await;
    let mut mark = reading.clone();
    let mut view = RoomView::of(reading);
    let mut ends = 0;
    let mut take_in = |reading: RoomReading| {
        let events = view.take_in(reading);
        ends += events.iter().filter(|event| matches!(event, RoomEvent::Ended { .. })).count();
        view.overview(chrono::DateTime::UNIX_EPOCH).waiting
    };
    let visit = async || {
        let ticket = stage.newcomer().await.ticket;
        stage.ports.room.claim(ticket.id, ticket.user).await.unwrap();
        stage.leave(ticket.id).await;
    };
    let mut visits = std::pin::pin!(stage.at_the_same_time((0..40).map(|_| visit())));
    loop {
        tokio::select! {
            _ = &mut visits => break,
            reading = since(&stage, &mark) => {
                mark = reading;
                take_in(mark.clone());
            }
        }
    }
    let waiting = take_in(since(&stage, &mark).await);
    assert_eq!((waiting, ends), (0, 40), "expected every visit to be told to its end, once");
}

async fn a_store_that_has_gone_back_is_read_as_a_whole(stage: Stage) {
    stage.guest().await;
    let mark = whole(&stage).await.mark.0;
    // On a server the snapshot, and the connection that took it.
    let (place, connection) =
        mark.split_once('@').map_or((mark.as_str(), ""), |(place, _)| (place, &mark[place.len()..]));
    let later =
        |part: &str| part.parse().map_or(String::new(), |number: u64| (number + 1_000_000).to_string());
    let place: Vec<_> = place.split(':').map(later).collect();
    let later = domain::waiting_room::RoomMark(place.join(":") + connection);
    let reading = stage.ports.room.read_room(Some(later)).await.unwrap();
    assert!(matches!(reading.contents, RoomContents::Whole { .. }), "expected everybody, got {reading:?}");
}

/// Only a server has transactions that commit in another order than they began.
async fn a_change_that_commits_after_a_later_one_is_not_missed(stage: Stage) {
    let guests = stage.guests(2).await;
    let Some(slow) = stage.database.session().await else { return };
    let before = whole(&stage).await;
    let id = stage.id(guests[0].ticket.0);
    slow.run("BEGIN").await;
    slow.run(&format!("UPDATE queue_tickets SET claimed_at = NULL WHERE id = {id}")).await;
    let second = stage.id(guests[1].ticket.0);
    stage.sql(&format!("UPDATE queue_tickets SET claimed_at = NULL WHERE id = {second}")).await;
    let between = since(&stage, &before).await;
    assert_eq!(told(&between), [guests[1].ticket]);
    slow.run("COMMIT").await;
    assert_eq!(
        told(&since(&stage, &between).await),
        [guests[0].ticket],
        "expected the slow one not to be missed"
    );
}

async fn a_change_of_the_room_is_given_notice_of(stage: Stage) {
    let other = Store::open(&stage.database.address(), 2).await.unwrap().ports();
    // On a file the one instance tells itself.
    let notices = if stage.database.session().await.is_some() {
        &other.room_notices
    } else {
        &stage.ports.room_notices
    };
    let mut noticed = std::pin::pin!(notices.next());
    let changing = async {
        loop {
            let guest = stage.guest().await;
            stage.leave(guest.ticket).await;
        }
    };
    let patience = std::time::Duration::from_secs(10);
    tokio::time::timeout(patience, async {
        tokio::select! { () = &mut noticed => {}, () = changing => {} }
    })
    .await
    .expect("a notice comes");
}
