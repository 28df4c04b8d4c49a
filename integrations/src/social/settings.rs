//! The file that lists the providers (docs/social-sign-in.md). Secrets stand outside it.

use std::collections::BTreeMap;

use domain::auth::social::ProviderName;
use serde::Deserialize;

use crate::http_url;

/// The providers. Never log them: they hold secrets.
#[derive(Clone, Default)]
pub struct Settings {
    /// The addresses that a provider may send a browser back to, as they are registered there;
    /// `{provider}` stands for its name. The first one is the default.
    pub redirect_uris: Vec<String>,
    /// The providers.
    pub providers: Vec<ProviderSettings>,
}

/// Whose habits a provider has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Company {
    /// kauth.kakao.com.
    Kakao,
    /// nid.naver.com.
    Naver,
    /// accounts.google.com.
    Google,
    /// appleid.apple.com.
    Apple,
    /// Any that speaks OpenID Connect with discovery.
    Openid,
}

/// One provider.
#[derive(Clone)]
pub struct ProviderSettings {
    pub(crate) name: ProviderName,
    pub(crate) company: Company,
    pub(crate) label: Option<String>,
    pub(crate) issuer: String,
    pub(crate) api_url: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) admin_key: Option<String>,
    pub(crate) team_id: String,
    pub(crate) key_id: String,
    pub(crate) private_key: String,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    redirect_uris: Vec<String>,
    providers: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    company: Company,
    client_id: String,
    label: Option<String>,
    issuer: Option<String>,
    api_url: Option<String>,
    team_id: Option<String>,
    key_id: Option<String>,
    private_key_file: Option<String>,
}

/// The file, or the secrets beside it, cannot be used. Its words quote no secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);

impl Settings {
    /// Reads the file. `secrets` are those of `kakao=…,kakao.admin=…`, by name; `read` reads
    /// another file that it names.
    pub fn read(
        text: &str,
        secrets: &str,
        read: impl Fn(&str) -> std::io::Result<String>,
    ) -> Result<Self, SettingsError> {
        let wrong = |what: String| SettingsError(what);
        let file: File = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let mut secrets = secrets_by_name(secrets)?;
        if file.redirect_uris.is_empty() {
            return Err(wrong("redirect_uris is empty".to_owned()));
        }
        let mut providers: Vec<ProviderSettings> = Vec::new();
        for entry in file.providers {
            let name: ProviderName =
                entry.name.parse().map_err(|error| wrong(format!("{}: {error}", entry.name)))?;
            if providers.iter().any(|before| before.name == name) {
                return Err(wrong(format!("{name} stands there twice")));
            }
            providers.push(provider(name, entry, &mut secrets, &read)?);
        }
        match secrets.into_keys().next() {
            Some(name) => Err(wrong(format!("there is a secret of {name}, which is not a provider"))),
            None => Ok(Self { redirect_uris: file.redirect_uris, providers }),
        }
    }
}

fn secrets_by_name(secrets: &str) -> Result<BTreeMap<String, String>, SettingsError> {
    let pairs = secrets.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let split = |pair: &str| {
        let (name, secret) = pair.split_once('=')?;
        Some((name.trim().to_owned(), secret.to_owned()))
    };
    pairs
        .map(|pair| split(pair).ok_or_else(|| SettingsError("a secret is written as name=secret".to_owned())))
        .collect()
}

fn provider(
    name: ProviderName,
    entry: Entry,
    secrets: &mut BTreeMap<String, String>,
    read: &impl Fn(&str) -> std::io::Result<String>,
) -> Result<ProviderSettings, SettingsError> {
    let wrong = |what: String| SettingsError(format!("{name}: {what}"));
    let need =
        |what: &'static str, value: Option<String>| value.ok_or_else(|| wrong(format!("{what} is missing")));
    let company = entry.company;
    let (issuer, api_url) = match company {
        Company::Kakao => ("https://kauth.kakao.com", "https://kapi.kakao.com"),
        Company::Naver => ("https://nid.naver.com/oauth2.0", "https://openapi.naver.com"),
        Company::Google => ("https://accounts.google.com", ""),
        Company::Apple => ("https://appleid.apple.com", ""),
        Company::Openid => ("", ""),
    };
    let issuer = need("issuer", entry.issuer.or_else(|| (!issuer.is_empty()).then(|| issuer.to_owned())))?;
    http_url(&issuer).map_err(wrong)?;
    let api_url = entry.api_url.unwrap_or_else(|| api_url.to_owned());
    let secret = secrets.remove(name.as_str());
    let admin_key = secrets.remove(&format!("{name}.admin"));
    let (mut client_secret, mut team_id, mut key_id, mut private_key) = Default::default();
    if company == Company::Apple {
        team_id = need("team_id", entry.team_id)?;
        key_id = need("key_id", entry.key_id)?;
        let file = need("private_key_file", entry.private_key_file)?;
        private_key = read(&file).map_err(|error| wrong(format!("{file}: {error}")))?;
    } else {
        client_secret = need("its secret in BAEDAL_PROVIDER_SECRETS", secret)?;
    }
    Ok(ProviderSettings {
        company,
        label: entry.label,
        issuer,
        api_url,
        client_id: entry.client_id,
        client_secret,
        admin_key,
        team_id,
        key_id,
        private_key,
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, secrets: &str) -> Result<Settings, SettingsError> {
        Settings::read(text, secrets, |_| Ok("key".to_owned()))
    }

    const FILE: &str = r#"{ "redirect_uris": ["https://b.example/{provider}"], "providers": [
        { "name": "kakao", "company": "kakao", "client_id": "k" },
        { "name": "apple", "company": "apple", "client_id": "a", "team_id": "T", "key_id": "K", "private_key_file": "f" } ] }"#;

    #[test]
    fn a_file_is_read_with_the_secrets_beside_it() {
        let settings = read(FILE, "kakao=a=b,kakao.admin=c").unwrap();
        let [kakao, apple] = &settings.providers[..] else { panic!("two") };
        assert_eq!((&*kakao.client_secret, kakao.admin_key.as_deref()), ("a=b", Some("c")));
        assert_eq!((&*kakao.issuer, &*kakao.api_url), ("https://kauth.kakao.com", "https://kapi.kakao.com"));
        assert_eq!((&*apple.private_key, &*apple.team_id), ("key", "T"));
    }

    #[test]
    fn what_cannot_be_used_is_named_without_its_secret() {
        let openid = r#"{ "redirect_uris": ["u"], "providers": [{ "name": "x", "company": "openid", "client_id": "k" }] }"#;
        for (file, secrets, said) in [
            (FILE, "", "kakao: its secret in BAEDAL_PROVIDER_SECRETS is missing"),
            (FILE, "kakao=geheim,naver=geheim", "a secret of naver"),
            (FILE, "geheim", "name=secret"),
            ("{", "", "EOF"),
            (openid, "x=geheim", "x: issuer is missing"),
            (&FILE.replace("\"name\": \"apple\"", "\"name\": \"kakao\""), "kakao=geheim", "twice"),
            (
                &FILE.replace("https://b.example/{provider}\"", "\", \"\"").replace("\", \"\"", "\""),
                "kakao=geheim",
                "",
            ),
        ] {
            let error = read(file, secrets).err().map(|error| error.to_string());
            if said.is_empty() {
                continue;
            }
            let error = error.unwrap();
            assert!(error.contains(said) && !error.contains("geheim"), "{error}");
        }
    }
}
