//! What `baedal` says when it cannot start: which variable, what is allowed, what happened,
//! and never a secret.

use std::process::Stdio;
use std::time::Duration;

use tests::TestApp;
use tests::process::binary;
use tokio::process::Command;

/// The end of `baedal serve` with these settings: whether it failed, and what it said.
async fn serve(settings: &[(&str, &str)]) -> String {
    let mut command = Command::new(binary());
    command.arg("serve").env_clear().env("BAEDAL_VAULT_KEYS", KEYS).kill_on_drop(true);
    command.envs(settings.iter().copied());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), child.wait_with_output());
    let ended = ended.await.expect("it ends by itself").unwrap();
    assert!(!ended.status.success(), "{settings:?}");
    String::from_utf8(ended.stderr).unwrap() + &String::from_utf8(ended.stdout).unwrap()
}

/// A key of the vault, by its words no secret.
const KEYS: &str = "test:Z2VoZWltLTctZ2VoZWltLTctZ2VoZWltLTctZ2VoZWk=";

const NOWHERE: &str = "postgres://somebody:geheim-7@127.0.0.1:1/nothing";

#[tokio::test]
async fn what_is_wrong_with_a_setting_is_said_by_its_name_and_without_secrets() {
    for (settings, words) in [
        (&[("DATABASE_URL", NOWHERE)][..], &["DATABASE_URL", "127.0.0.1:1", "somebody", "refused"][..]),
        (&[("DATABASE_URL", "")], &["DATABASE_URL", "postgres://user"]),
        (&[("DATABASE_URL", "mysql://a:geheim-7@b/c")], &["DATABASE_URL", "postgres://user"]),
        (
            &[("DATABASE_URL", NOWHERE), ("BAEDAL_VAULT_KEYS", "")],
            &["BAEDAL_VAULT_KEYS", "no key is given", "baedal new-vault-key"],
        ),
        (
            &[("DATABASE_URL", NOWHERE), ("BAEDAL_VAULT_KEYS", "test:geheim-7")],
            &["BAEDAL_VAULT_KEYS", "32 bytes", "baedal new-vault-key"],
        ),
        (&[("DATABASE_URL", NOWHERE), ("BAEDAL_FIRST_PORT", "65530")], &["BAEDAL_FIRST_PORT", "65523"]),
        (&[("DATABASE_URL", NOWHERE), ("BAEDAL_LOG", "=,=")], &["BAEDAL_LOG", "baedal=debug"]),
        (&[("DATABASE_URL", NOWHERE), ("BAEDAL_TOSS_URL", "toss.example")], &["BAEDAL_TOSS_URL"]),
        (
            &[("DATABASE_URL", NOWHERE), ("BAEDAL_TOSS_URL", "ftp://a.example")],
            &["BAEDAL_TOSS_URL", "https://"],
        ),
        (
            &[("DATABASE_URL", NOWHERE), ("BAEDAL_RESEND_API_KEY", "re_geheim-7")],
            &["BAEDAL_RESEND_API_KEY", "BAEDAL_MAIL_FROM"],
        ),
        (
            &[("DATABASE_URL", NOWHERE), ("BAEDAL_SOLAPI_API_KEY", "geheim-7")],
            &["BAEDAL_SOLAPI_API_KEY", "BAEDAL_SOLAPI_API_SECRET"],
        ),
        (
            &[("DATABASE_URL", NOWHERE), ("BAEDAL_SOCKET_PATIENCE", "8")],
            &["BAEDAL_SOCKET_PATIENCE", "BAEDAL_SOCKET_VIOLATIONS"],
        ),
        (&[("DATABASE_URL", NOWHERE), ("BAEDAL_SMS_FROM", "02-1588-1588")], &["BAEDAL_SMS_FROM", "digits"]),
        (
            &[("DATABASE_URL", NOWHERE), ("BAEDAL_FCM_ACCOUNT", "/nowhere.json")],
            &["BAEDAL_FCM_ACCOUNT", "/nowhere"],
        ),
        (&[("DATABASE_URL", NOWHERE), ("BAEDAL_FCM_ACCOUNT", "/dev/null")], &["fcm", "key file"]),
        (
            &[("DATABASE_URL", NOWHERE), ("BAEDAL_BLOBS", "s3://b"), ("BAEDAL_S3_SECRET_KEY", "geheim-7")],
            &["BAEDAL_BLOBS", "BAEDAL_S3_ACCESS_KEY"],
        ),
    ] {
        let said = serve(settings).await;
        for word in words {
            assert!(said.contains(word), "{settings:?} does not say {word}: {said}");
        }
        assert!(!said.contains("geheim-7") && !said.contains("panicked"), "{said}");
    }
}

/// A container may hold only the program: root certificates are needed only for third parties
/// that are called over TLS.
#[tokio::test]
async fn a_machine_without_certificates_calls_what_needs_none() {
    let folder = std::env::temp_dir().join(format!("certificates-{}", sim::system::fresh_id()));
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("none.pem");
    std::fs::write(&file, "").unwrap();
    let none = [
        ("DATABASE_URL", NOWHERE),
        ("BAEDAL_FIRST_PORT", "0"),
        ("SSL_CERT_FILE", file.to_str().unwrap()),
        ("SSL_CERT_DIR", folder.to_str().unwrap()),
    ];
    let said = serve(&none).await;
    assert!(said.contains("DATABASE_URL") && said.contains("refused"), "it goes on to the database: {said}");
    let said = serve(&[&none[..], &[("BAEDAL_TOSS_URL", "https://toss.example")]].concat()).await;
    assert!(said.contains("toss") && said.contains("certificates"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_empty_database_is_refused_and_one_is_migrated_when_asked() {
    let url = std::env::var("DATABASE_URL").unwrap();
    let name = format!("baedal_start_{}", domain::Ids::uuid(&server::system::OsRandom).simple());
    let empty = store::scratch::create_empty(&url, &name).await.unwrap();
    let said = serve(&[("DATABASE_URL", &empty.url), ("BAEDAL_FIRST_PORT", "0")]).await;
    assert!(said.contains("baedal migrate") && said.contains("empty"), "{said}");
    let version = env!("CARGO_PKG_VERSION");
    store::Store::migrate(&empty).await.unwrap();
    assert_eq!(store::schema::check(&empty, version).await.unwrap(), store::schema::Schema::Current);

    // A migration of a newer program: a warning, unless it asks for a newer program.
    store::scratch::run_in(&empty, NEWER).await.unwrap();
    assert_eq!(store::schema::check(&empty, version).await.unwrap(), store::schema::Schema::Newer);
    store::scratch::run_in(&empty, FORBIDS).await.unwrap();
    let refused = store::schema::check(&empty, version).await.unwrap_err().to_string();
    assert!(refused.contains("needs baedal 12.0.0 or newer"), "{refused}");
    assert_eq!(store::schema::check(&empty, "12.0.0").await.unwrap(), store::schema::Schema::Newer);

    // An older one: this program knows a migration that it has not.
    store::scratch::run_in(&empty, OLDER).await.unwrap();
    let refused = store::schema::check(&empty, version).await.unwrap_err().to_string();
    assert!(refused.contains("older") && refused.contains("baedal migrate"), "{refused}");
    store::scratch::remove(&url, &name).await.unwrap();
}

#[tokio::test]
async fn a_database_that_cannot_read_korean_is_refused() {
    let url = std::env::var("DATABASE_URL").unwrap();
    let name = format!("baedal_start_{}", domain::Ids::uuid(&server::system::OsRandom).simple());
    let ascii = store::scratch::create_in_locale(&url, &name, "C").await.unwrap();
    for settings in [&[("BAEDAL_MIGRATE", "false")], &[("BAEDAL_MIGRATE", "true")]] {
        let database = [("DATABASE_URL", ascii.url.as_str()), ("BAEDAL_FIRST_PORT", "0")];
        let said = serve(&[&database[..], &settings[..]].concat()).await;
        assert!(said.contains("DATABASE_URL") && said.contains("cannot search Korean names"), "{said}");
        assert!(said.contains("C.UTF-8"), "{said}");
    }
    store::scratch::remove(&url, &name).await.unwrap();
}

const NEWER: &str = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
    values (999999, 'of tomorrow', true, '', 0)";
const FORBIDS: &str = "insert into schema.minimum_versions values (999999, '12.0.0', 'a column went')";
const OLDER: &str = "delete from _sqlx_migrations where version = 1";

#[tokio::test]
async fn a_port_is_not_ready_while_its_schema_is_not_there() {
    let app = TestApp::start().await;
    let ready =
        || async { reqwest::get(format!("{}/readyz", app.url(server::Service::Order))).await.unwrap() };
    assert_eq!(ready().await.status(), 200);
    let database = store::Database { url: app.database_url().to_owned(), ..database() };
    store::scratch::run_in(&database, "update _sqlx_migrations set success = false").await.unwrap();
    assert_eq!(ready().await.status(), 503);
    app.stop().await;
}

fn database() -> store::Database {
    store::Database { url: String::new(), max_connections: 1, acquire_timeout: Duration::from_secs(3) }
}
