//! Every text that the interface takes, found in its own documents: none takes what cannot
//! be kept or cannot be seen, also in fields that are added later.

use domain::Role;
use reqwest::Method;
use serde_json::{Map, Value, json};
use server::Service;
use tests::TestApp;
use tests::people::People;
use tests::rest::{Answer, PASSWORD, Rest, answer};
use tests::socket::{Heard, Socket};

use crate::text::{HOSTILE, in_query};

/// Where public tracking apps write: their words are read one by one, and none is kept.
const OF_OTHERS: &str = "/v1/devices/";

/// A text field of a request's body, as the documents have it.
struct Field {
    method: Method,
    path: String,
    body: Value,
    pointer: String,
    /// It takes words of people; not only an id, a choice, a token or the like.
    free: bool,
}

/// The schema itself, where a reference stands for it or null is allowed beside it.
fn resolved<'a>(api: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str() {
        return resolved(api, &api["components"]["schemas"][name.rsplit('/').next().unwrap()]);
    }
    match schema["oneOf"].as_array() {
        Some(either) => resolved(api, either.iter().find(|one| one["type"] != "null").unwrap()),
        None => schema,
    }
}

fn is(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|types| types.contains(&json!(kind)))
}

/// The text fields below a schema, as pointers, each with whether it is free.
fn texts(api: &Value, schema: &Value, at: &str, found: &mut Vec<(String, bool)>) {
    let schema = resolved(api, schema);
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        texts(api, inner, &format!("{at}/{name}"), found);
    }
    if is(schema, "array") {
        texts(api, &schema["items"], &format!("{at}/0"), found);
    }
    if is(schema, "string") {
        let limited = ["enum", "const", "pattern"].iter().any(|by| !schema[by].is_null());
        let free = !limited
            && (schema["format"].is_null()
                || ["email", "phone", "text"].iter().any(|ours| schema["format"] == *ours));
        found.push((at.to_owned(), free));
    }
}

/// A value that the schema takes, with `text` at the end of `pointer`.
fn made(api: &Value, schema: &Value, name: &str, pointer: &[&str], text: &str) -> Value {
    let schema = resolved(api, schema);
    if is(schema, "object") || schema["properties"].is_object() {
        let required =
            |name: &str| schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
        let mut object = Map::new();
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let on_the_way = pointer.first() == Some(&name.as_str());
            if on_the_way || required(name) {
                let rest = if on_the_way { &pointer[1..] } else { &["-"] };
                object.insert(name.clone(), made(api, inner, name, rest, text));
            }
        }
        return object.into();
    }
    if is(schema, "array") {
        return json!([made(api, &schema["items"], name, pointer.get(1..).unwrap_or(&["-"]), text)]);
    }
    if pointer.is_empty() {
        return json!(text);
    }
    let said = [&schema["const"], &schema["example"], &schema["enum"][0], &schema["minimum"]];
    if let Some(said) = said.into_iter().find(|said| !said.is_null()) {
        return said.clone();
    }
    match (name, schema["format"].as_str()) {
        ("phone", _) => json!("010-1234-5678"),
        (_, Some("uuid")) => json!(domain::Ids::uuid(&server::system::OsRandom)),
        (_, Some("date-time")) => json!("2026-11-26T03:00:00Z"),
        (_, Some("email")) => json!("somebody@example.com"),
        (_, Some("password")) => json!(PASSWORD),
        _ if is(schema, "string") => json!("글"),
        _ if is(schema, "boolean") => json!(false),
        _ => json!(1),
    }
}

fn fields(api: &Value) -> Vec<Field> {
    let mut fields = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            let mut found = Vec::new();
            texts(api, body, "", &mut found);
            for (pointer, free) in found {
                let method = method.to_uppercase().parse().unwrap();
                let free = free && !path.starts_with(OF_OTHERS);
                fields.push(Field { method, path: path.clone(), body: body.clone(), pointer, free });
            }
        }
    }
    fields
}

/// Whether the text stands anywhere in what came back.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(said) => said.contains(text),
        Value::Array(all) => all.iter().any(|one| holds(one, text)),
        Value::Object(all) => all.iter().any(|(key, one)| key.contains(text) || holds(one, text)),
        _ => false,
    }
}

fn names(answer: &Answer, pointer: &str) -> bool {
    let faults = answer.body["errors"].as_array();
    answer.status == 422 && faults.is_some_and(|all| all.iter().any(|fault| fault["pointer"] == pointer))
}

/// People of every role, and things of theirs, so that each path leads to something.
struct World {
    people: Vec<Rest>,
    order: String,
    conversation: String,
    address: String,
    device: String,
    /// Of the restaurant: itself, a heading, a dish, an option group and an option.
    card: [String; 5],
}

impl World {
    async fn new(app: &TestApp) -> Self {
        let clients = People::gather(app.app(), &app.url(Service::Gateway)).await;
        let order = clients.placed().await.id;
        let accept = json!({ "preparation_mins": 10 });
        clients.owner.command(order, "accept", accept).await.unwrap();
        clients.agent.presence(true, 5).await.unwrap();
        let conversation =
            clients.customer.converse("delivery", Some(order), "어디쯤 오셨나요?").await.unwrap().id;
        let address = clients.customer.addresses().await.unwrap()[0].id;
        app.person("admin", &[Role::Admin]).await;
        let mut people = vec![app.rest(Service::Gateway)];
        for who in ["customer", "owner", "courier", "agent"] {
            let person = app.sign_in(&format!("{who}@test.baedal.example")).await;
            people.push(app.rest_as(Service::Gateway, &person));
        }
        people.push(app.rest_as(Service::Gateway, &app.sign_in("admin@example.com").await));
        let [order, conversation, address] = [order, conversation, address].map(|id| id.to_string());
        let courier = &people[3];
        courier.put("/v1/couriers/me", json!({ "name": "김라이", "vehicle": "bicycle" })).await;
        let device = courier.post("/v1/couriers/me/devices", json!({ "name": "단말기" })).await.expect(201);
        let device = device["device_id"].as_str().unwrap().to_owned();
        let stands = services::menu::card(app.app(), clients.restaurant.into()).await.unwrap();
        let menu = stands.menus().next().unwrap();
        let (group, options) = (&stands.groups[0], &menu.option_groups[0]);
        let card = [stands.restaurant_id.0, group.id.0, menu.id.0, options.id.0, options.options[0].id.0];
        let card = card.map(|id| id.to_string());
        Self { people, order, conversation, address, device, card }
    }

    fn at(&self, path: &str) -> String {
        let thing = match path.split('/').nth(2) {
            Some("conversations") => &self.conversation,
            Some("users") => &self.address,
            Some("couriers") => &self.device,
            Some("restaurants") => &self.card[0],
            Some("menu-groups") => &self.card[1],
            Some("menus") => &self.card[2],
            Some("option-groups") => &self.card[3],
            Some("options") => &self.card[4],
            _ => &self.order,
        };
        let named = path.split('/').map(|part| match part {
            "{provider}" => "kakao",
            "{date}" => "2030-01-01",
            part if part.starts_with('{') => thing,
            part => part,
        });
        named.collect::<Vec<_>>().join("/")
    }

    async fn tell(&self, rest: &Rest, api: &Value, field: &Field, text: &str) -> Answer {
        let pointer: Vec<_> = field.pointer.split('/').skip(1).collect();
        let body = made(api, &field.body, "", &pointer, text);
        answer(rest.request(field.method.clone(), &self.at(&field.path)).json(&body)).await
    }

    /// What is wrong with how the field takes what no field takes.
    async fn flaws(&self, api: &Value, field: &Field) -> Vec<String> {
        let mut told = Vec::new();
        for person in &self.people {
            told.push((person, HOSTILE[0], self.tell(person, api, field, HOSTILE[0]).await));
        }
        // A caller who may use the route learns which field is wrong.
        let heard = told.iter().find(|(_, _, answer)| names(answer, &field.pointer));
        let (who, heard) = heard.map_or((&self.people[1], false), |(who, _, _)| (*who, true));
        for text in &HOSTILE[1..] {
            told.push((who, text, self.tell(who, api, field, text).await));
        }
        let wrong = told.iter().enumerate().filter(|(number, (_, text, answer))| {
            let by_who_may = *number >= self.people.len();
            answer.status.is_server_error()
                || (field.free && answer.status.is_success())
                || (field.free && holds(&answer.body, text))
                || (field.free && by_who_may && !(heard && names(answer, &field.pointer)))
        });
        let what = format!("{} {} {}", field.method, field.path, field.pointer);
        wrong
            .map(|(_, (_, text, answer))| format!("{what} {text:?}: {} {}", answer.status, answer.body))
            .collect()
    }
}

#[tokio::test]
async fn every_text_that_the_documents_name_refuses_what_cannot_be_kept_or_seen() {
    let app = TestApp::start().await;
    let world = World::new(&app).await;
    let api = app.rest(Service::Gateway).get("/openapi.json").await.expect(200);
    let fields = fields(&api);
    assert!(fields.iter().filter(|field| field.free).count() > 20);
    let mut flaws = Vec::new();
    for field in &fields {
        flaws.extend(world.flaws(&api, field).await);
    }
    assert!(flaws.is_empty(), "{}", flaws.join("\n"));
    // What is searched for is no text that is kept; it finds nothing.
    for (path, item) in api["paths"].as_object().unwrap() {
        let parameters: Vec<_> = item["get"]["parameters"].as_array().into_iter().flatten().collect();
        let in_queries: Vec<_> = parameters.into_iter().filter(|one| one["in"] == "query").collect();
        for parameter in in_queries.iter().filter(|one| is(&one["schema"], "string")) {
            for text in HOSTILE {
                let mut asked =
                    format!("{}?{}={}", world.at(path), parameter["name"].as_str().unwrap(), in_query(text));
                for other in in_queries.iter().filter(|one| one["required"] == true && one != &parameter) {
                    let name = other["name"].as_str().unwrap();
                    asked.push_str(&format!("&{name}={}", made(&api, &other["schema"], name, &["-"], "")));
                }
                let told = world.people[1].get(&asked).await;
                assert!(!told.status.is_server_error() && !holds(&told.body["items"], text), "{asked}");
            }
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn every_text_of_a_frame_that_the_documents_name_breaks_nothing_and_none_is_kept() {
    let app = TestApp::start().await;
    let world = World::new(&app).await;
    let document: Value = serde_json::from_str(include_str!("../../../realtime/asyncapi.json")).unwrap();
    let person = app.sign_in("customer@test.baedal.example").await;
    let mut asked = 0;
    for message in document["operations"]["toServer"]["messages"].as_array().unwrap() {
        let name = message["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let schema = &document["components"]["messages"][name]["payload"];
        let mut found = Vec::new();
        texts(&document, schema, "", &mut found);
        for ((pointer, _), text) in found.iter().flat_map(|found| HOSTILE.map(|text| (found, text))) {
            let path: Vec<_> = pointer.split('/').skip(1).collect();
            let mut frame = made(&document, schema, "", &path, text);
            if frame["conversation_id"].is_string() && pointer != "/conversation_id" {
                frame["conversation_id"] = json!(world.conversation);
            }
            let mut socket = Socket::open(app.address(Service::Gateway), &person.access_token).await;
            socket.say(frame).await;
            // Whatever comes of it, the socket does what follows, or is closed as documented.
            socket.say(json!({ "op": "unsubscribe", "channel": "none", "ref": "next" })).await;
            let mut problems = Vec::new();
            loop {
                match socket.hear().await {
                    Heard::Frame(frame) if frame["ref"] == "next" => break,
                    Heard::Frame(frame) => problems.push(frame["problem"].clone()),
                    Heard::Closed(code) => {
                        assert_eq!((name, code), ("auth", 4401), "{pointer} {text:?}");
                        break;
                    }
                }
            }
            let what = format!("{name} {pointer} {text:?}: {problems:?}");
            assert!(problems.iter().all(|problem| problem["type"] != "internal"), "{what}");
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked}");
    // The one text that is kept is told as over REST.
    let mut socket = Socket::open(app.address(Service::Gateway), &person.access_token).await;
    for text in HOSTILE {
        let id = domain::Ids::uuid(&server::system::OsRandom);
        let said = json!({ "op": "chat_send", "conversation_id": world.conversation, "client_message_id": id,
            "text": text });
        let problem = socket.ask(said).await["problem"].take();
        assert_eq!(
            (&problem["type"], &problem["errors"][0]["pointer"]),
            (&json!("invalid"), &json!("/text"))
        );
        assert!(!holds(&problem, text), "{problem}");
    }
    let kept = world.people[1].get(&format!("/v1/conversations/{}/messages", world.conversation)).await;
    let kept = kept.expect(200);
    assert!(HOSTILE.iter().all(|text| !holds(&kept, text)), "{kept}");
    app.stop().await;
}
