//! The report as one self-contained page: the verdict, a table, and plots as SVG. Two kinds
//! of plot do not need a charting library.

use std::fmt::Write;

use crate::report::{Column, Report, Verdict, short};

const COLOURS: [&str; 6] = ["#0a7d6f", "#9aa0a6", "#c2410c", "#d0b49f", "#4338ca", "#a5b4fc"];
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 260.0;

/// The page.
pub(crate) fn page(report: &Report) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title><style>{STYLE}</style>\
         <h1>{0}</h1><p>{1}; {2} rounds of {3} s, begun {4}, commit {5}, scale {6}</p>",
        report.scenario,
        report.title,
        report.rounds,
        report.seconds,
        report.begun_at,
        report.commit,
        report.scale
    );
    page.push_str("<h2>Verdict</h2><table><tr><th>what<th>target<th>figure<th>");
    for Verdict { what, target, figure, reached } in &report.verdicts {
        let (class, word) = if *reached { ("yes", "reached") } else { ("no", "not reached") };
        let figure = short(*figure);
        let _ = write!(page, "<tr><td>{what}<td>{target}<td>{figure}<td class={class}>{word}");
    }
    page.push_str("</table><h2>Figures</h2><p>Median of the rounds (least … most).</p><table><tr><th>");
    for column in &report.columns {
        let _ = write!(page, "<th>{}", column.name);
    }
    for name in report.names() {
        let _ = write!(page, "<tr><td>{name}");
        for column in &report.columns {
            let _ = write!(page, "<td>{}", column.summary(name));
        }
    }
    page.push_str("</table>");
    if report.columns.iter().any(|column| !column.curve.is_empty()) {
        page.push_str("<h2>Latency by quantile, ms</h2>");
        page.push_str(&curves(&report.columns));
    }
    page.push_str("<h2>Rounds</h2>");
    for name in report.names() {
        if let Some(plot) = dots(name, &report.columns) {
            page.push_str(&plot);
        }
    }
    page
}

/// Latency by quantile. Both axes are logarithmic: each further nine has the same width.
fn curves(columns: &[Column]) -> String {
    let nines = |quantile: f64| -(1.0 - quantile).max(1e-4).log10() / 4.0;
    let all = || columns.iter().flat_map(|column| column.curve.iter().map(|(_, ms)| ms.max(0.01)));
    let least = all().fold(f64::INFINITY, f64::min).log10().floor();
    let most = all().fold(0.1, f64::max).log10().ceil();
    let x = |quantile: f64| 50.0 + nines(quantile) * (WIDTH - 70.0);
    let y = |ms: f64| HEIGHT - 30.0 - (ms.max(0.01).log10() - least) / (most - least) * (HEIGHT - 50.0);
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\">");
    let mut power = least;
    while power <= most {
        let (ms, at) = (10_f64.powf(power), y(10_f64.powf(power)));
        let _ = write!(svg, "<path class=grid d=\"M50 {at}H{}\"/><text x=4 y={at}>{ms}</text>", WIDTH - 20.0);
        power += 1.0;
    }
    for quantile in [0.5, 0.9, 0.99, 0.999, 0.9999] {
        let at = x(quantile);
        let label = format!("p{}", quantile * 100.0);
        let _ = write!(svg, "<text x={at} y={} text-anchor=middle>{label}</text>", HEIGHT - 8.0);
    }
    for (place, column) in columns.iter().enumerate().filter(|(_, column)| !column.curve.is_empty()) {
        let colour = COLOURS[place % COLOURS.len()];
        let points: Vec<String> =
            column.curve.iter().map(|(quantile, ms)| format!("{:.1},{:.1}", x(*quantile), y(*ms))).collect();
        let _ = write!(svg, "<polyline stroke=\"{colour}\" points=\"{}\"/>", points.join(" "));
        let at = 16.0 + 14.0 * place as f64;
        let _ = write!(svg, "<text x=64 y={at} fill=\"{colour}\">{}</text>", column.name);
    }
    svg + "</svg>"
}

/// A plot of one figure, with a dot for each round.
fn dots(name: &str, columns: &[Column]) -> Option<String> {
    let most = columns.iter().flat_map(|column| column.sorted(name)).fold(0.0, f64::max);
    if most <= 0.0 || columns.iter().all(|column| column.rounds.len() < 2) {
        return None;
    }
    let height = 26.0 + 18.0 * columns.len() as f64;
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {height}\"><text x=4 y=14>{name}</text>");
    for (place, column) in columns.iter().enumerate() {
        let (at, colour) = (30.0 + 18.0 * place as f64, COLOURS[place % COLOURS.len()]);
        let _ = write!(svg, "<text x=4 y={at} fill=\"{colour}\">{}</text>", column.name);
        let _ = write!(svg, "<path class=grid d=\"M150 {0}H{1}\"/>", at - 4.0, WIDTH - 60.0);
        for value in column.sorted(name) {
            let x = 150.0 + value / most * (WIDTH - 220.0);
            let _ = write!(svg, "<circle cx={x:.1} cy={} r=4 fill=\"{colour}\"/>", at - 4.0);
        }
        let _ = write!(svg, "<text x={} y={at}>{}</text>", WIDTH - 54.0, short(column.median(name)));
    }
    Some(svg + "</svg>")
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
    color:#1f2937}table{border-collapse:collapse}td,th{padding:.2rem .8rem;border-bottom:1px solid #e5e7eb;\
    text-align:right;font-variant-numeric:tabular-nums}td:first-child,th:first-child{text-align:left}\
    .yes{color:#0a7d6f}.no{color:#c2410c;font-weight:bold}svg{display:block;max-width:760px;margin:.5rem 0}\
    svg text{font-size:11px}svg polyline{fill:none;stroke-width:2}.grid{stroke:#e5e7eb;fill:none}";
