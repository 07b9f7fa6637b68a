"""Rust: a function that borrows its arguments; it fails with ``Err`` of a ``String``."""

from __future__ import annotations

from typing import Any

from codescale.evaluation.programs.forms.base import decimal, items, quoted_by_code_points
from codescale.evaluation.programs.specification import Specification
from codescale.evaluation.programs.types import Type

_SIMPLE = {"int": "i64", "long": "i64", "float": "f64", "bool": "bool", "string": "String"}

_DRIVER = """mod driver {
    trait Json {
        fn json(&self) -> std::string::String;
    }
    impl Json for i64 {
        fn json(&self) -> std::string::String {
            self.to_string()
        }
    }
    impl Json for bool {
        fn json(&self) -> std::string::String {
            self.to_string()
        }
    }
    impl Json for f64 {
        fn json(&self) -> std::string::String {
            format!("{:?}", self)
        }
    }
    impl Json for std::string::String {
        fn json(&self) -> std::string::String {
            let mut text = std::string::String::from("\\"");
            for unit in self.encode_utf16() {
                match unit {
                    0x22 | 0x5c | 0..=0x1f | 0x7f..=0xffff => text += &format!("\\\\u{:04x}", unit),
                    _ => text.push(unit as u8 as char),
                }
            }
            text + "\\""
        }
    }
    impl<T: Json> Json for Vec<T> {
        fn json(&self) -> std::string::String {
            format!("[{}]", self.iter().map(|item| item.json()).collect::<Vec<_>>().join(","))
        }
    }
    impl<T: Json> Json for std::collections::HashMap<std::string::String, T> {
        fn json(&self) -> std::string::String {
            let entries: Vec<_> = self.iter().map(|(key, item)| key.json() + ":" + &item.json()).collect();
            format!("{{{}}}", entries.join(","))
        }
    }
    impl<T: Json> Json for std::option::Option<T> {
        fn json(&self) -> std::string::String {
            self.as_ref().map_or("null".to_string(), |item| item.json())
        }
    }
    fn report<T: Json>(index: usize, call: impl FnOnce() -> Result<T, std::string::String> + std::panic::UnwindSafe) {
        let line = match std::panic::catch_unwind(call) {
            Ok(Ok(value)) => "ok ".to_string() + &value.json(),
            Ok(Err(_)) => "fails".to_string(),
            Err(_) => "error".to_string(),
        };
        println!("\\nMARK {} {}", index, line);
    }
    pub fn run() {
        std::panic::set_hook(Box::new(|_| {}));
CASES
    }
}

fn main() {
    driver::run();
}
"""


class RustForm:
    """Rust."""

    empty_is_null = False

    def signature(self, specification: Specification) -> str:
        parameters = ", ".join(f"{name}: {_borrowed(kind)}" for name, kind in specification.parameter_types.items())
        result = _name(specification.result_type)
        returned = f"Result<{result}, String>" if specification.fails else result
        return f"fn {specification.name}({parameters}) -> {returned} {{\n"

    def documented(self, specification: Specification, lines: list[str]) -> str:
        body = "".join(f"/// {line}".rstrip() + "\n" for line in lines)
        return f"{body}{self.signature(specification)}"

    def driver(self, specification: Specification, mark: str) -> str:
        types = list(specification.parameter_types.values())
        lines = []
        for index, case in enumerate(specification.cases):
            arguments = ", ".join(_argument(value, kind) for value, kind in zip(case.given, types, strict=True))
            call = f"super::{specification.name}({arguments})"
            lines.append(f"        report({index}, || {call if specification.fails else f'Ok({call})'});")
        return _DRIVER.replace("MARK", mark).replace("CASES", "\n".join(lines))


def _name(kind: Type) -> str:
    if kind.kind == "list":
        return f"Vec<{_name(kind.of)}>"
    if kind.kind == "map":
        return f"HashMap<String, {_name(kind.of)}>"
    if kind.kind == "optional":
        return f"Option<{_name(kind.of)}>"
    return _SIMPLE[kind.kind]


def _borrowed(kind: Type) -> str:
    if kind.kind == "string":
        return "&str"
    if kind.kind == "list":
        return f"&[{_name(kind.of)}]"
    return f"&{_name(kind)}" if kind.kind == "map" else _name(kind)


def _argument(value: Any, kind: Type) -> str:
    if kind.kind == "string":
        return _text(value)
    return f"&{_literal(value, kind)}" if kind.kind in ("list", "map") else _literal(value, kind)


def _literal(value: Any, kind: Type) -> str:
    if kind.kind in ("list", "map"):
        entries = [(key, _literal(item, kind.of)) for key, item in items(value, kind)]
        inside = ", ".join(item if key is None else f"({_text(key)}.to_string(), {item})" for key, item in entries)
        return f"vec![{inside}]" if kind.kind == "list" else f"std::collections::HashMap::from([{inside}])"
    if kind.kind == "string":
        return f"{_text(value)}.to_string()"
    return decimal(value) if kind.kind == "float" else str(value).lower()


def _text(value: str) -> str:
    return quoted_by_code_points(value, "\\u{{{:x}}}")
