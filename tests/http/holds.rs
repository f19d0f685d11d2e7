//! Holding seats, and what becomes of a hold.

use std::time::Duration;

use encore_tests::{
    databases::Database,
    on_every_store,
    service::{self, Service},
};
use serde_json::json;
use tokio::time::timeout;

on_every_store! { encore_tests::service;
    a_hold_is_all_or_nothing_and_names_the_seats_in_conflict,
    at_most_four_unpaid_seats_of_a_schedule_are_held,
    a_cancelled_hold_frees_its_seats_at_once,
    a_seat_that_was_refused_again_and_again_is_held_once_it_is_given_back,
    whoever_has_lost_a_seat_and_the_turn_is_told_that_the_turn_is_over,
    whoever_asks_again_with_the_key_of_a_hold_is_not_told_that_the_seat_is_taken,
    only_a_hold_that_counts_can_be_cancelled,
    seats_that_do_not_exist_are_told_from_numbers_that_can_not,
    reservations_are_listed_newest_first_by_status_and_page,
}

pub(crate) mod two_second_holds {
    use super::{Database, Service, service};

    const SETTINGS: &[(&str, &str)] = &[("ENCORE_HOLD_SECONDS", "2"), ("ENCORE_SCHEDULER", "outside")];

    pub(crate) async fn sqlite() -> Service {
        Service::start(Database::sqlite().await, 1, SETTINGS).await
    }

    pub(crate) async fn postgres() -> Service {
        Service::start(Database::postgres().await, service::INSTANCES, SETTINGS).await
    }
}

mod unscheduled {
    use super::*;

    on_every_store! { super::super::two_second_holds;
        a_hold_runs_out_on_time_without_any_scheduler,
    }

    async fn a_hold_runs_out_on_time_without_any_scheduler(service: Service) {
        let show = service.concert(1_000).await;
        let (slow, quick) = (service.fan().await, service.fan().await);
        slow.charge(1_000).await.expect(201);
        let held = slow.hold(show.schedule, &[1]).await.expect(201);
        let reservation = held.id_of("reservationId");
        let expires_at: chrono::DateTime<chrono::Utc> = held.text_of("expiresAt").parse().unwrap();

        let taking_over = async {
            loop {
                let answer = quick.hold(show.schedule, &[1]).await;
                if answer.status == 201 {
                    return answer;
                }
                answer.refused(409, "SEAT_TAKEN");
            }
        };
        let taken =
            timeout(Duration::from_secs(4), taking_over).await.expect("the seat is free after 2 seconds");
        let reserved_at: chrono::DateTime<chrono::Utc> = taken.text_of("reservationTime").parse().unwrap();
        assert!(reserved_at >= expires_at, "taken at {reserved_at}, before the hold ran out at {expires_at}");
        assert!(reserved_at - expires_at < chrono::Duration::milliseconds(500), "taken late: {reserved_at}");

        slow.pay(reservation).await.refused(409, "HOLD_EXPIRED");
        let seen = slow.get(&format!("/reservations/{reservation}")).await.expect(200);
        assert_eq!(seen.body["reservationStatus"], "EXPIRED");
        slow.delete(&format!("/reservations/{reservation}")).await.refused(409, "NOT_CANCELLABLE");
        assert_eq!(slow.balance().await.expect(200).body["currentBalance"], json!(1_000));
    }
}

async fn a_hold_is_all_or_nothing_and_names_the_seats_in_conflict(service: Service) {
    let show = service.concert(1_000).await;
    let (first, second) = (service.fan().await, service.fan().await);
    first.hold(show.schedule, &[2, 4]).await.expect(201);
    let refused = second.hold(show.schedule, &[1, 2, 3, 4]).await.refused(409, "SEAT_TAKEN");
    assert_eq!(refused.body["seatNumbers"], json!([2, 4]));
    second.hold(show.schedule, &[1, 3]).await.expect(201);
}

async fn at_most_four_unpaid_seats_of_a_schedule_are_held(service: Service) {
    let show = service.concert(1_000).await;
    let other = service.schedule(show.concert, json!([{"from": 1, "to": 5, "grade": "R", "price": 1}])).await;
    let fan = service.fan().await;
    fan.hold(show.schedule, &[1, 2, 3, 4, 5]).await.refused(409, "SEAT_LIMIT_REACHED");
    fan.hold(show.schedule, &[1, 2, 3]).await.expect(201);
    fan.hold(show.schedule, &[4, 5]).await.refused(409, "SEAT_LIMIT_REACHED");
    fan.hold(show.schedule, &[4]).await.expect(201);
    fan.hold(other, &[1, 2, 3, 4]).await.expect(201);
}

async fn a_cancelled_hold_frees_its_seats_at_once(service: Service) {
    let show = service.concert(1_000).await;
    let (first, second) = (service.fan().await, service.fan().await);
    let reservation = first.hold(show.schedule, &[1, 2]).await.expect(201).id_of("reservationId");
    let cancelled = first.delete(&format!("/reservations/{reservation}")).await.expect(200);
    assert_eq!(cancelled.body["reservationStatus"], "CANCELLED");
    second.hold(show.schedule, &[1, 2]).await.expect(201);
    first.charge(5_000).await.expect(201);
    first.pay(reservation).await.refused(409, "NOT_PAYABLE");
}

async fn a_seat_that_was_refused_again_and_again_is_held_once_it_is_given_back(service: Service) {
    let show = service.concert(1_000).await;
    let (first, second) = (service.fan().await, service.fan().await);
    let reservation = first.hold(show.schedule, &[1, 2]).await.expect(201).id_of("reservationId");
    for _ in 0..4 {
        let refused = second.hold(show.schedule, &[2, 3]).await.refused(409, "SEAT_TAKEN");
        assert_eq!(refused.body["seatNumbers"], json!([2]));
    }
    second.hold(show.schedule, &[3]).await.expect(201);
    first.delete(&format!("/reservations/{reservation}")).await.expect(200);
    second.hold(show.schedule, &[2]).await.expect(201);
}

async fn whoever_has_lost_a_seat_and_the_turn_is_told_that_the_turn_is_over(service: Service) {
    let show = service.concert(1_000).await;
    let (winner, loser) = (service.fan().await, service.fan().await);
    winner.hold(show.schedule, &[1]).await.expect(201);
    for _ in 0..4 {
        loser.hold(show.schedule, &[1]).await.refused(409, "SEAT_TAKEN");
    }
    loser.leave().await.expect(204);
    for _ in 0..4 {
        loser.hold(show.schedule, &[1]).await.refused(401, "QUEUE_TOKEN_ENDED");
    }
}

async fn whoever_asks_again_with_the_key_of_a_hold_is_not_told_that_the_seat_is_taken(service: Service) {
    let show = service.concert(1_000).await;
    let (winner, loser) = (service.fan().await, service.fan().await);
    let wish = json!({"scheduleId": show.schedule, "seatNumbers": [1]});
    let first = winner.post_once("/reservations", "key", wish.clone()).await.expect(201);
    for _ in 0..4 {
        loser.post_once("/reservations", "key", wish.clone()).await.refused(409, "SEAT_TAKEN");
        let again = winner.post_once("/reservations", "key", wish.clone()).await.expect(201);
        assert_eq!(again.body, first.body, "expected the first answer again");
    }
}

async fn only_a_hold_that_counts_can_be_cancelled(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    fan.charge(1_000).await.expect(201);
    let path = |id: uuid::Uuid| format!("/reservations/{id}");
    fan.delete(&path(uuid::Uuid::now_v7())).await.refused(404, "RESERVATION_NOT_FOUND");
    fan.delete("/reservations/17").await.refused(404, "RESERVATION_NOT_FOUND");
    let reservation = fan.hold(show.schedule, &[1]).await.expect(201).id_of("reservationId");
    fan.pay(reservation).await.expect(201);
    let later = service.join(fan.user).await;
    later.delete(&path(reservation)).await.refused(409, "NOT_CANCELLABLE");
    later.pay(reservation).await.refused(409, "ALREADY_PAID");
}

async fn seats_that_do_not_exist_are_told_from_numbers_that_can_not(service: Service) {
    let show = service.concert_with(json!([{"from": 1, "to": 3, "grade": "R", "price": 1}])).await;
    let fan = service.fan().await;
    let missing = fan.hold(show.schedule, &[2, 4]).await.refused(404, "SEAT_NOT_FOUND");
    assert_eq!(missing.body["seatNumbers"], json!([4]));
    for seats in [vec![0], vec![51], vec![-1], vec![], vec![2, 2]] {
        fan.hold(show.schedule, &seats).await.refused(422, "INVALID_REQUEST");
    }
    fan.hold(uuid::Uuid::now_v7(), &[1]).await.refused(404, "SCHEDULE_NOT_FOUND");
}

async fn reservations_are_listed_newest_first_by_status_and_page(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let mut made = vec![];
    for seat in 1..=3 {
        made.insert(0, fan.hold(show.schedule, &[seat]).await.expect(201).text_of("reservationId"));
    }
    fan.delete(&format!("/reservations/{}", made[1])).await.expect(200);
    let ids = |answer: &encore_tests::client::Answer| -> Vec<String> {
        let items = answer.body["items"].as_array().unwrap();
        items.iter().map(|item| item["reservationId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&fan.get("/reservations").await.expect(200)), made);
    assert_eq!(ids(&fan.get("/reservations?status=CANCELLED").await.expect(200)), [made[1].clone()]);
    assert_eq!(ids(&fan.get("/reservations?status=EXPIRED").await.expect(200)), Vec::<String>::new());
    let first = fan.get("/reservations?limit=2").await.expect(200);
    assert_eq!(ids(&first), made[..2]);
    let rest = fan.get(&format!("/reservations?limit=2&cursor={}", first.text_of("next"))).await.expect(200);
    assert_eq!((ids(&rest), &rest.body["next"]), (vec![made[2].clone()], &json!(null)));
    for query in ["status=LOST", "limit=0", "limit=201", "limit=", "cursor=x", "cursor="] {
        fan.get(&format!("/reservations?{query}")).await.refused(422, "INVALID_REQUEST");
    }
}
