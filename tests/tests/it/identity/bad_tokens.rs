//! Access tokens that nobody should believe, in one table, tried on REST, sockets and streams.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use domain::auth::SigningAlg;
use domain::{Ids as _, Role};
use futures::StreamExt as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header, crypto};
use serde_json::{Value, json};
use server::Service;
use server::system::OsRandom;
use store::auth::SigningKey;
use tests::TestApp;
use tests::process::Process;
use tests::rest::Person;
use tests::socket::{Heard, Socket};

const NOT_GOOD: &str = "auth.token_not_good";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(part: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()
}

/// A good token, taken apart, and the key that signed it.
struct Good {
    whole: String,
    head: String,
    body: String,
    signature: String,
    header: Value,
    claims: Value,
    key: SigningKey,
    jwk: Value,
}

impl Good {
    async fn of(app: &TestApp, person: &Person) -> Self {
        let whole = person.access_token.clone();
        let [head, body, signature]: [String; 3] =
            whole.split('.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
        let header: Value = serde_json::from_slice(&decode(&head)).unwrap();
        let claims = serde_json::from_slice(&decode(&body)).unwrap();
        let keys = store::auth::keys(&app.app().store).await.unwrap().signing;
        let key = keys.into_iter().find(|key| key.kid == header["kid"]).unwrap();
        let public = services::auth::public_keys(app.app()).unwrap();
        let jwk = public["keys"].as_array().unwrap().iter().find(|jwk| jwk["kid"] == header["kid"]).unwrap();
        Self { head, body, signature, header, claims, jwk: jwk.clone(), key, whole }
    }

    /// Signs these two parts with the right key, as only somebody who holds it could.
    fn sign(&self, head: &str, body: &str) -> String {
        let key = EncodingKey::from_ec_der(&self.key.private_key);
        let signed = format!("{head}.{body}");
        let signature = crypto::sign(signed.as_bytes(), &key, Algorithm::ES256).unwrap();
        format!("{signed}.{signature}")
    }

    fn with_header(&self, changes: &Value) -> String {
        self.sign(&encode(changed(&self.header, changes).to_string()), &self.body)
    }

    fn with_header_text(&self, header: &str) -> String {
        self.sign(&encode(header), &self.body)
    }

    fn with_claims(&self, changes: &Value) -> String {
        self.sign(&self.head, &encode(changed(&self.claims, changes).to_string()))
    }

    fn with_claims_text(&self, claims: &str) -> String {
        self.sign(&self.head, &encode(claims))
    }

    /// A token with this secret as an HMAC key.
    fn hmac(&self, alg: Algorithm, secret: &[u8]) -> String {
        let mut header = Header::new(alg);
        (header.typ, header.kid) = (Some("at+jwt".into()), self.header["kid"].as_str().map(str::to_owned));
        jsonwebtoken::encode(&header, &self.claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    fn signed_by(&self, signature: impl AsRef<[u8]>) -> String {
        format!("{}.{}.{}", self.head, self.body, encode(signature))
    }

    /// The public key in every spelling that somebody could take for a secret.
    fn public_key_spellings(&self) -> Vec<Vec<u8>> {
        let [x, y] = ["x", "y"].map(|name| decode(self.jwk[name].as_str().unwrap()));
        let point = [&[4][..], &x, &y].concat();
        let compressed = [&[2 + y[31] % 2][..], &x].concat();
        let prefix =
            b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\
            \x03\x42\x00";
        let der = [&prefix[..], &point].concat();
        let base64 = BASE64_STANDARD.encode(&der);
        let lines = |end: &str| {
            base64
                .as_bytes()
                .chunks(64)
                .map(|line| [line, end.as_bytes()].concat())
                .collect::<Vec<_>>()
                .concat()
        };
        let pem = |end: &str| {
            let lines = String::from_utf8(lines(end)).unwrap();
            format!("-----BEGIN PUBLIC KEY-----{end}{lines}-----END PUBLIC KEY-----")
        };
        let jwk = self.jwk.to_string();
        let only = json!({ "crv": "P-256", "kty": "EC", "x": self.jwk["x"], "y": self.jwk["y"] });
        let mut spellings: Vec<Vec<u8>> = vec![
            x.clone(),
            y.clone(),
            [&x[..], &y].concat(),
            point.clone(),
            compressed,
            der.clone(),
            encode(&x).into(),
            encode(&y).into(),
            encode(&point).into(),
            encode(&der).into(),
            BASE64_STANDARD.encode(&x).into(),
            BASE64_STANDARD.encode(&point).into(),
            base64.clone().into(),
            jwk.clone().into(),
            serde_json::to_vec_pretty(&self.jwk).unwrap(),
            only.to_string().into(),
            encode(&jwk).into(),
            json!({ "keys": [self.jwk] }).to_string().into(),
            self.header["kid"].as_str().unwrap().into(),
        ];
        for end in ["\n", "\r\n"] {
            spellings.push(pem(end).into());
            spellings.push(format!("{}{end}", pem(end)).into());
        }
        spellings.extend([Vec::new(), vec![0], vec![0; 32], b"secret".to_vec()]);
        spellings
    }
}

/// The object with these members; null removes one.
fn changed(object: &Value, changes: &Value) -> Value {
    let mut object = object.as_object().unwrap().clone();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            object.remove(name)
        } else {
            object.insert(name.clone(), value.clone())
        };
    }
    object.into()
}

/// Every bad token, with what is wrong with it and the answer.
fn table(good: &Good, person: &Person, now: i64) -> Vec<(String, String, &'static str)> {
    let Good { head, body, signature, whole, .. } = good;
    let mut bad: Vec<(String, String)> = Vec::new();
    let mut add = |what: &str, token: String| bad.push((what.to_owned(), token));

    for alg in ["none", "None", "NONE", "nOnE", "NoNe", " none", "none ", "", "null"] {
        let unsigned = encode(changed(&good.header, &json!({ "alg": alg })).to_string());
        for token in [
            format!("{unsigned}.{body}."),
            format!("{unsigned}.{body}"),
            format!("{unsigned}.{body}.{signature}"),
        ] {
            add(&format!("alg {alg:?}"), token);
        }
    }
    for alg in ["es256", "Es256", "ES384", "ES512", "ES256K", "RS256", "PS256", "HS256", "EdDSA", "Ed25519"] {
        add(&format!("alg {alg} over a good signature"), good.with_header(&json!({ "alg": alg })));
    }
    for (number, secret) in good.public_key_spellings().iter().enumerate() {
        for alg in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            add(&format!("the public key as a secret, spelling {number}, {alg:?}"), good.hmac(alg, secret));
            let confused = good.hmac(alg, secret);
            let mac = confused.rsplit('.').next().unwrap();
            add(
                &format!("the same under our header, spelling {number}, {alg:?}"),
                format!("{head}.{body}.{mac}"),
            );
        }
    }
    let order = b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";
    let mut one = [0; 64];
    (one[31], one[63]) = (1, 1);
    for (what, forged) in [
        ("r = s = 0", vec![0; 64]),
        ("r = s = 1", one.to_vec()),
        ("r = s = n", [&order[..], order].concat()),
        ("r = 0", [&[0; 32][..], &decode(signature)[32..]].concat()),
        ("s = 0", [&decode(signature)[..32], &[0; 32]].concat()),
        ("all ones", vec![0xff; 64]),
        ("zeros of another length", vec![0; 32]),
        ("a DER signature of zeros", b"\x30\x06\x02\x01\x00\x02\x01\x00".to_vec()),
        ("no signature", Vec::new()),
        ("a short one", decode(signature)[..63].to_vec()),
        ("a long one", [&decode(signature)[..], &[0]].concat()),
    ] {
        add(&format!("signature: {what}"), good.signed_by(forged));
    }
    for (what, token) in [
        ("no signature and no dot", format!("{head}.{body}")),
        ("no signature", format!("{head}.{body}.")),
        ("no payload", format!("{head}..{signature}")),
        ("no header", format!(".{body}.{signature}")),
        ("four parts", format!("{whole}.{signature}")),
        ("five parts, as a JWE has", format!("{head}.{body}.{body}.{body}.{signature}")),
        ("padding", format!("{head}.{body}.{signature}==")),
        ("the last character changed", format!("{}{}", &whole[..whole.len() - 1], "_")),
        ("swapped parts", format!("{body}.{head}.{signature}")),
        ("dots", "..".to_owned()),
        ("not base64", format!("{head}.{body}.!!!!")),
        ("another alphabet", format!("{head}.{body}.{}", signature.replace(['-', '_'], "+"))),
        ("very long", format!("{head}.{}.{signature}", "A".repeat(20_000))),
        ("a refresh token", person.refresh_token.clone()),
        ("something else", "x".to_owned()),
    ] {
        // Whoever has no character to replace has the good one.
        if token != *whole {
            add(&format!("form: {what}"), token);
        }
    }
    // Headers, signed with the right key: whoever could make these could make good ones as well,
    // but nothing in a header may decide anything.
    for (what, change) in [
        ("jku", json!({ "jku": "https://evil.example/keys" })),
        ("x5u", json!({ "x5u": "https://evil.example/cert" })),
        ("x5c", json!({ "x5c": ["MIIB"] })),
        ("x5t", json!({ "x5t": "AA", "x5t#S256": "AA" })),
        ("an embedded key", json!({ "jwk": good.jwk })),
        ("crit", json!({ "crit": ["exp"] })),
        ("crit, empty", json!({ "crit": [] })),
        ("crit of an extension", json!({ "crit": ["http://evil.example/x"], "http://evil.example/x": true })),
        ("b64", json!({ "b64": false, "crit": ["b64"] })),
        ("b64 alone", json!({ "b64": false })),
        ("cty of a nested token", json!({ "cty": "JWT" })),
        ("zip", json!({ "zip": "DEF" })),
        ("enc", json!({ "alg": "dir", "enc": "A256GCM" })),
        ("typ JWT", json!({ "typ": "JWT" })),
        ("typ in capitals", json!({ "typ": "AT+JWT" })),
        ("typ of an ID token", json!({ "typ": "id+jwt" })),
        ("no typ", json!({ "typ": null })),
        ("no kid", json!({ "kid": null })),
        ("kid empty", json!({ "kid": "" })),
        ("kid wildcard", json!({ "kid": "*" })),
        ("kid SQL wildcard", json!({ "kid": "%" })),
        ("kid SQL", json!({ "kid": "' or '1'='1" })),
        ("kid path", json!({ "kid": "../../../../dev/null" })),
        ("kid URL", json!({ "kid": "https://evil.example/key" })),
        ("kid NUL", json!({ "kid": "\u{0}" })),
        ("kid number", json!({ "kid": 0 })),
        ("kid list", json!({ "kid": [good.header["kid"]] })),
        ("kid object", json!({ "kid": { "$ne": null } })),
        ("kid very long", json!({ "kid": "a".repeat(2_000) })),
        ("kid with a space", json!({ "kid": format!("{} ", good.key.kid) })),
        ("kid in capitals", json!({ "kid": good.key.kid.to_uppercase() })),
        ("kid of nobody", json!({ "kid": OsRandom.uuid().to_string() })),
    ] {
        add(&format!("header: {what}"), good.with_header(&change));
    }
    let kid = &good.key.kid;
    for header in [
        format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"{kid}","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"none","alg":"ES256","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"ES256","alg":"none","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","\u0061lg":"none","alg":"ES256","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"{kid}"}} "#),
        format!("[\"at+jwt\",\"ES256\",\"{kid}\"]"),
        "null".to_owned(),
        String::new(),
        "{".repeat(3_000),
    ] {
        add(&format!("header text: {header:.60}"), good.with_header_text(&header));
    }
    // Another key under our kid, and embedded.
    let mut foreign = Header::new(Algorithm::EdDSA);
    (foreign.typ, foreign.kid) = (Some("at+jwt".into()), Some(kid.clone()));
    let seed = [&b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..], &[7; 32]].concat();
    let theirs = EncodingKey::from_ed_der(&seed);
    add("another key under our kid", jsonwebtoken::encode(&foreign, &good.claims, &theirs).unwrap());
    let own = jsonwebtoken::jwk::Jwk::from_encoding_key(&theirs, Algorithm::EdDSA).unwrap();
    foreign.jwk = Some(own);
    add(
        "another key under our kid, embedded",
        jsonwebtoken::encode(&foreign, &good.claims, &theirs).unwrap(),
    );
    // Claims.
    add("another payload under the same signature", {
        let admin = changed(&good.claims, &json!({ "roles": ["admin"] }));
        format!("{head}.{}.{signature}", encode(admin.to_string()))
    });
    for (what, change) in [
        ("iss of somebody", json!({ "iss": "somebody" })),
        ("iss with a slash", json!({ "iss": format!("{}/", good.claims["iss"].as_str().unwrap()) })),
        ("iss list", json!({ "iss": [good.claims["iss"]] })),
        ("no iss", json!({ "iss": null })),
        ("aud of another", json!({ "aud": "something" })),
        ("aud list", json!({ "aud": ["something", good.claims["aud"]] })),
        ("no aud", json!({ "aud": null })),
        ("no sub", json!({ "sub": null })),
        ("sub of no person", json!({ "sub": "me" })),
        ("no sid", json!({ "sid": null })),
        ("no exp", json!({ "exp": null })),
        ("exp in words", json!({ "exp": "never" })),
        ("exp out of range", json!({ "exp": i64::MAX })),
        ("exp a float", json!({ "exp": 4e9 })),
        ("not yet issued", json!({ "iat": now + 3_600 })),
        ("not yet valid", json!({ "nbf": now + 3_600 })),
        ("nbf out of range", json!({ "nbf": i64::MAX })),
        ("a role that there is not", json!({ "roles": ["emperor"] })),
        ("no roles", json!({ "roles": null })),
        ("gen negative", json!({ "gen": -1 })),
    ] {
        add(&format!("claims: {what}"), good.with_claims(&change));
    }
    let claims = good.claims.to_string();
    let inner = &claims[1..claims.len() - 1];
    for text in [
        format!(r#"{{{inner},"roles":["admin"]}}"#),
        format!(r#"{{"sub":"{}",{inner}}}"#, OsRandom.uuid()),
        format!("{claims}{claims}"),
        format!("\"{whole}\""),
        whole.clone(),
        "null".to_owned(),
        String::new(),
    ] {
        add(&format!("claims text: {text:.60}"), good.with_claims_text(&text));
    }
    let mut table: Vec<_> = bad.into_iter().map(|(what, token)| (what, token, NOT_GOOD)).collect();
    for secs in [0, 1, 3_600] {
        table.push((
            format!("expired {secs} s ago"),
            good.with_claims(&json!({ "exp": now - secs })),
            "auth.token_expired",
        ));
    }
    table.push((
        "expired before 1970".to_owned(),
        good.with_claims(&json!({ "exp": -1 })),
        "auth.token_expired",
    ));
    table
}

#[tokio::test]
async fn no_bad_token_gets_anybody_in_over_rest_sockets_or_streams() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let good = Good::of(&app, &minji).await;
    assert_eq!(good.key.alg, SigningAlg::Es256);
    let ended = app.sign_in(&minji.email).await;
    assert_eq!(app.rest_as(Service::Auth, &ended).post("/v1/auth/sign-out", json!({})).await.status, 204);
    let mut table = table(&good, &minji, app.app().now().timestamp());
    table.push(("of an ended session".to_owned(), ended.access_token, "auth.session_ended"));
    assert!(table.len() > 250, "{}", table.len());

    // Whoever signs can sign a good one: what is refused below is refused for what it says.
    for token in
        [good.whole.clone(), good.with_claims(&json!({})), good.with_claims(&json!({ "unknown": 1 }))]
    {
        app.rest(Service::User).with_token(&token).get("/v1/users/me").await.expect(200);
    }
    let stream = format!("/v1/deliveries/{}/stream", OsRandom.uuid());
    let (gateway, app) = (app.address(Service::Gateway), &app);
    let tried = futures::stream::iter(&table).map(|(what, token, code)| {
        let stream = stream.as_str();
        async move {
            // What cannot be a header's value cannot be sent as one.
            if reqwest::header::HeaderValue::from_str(token).is_ok() {
                for (service, path) in [
                    (Service::User, "/v1/users/me"),
                    (Service::Gateway, "/v1/orders"),
                    (Service::Tracking, stream),
                ] {
                    let answer = app.rest(service).with_token(token).get(path).await;
                    assert_eq!(
                        (answer.status.as_u16(), &answer.body["type"]),
                        (401, &json!(code)),
                        "{what}: {token}"
                    );
                }
                let bearer = format!("Bearer {token}");
                let mut header = Socket::dial(gateway, &[("authorization", &bearer)]).await.unwrap();
                assert_eq!(header.frame().await["problem"]["type"], *code, "{what}");
                assert_eq!(header.hear().await, Heard::Closed(4401), "{what}");
            }
            let mut frame = Socket::dial(gateway, &[]).await.unwrap();
            frame.say(json!({ "op": "auth", "token": token })).await;
            if token.len() < 10_000 {
                assert_eq!(frame.frame().await["problem"]["type"], *code, "{what}");
            }
            while !matches!(frame.hear().await, Heard::Closed(_)) {}
        }
    });
    tried.buffer_unordered(16).collect::<Vec<()>>().await;
    app.rest(Service::User).with_token(&good.whole).get("/v1/users/me").await.expect(200);
}

#[tokio::test]
async fn a_token_that_was_seen_before_ends_with_its_time_and_its_session_all_the_same() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let me = async || app.rest_as(Service::User, &minji).get("/v1/users/me").await;
    for _ in 0..3 {
        me().await.expect(200);
    }
    app.clock.set_forward(TimeDelta::seconds(601));
    me().await.expect_problem(401, "auth.token_expired");
    app.clock.set_forward(TimeDelta::seconds(-601));
    me().await.expect(200);
    assert_eq!(app.rest_as(Service::Auth, &minji).post("/v1/auth/sign-out", json!({})).await.status, 204);
    me().await.expect_problem(401, "auth.session_ended");
    app.stop().await;
}

#[tokio::test]
async fn a_socket_is_renewed_by_its_own_session_alone() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let other = app.sign_in(&minji.email).await;
    let mut socket = Socket::open(app.address(Service::Gateway), &minji.access_token).await;
    // The end of the other session would not close this socket.
    let refused = socket.ask(json!({ "op": "auth", "token": other.access_token })).await;
    assert_eq!(refused["problem"]["type"], "forbidden");
    let body = json!({ "refresh_token": minji.refresh_token });
    let next = app.rest(Service::Auth).post("/v1/auth/refresh", body).await.expect(200);
    let renewed = socket.ask(json!({ "op": "auth", "token": next["access_token"] })).await;
    assert!(renewed["ok"]["expires_at"].is_string(), "{renewed}");
    app.rest_as(Service::Auth, &minji).post("/v1/auth/sign-out", json!({})).await;
    let closed = tokio::time::timeout(Duration::from_secs(2), socket.hear()).await;
    assert_eq!(closed.expect("within 2 s"), Heard::Closed(4402));
    app.stop().await;
}

#[tokio::test]
async fn ten_thousand_different_bad_requests_add_no_metric_series() {
    let app = TestApp::start().await;
    let process = Process::start(&app).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let good = Good::of(&app, &minji).await;
    let client = reqwest::Client::new();
    let gateway = process.gateway();
    let bad = async |number: u32| {
        let nobody = OsRandom.uuid();
        let (path, token) = match number % 5 {
            0 => ("/v1/users/me".to_owned(), format!("{nobody}")),
            1 => (format!("/v1/orders/{nobody}"), good.with_header(&json!({ "kid": nobody }))),
            2 => ("/v1/auth/sessions".to_owned(), good.with_claims(&json!({ "iss": format!("{nobody}") }))),
            3 => (format!("/v1/{nobody}"), good.signed_by(nobody.as_bytes())),
            _ => ("/v1/auth/refresh".to_owned(), format!("{}.{nobody}", good.head)),
        };
        let url = format!("{gateway}{path}");
        let request = if number % 5 == 4 {
            client.post(url).json(&json!({ "refresh_token": encode(nobody.as_bytes().repeat(3)) }))
        } else {
            client.get(url)
        };
        let status = request.bearer_auth(token).send().await.unwrap().status();
        assert!(status.is_client_error(), "{status}");
    };
    let send = async |numbers: std::ops::Range<u32>| {
        futures::stream::iter(numbers).map(&bad).buffer_unordered(32).collect::<Vec<()>>().await;
    };
    let series = async || {
        let text = client.get(format!("{gateway}/metrics")).send().await.unwrap().text().await.unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
            .collect::<std::collections::BTreeSet<_>>()
    };
    send(0..100).await;
    // Whoever reads the metrics is counted, too.
    series().await;
    let before = series().await;
    send(100..10_000).await;
    let more: Vec<_> = series().await.difference(&before).cloned().collect();
    assert!(more.is_empty(), "{more:?}");
    drop(process);
    app.stop().await;
}
