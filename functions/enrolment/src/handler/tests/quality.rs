//! `/api/qualite`: what statistics counted of the key's own establishment, and of no other.

use std::collections::BTreeMap;
use std::sync::Arc;

use fakes::aws::Fault;
use fakes::gateway::{Reply, request};
use fakes::s3::Object;
use jiff::Timestamp;

use super::world::{KEY, OTHER_KEY, READ_KEY, World, ask};

fn counted(world: &World, uai: &str) {
    let bytes = format!("{{\"uai\":\"{uai}\"}}").into();
    let object = Object { bytes, last_modified: Timestamp::now(), metadata: BTreeMap::new() };
    world.buckets.put("statistics", &format!("interne/etablissements/{uai}.json"), "", object);
}

async fn quality(world: &Arc<World>, headers: &[(&str, &str)]) -> Reply {
    ask(&world.context(), request("GET", "/api/qualite", headers, "")).await
}

#[tokio::test]
async fn an_establishment_is_told_its_own_quality_as_it_was_counted() {
    let world = World::new();
    counted(&world, "0010006B");
    let told = quality(&world, &[("x-api-key", KEY)]).await;
    assert_eq!((told.status, told.text.as_str()), (200, r#"{"uai":"0010006B"}"#));
    assert_eq!(told.headers["cache-control"], "no-store");

    let before_the_first_night = quality(&world, &[("x-api-key", OTHER_KEY)]).await;
    assert_eq!(before_the_first_night.status, 404);
    let error = before_the_first_night.json();
    assert_eq!(error["details"]["endpoint"], "qualite");
    assert!(error["message"].as_str().unwrap().contains("chaque nuit"), "{error}");
}

#[tokio::test]
async fn whoever_sends_nothing_is_told_nothing() {
    let world = World::new();
    counted(&world, "0010006B");
    assert_eq!(quality(&world, &[]).await.status, 401);
    assert_eq!(quality(&world, &[("x-api-key", READ_KEY)]).await.status, 401);
}

#[tokio::test]
async fn a_bucket_out_of_reach_is_our_fault() {
    let world = World::new();
    counted(&world, "0010006B");
    let context = world.context();
    let read = || request("GET", "/api/qualite", &[("x-api-key", KEY)], "");
    // Clients and establishments are known from here on.
    assert_eq!(ask(&context, read()).await.status, 200);
    let calls = *world.faults.calls.lock().unwrap();
    *world.faults.next.lock().unwrap() = Some(Fault::Before(calls + 2));
    assert_eq!(ask(&context, read()).await.status, 500);
}
