//! Reads JSON strictly: an object is an object.
//!
//! Serde reads a struct from an array as well, its fields in the order of the source,
//! and names our types where something else comes. Neither is anybody's business:
//! [`Objects`] wraps a deserializer, and all that it hands on, so that a struct is
//! read from a map alone and is called an object.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

/// See the module. Around a deserializer, or around what one hands to its visitor.
#[derive(Debug)]
pub struct Objects<T>(pub T);

/// Reads a value so, as `#[serde(deserialize_with = "domain::objects::read")]` for
/// fields of what can't be wrapped itself.
///
/// # Errors
/// What the deserializer says.
pub fn read<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    T::deserialize(Objects(from))
}

/// A visitor that sees only wrapped values.
struct Reader<V> {
    inner: V,
    expects: Option<&'static str>,
}

const OBJECT: Option<&str> = Some("an object");
const CHOICE: Option<&str> = Some("one of the documented values");

macro_rules! forward {
    ($($name:ident($($arg:ident: $type:ty),*), $expects:expr;)*) => {$(
        fn $name<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$name($($arg,)* Reader { inner: visitor, expects: $expects })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Objects<D> {
    type Error = D::Error;

    forward! {
        deserialize_any(), None;
        deserialize_bool(), None;
        deserialize_i8(), None;
        deserialize_i16(), None;
        deserialize_i32(), None;
        deserialize_i64(), None;
        deserialize_i128(), None;
        deserialize_u8(), None;
        deserialize_u16(), None;
        deserialize_u32(), None;
        deserialize_u64(), None;
        deserialize_u128(), None;
        deserialize_f32(), None;
        deserialize_f64(), None;
        deserialize_char(), None;
        deserialize_str(), None;
        deserialize_string(), None;
        deserialize_bytes(), None;
        deserialize_byte_buf(), None;
        deserialize_option(), None;
        deserialize_unit(), None;
        deserialize_unit_struct(name: &'static str), None;
        deserialize_newtype_struct(name: &'static str), None;
        deserialize_seq(), None;
        deserialize_tuple(len: usize), None;
        deserialize_tuple_struct(name: &'static str, len: usize), None;
        deserialize_map(), None;
        deserialize_enum(name: &'static str, variants: &'static [&'static str]), CHOICE;
        deserialize_identifier(), None;
        deserialize_ignored_any(), None;
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Reader { inner: visitor, expects: OBJECT })
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! visit {
    ($($name:ident($type:ty);)*) => {$(
        fn $name<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$name(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Reader<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.expects {
            Some(expects) => f.write_str(expects),
            None => self.inner.expecting(f),
        }
    }

    visit! {
        visit_bool(bool);
        visit_i64(i64);
        visit_i128(i128);
        visit_u64(u64);
        visit_u128(u128);
        visit_f64(f64);
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Objects(some))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Objects(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        if self.expects == OBJECT {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        self.inner.visit_seq(Objects(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Objects(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, choice: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Objects(choice))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Objects<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Objects(from))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Objects(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Objects(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Objects<A> {
    type Error = A::Error;
    type Variant = Objects<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        self.0.variant_seed(seed).map(|(value, variant)| (value, Objects(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Objects(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Reader { inner: visitor, expects: None })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Reader { inner: visitor, expects: OBJECT })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Outer {
        inner: Inner,
        more: Option<Vec<Inner>>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Inner {
        n: u8,
    }

    fn outer(text: &str) -> Result<Outer, String> {
        read(&mut serde_json::Deserializer::from_str(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_struct_is_read_from_an_object_alone_at_any_depth() {
        let good = outer(r#"{"inner":{"n":1},"more":[{"n":2}]}"#).unwrap();
        assert_eq!((good.inner.n, good.more.unwrap()[0].n), (1, 2));
        for bad in [
            r#"[{"n":1},null]"#,
            r#"{"inner":[1]}"#,
            r#"{"inner":{"n":1},"more":[[2]]}"#,
            r#"{"inner":5}"#,
            r#"{"inner":"x"}"#,
            r#"{"inner":null}"#,
            "7",
        ] {
            let said = outer(bad).unwrap_err();
            assert!(said.starts_with("invalid type") && said.contains("expected an object"), "{bad}: {said}");
            assert!(!said.contains("Inner") && !said.contains("Outer"), "{said}");
        }
    }
}
