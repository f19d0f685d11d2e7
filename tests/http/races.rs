//! Many at once.

use std::pin::pin;

use encore_tests::{
    client::{Answer, Fan, is_server_error},
    on_every_store,
    service::Service,
};
use futures_util::future::{join_all, select};
use serde_json::json;

on_every_store! { encore_tests::service;
    two_hundred_buyers_of_one_seat_a_hundred_times_have_one_winner_each,
    two_hundred_simultaneous_charges_of_one_user_all_succeed_and_add_up,
    a_seat_that_was_given_back_in_the_middle_of_a_storm_is_not_told_to_be_taken,
    simultaneous_payments_of_one_reservation_pay_once,
    simultaneous_holds_of_one_user_stay_within_the_limit,
    overlapping_wishes_for_several_seats_end_without_a_deadlock,
}

const BUYERS: usize = 200;
const ROUNDS: i64 = 100;

async fn crowd(service: &Service, size: usize) -> Vec<Fan<'_>> {
    service.policy(json!({"maxActive": 1_000})).await;
    let mut fans = Vec::with_capacity(size);
    for _ in 0..size {
        fans.push(service.fan().await);
    }
    fans
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

async fn two_hundred_buyers_of_one_seat_a_hundred_times_have_one_winner_each(service: Service) {
    let show = service.concert(1_000).await;
    let fans = crowd(&service, BUYERS).await;
    for round in 0..ROUNDS {
        let seat = round % 50 + 1;
        let answers = join_all(fans.iter().map(async |fan| fan.hold(show.schedule, &[seat]).await)).await;
        assert_eq!(count(&answers, 201), 1, "round {round}: one winner");
        assert_eq!(count(&answers, 409), BUYERS - 1, "round {round}: a 409 for everybody else");
        for answer in answers.iter().filter(|answer| answer.status == 409) {
            assert_eq!(answer.body["code"], "SEAT_TAKEN");
            assert_eq!(answer.body["seatNumbers"], json!([seat]));
        }
        let winner = answers.iter().position(|answer| answer.status == 201).unwrap();
        let reservation = answers[winner].id_of("reservationId");
        fans[winner].delete(&format!("/reservations/{reservation}")).await.expect(200);
    }
}

async fn two_hundred_simultaneous_charges_of_one_user_all_succeed_and_add_up(service: Service) {
    let fan = service.fan().await;
    let answers = join_all((1..=200).map(|amount| fan.charge(amount))).await;
    assert_eq!(count(&answers, 201), 200, "every charge succeeds: {answers:?}");
    let total: i64 = (1..=200).sum();
    assert_eq!(fan.balance().await.expect(200).body["currentBalance"], json!(total));
    let mut seen: Vec<_> =
        answers.iter().map(|answer| answer.body["currentBalance"].as_i64().unwrap()).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 200, "each was told a balance of its own");
    assert_eq!(seen.last(), Some(&total), "the last was told the whole");
}

async fn a_seat_that_was_given_back_in_the_middle_of_a_storm_is_not_told_to_be_taken(service: Service) {
    let show = service.concert(1_000).await;
    let (owner, friend) = (service.fan().await, service.fan().await);
    let losers = crowd(&service, 4).await;
    service.fan().await.hold(show.schedule, &[2]).await.expect(201);
    // They want both seats and never get them, but keep every instance looking.
    let storm = join_all(losers.iter().map(async |loser| {
        loop {
            loser.hold(show.schedule, &[1, 2]).await.refused(409, "SEAT_TAKEN");
        }
    }));
    let handing_over = async {
        for (from, to) in [(&owner, &friend), (&friend, &owner)].into_iter().cycle().take(30) {
            let held = from.hold(show.schedule, &[1]).await.expect(201).id_of("reservationId");
            to.hold(show.schedule, &[1]).await.refused(409, "SEAT_TAKEN");
            from.delete(&format!("/reservations/{held}")).await.expect(200);
            let held = to.hold(show.schedule, &[1]).await.expect(201).id_of("reservationId");
            to.delete(&format!("/reservations/{held}")).await.expect(200);
        }
    };
    select(pin!(storm), pin!(handing_over)).await;
}

async fn simultaneous_payments_of_one_reservation_pay_once(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    fan.charge(5_000).await.expect(201);
    let reservation = fan.hold(show.schedule, &[1]).await.expect(201).id_of("reservationId");
    let answers = join_all((0..20).map(|_| fan.pay(reservation))).await;
    assert_eq!(count(&answers, 201), 1, "one payment: {answers:?}");
    assert!(!answers.iter().any(is_server_error), "no fault of ours: {answers:?}");
    let later = service.join(fan.user).await;
    assert_eq!(later.balance().await.expect(200).body["currentBalance"], json!(4_000));
}

async fn simultaneous_holds_of_one_user_stay_within_the_limit(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let answers = join_all((1..=30).map(|seat| {
        let fan = fan.clone();
        async move { fan.hold(show.schedule, &[seat]).await }
    }))
    .await;
    assert_eq!(count(&answers, 201), 4, "four seats, one each: {answers:?}");
    assert_eq!(count(&answers, 409), 26, "the limit for the others: {answers:?}");
}

async fn overlapping_wishes_for_several_seats_end_without_a_deadlock(service: Service) {
    let show = service.concert(1_000).await;
    let fans = crowd(&service, 40).await;
    let wishes: [&[i64]; 4] = [&[1, 2, 3, 4], &[4, 3, 2, 1], &[2, 4], &[3, 1]];
    let answers =
        join_all(fans.iter().zip(wishes.iter().cycle()).map(|(fan, wish)| fan.hold(show.schedule, wish)))
            .await;
    assert!(!answers.iter().any(is_server_error), "no fault of ours: {answers:?}");
    let won: usize = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .map(|answer| answer.body["seats"].as_array().unwrap().len())
        .sum();
    assert!((2..=4).contains(&won), "each of the four seats is won at most once, and somebody wins: {won}");
    let held = service.database.number("SELECT count(*) FROM seats WHERE reservation_id IS NOT NULL").await;
    assert_eq!(usize::try_from(held).unwrap(), won, "nobody who lost holds a part of the wish");
}
