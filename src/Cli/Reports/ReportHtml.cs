using System.Globalization;
using System.Net;
using System.Text;
using Pawl.Cli.Output;
using Pawl.Cli.Progress;

namespace Pawl.Cli.Reports;

/// <summary>
/// The recovery report as one HTML file: nothing is loaded from elsewhere, and it follows the reader's light or dark setting.
/// </summary>
internal static class ReportHtml
{
    private const string Style = """
        :root{color-scheme:light dark;--ink:#1d2733;--dim:#5b6876;--line:#dde3ea;--paper:#fff;--soft:#f4f6f9;
          --good:#1a7f47;--bad:#c0322b;--bar:#2f6fd6}
        @media(prefers-color-scheme:dark){:root{--ink:#e4e9ef;--dim:#9aa7b5;--line:#2e3947;--paper:#141a21;--soft:#1c242d;
          --good:#4cc27f;--bad:#ff7b72;--bar:#6aa3ff}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);
          font:15px/1.55 system-ui,"Segoe UI",Roboto,"Noto Sans SC",sans-serif}
        main{max-width:960px;margin:0 auto;padding:32px 20px 64px}h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:36px 0 10px}
        .sub{color:var(--dim);margin:0 0 24px}.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:12px}
        .card{background:var(--soft);border-radius:10px;padding:14px 16px}
        .card b{display:block;font-size:24px;font-variant-numeric:tabular-nums}
        .card span{color:var(--dim)}.good{color:var(--good)}.bad{color:var(--bad)}
        .meter{height:12px;border-radius:6px;background:var(--soft);overflow:hidden;margin:20px 0 6px}
        .meter i{display:block;height:100%;background:var(--bar)}
        .wrap{overflow-x:auto}
        table{border-collapse:collapse;width:100%}
        th,td{text-align:left;padding:7px 14px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}
        th{color:var(--dim);font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
        ol{list-style:none;margin:0;padding:0}li{display:flex;gap:14px;padding:3px 0}
        time{color:var(--dim);font-variant-numeric:tabular-nums;flex:none}
        @media print{.card{border:1px solid var(--line)}}
        """;

    public static string Write(RecoveryReport r)
    {
        var text = new StringBuilder();
        var (name, title) = (Figures.RunName(r.Run.Run), Both("Recovery report", "恢复报告"));
        text.Append("<!doctype html>\n<html lang=\"" + Tag + "\">\n<head>\n<meta charset=\"utf-8\">\n"
            + "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n")
            .Append(CultureInfo.InvariantCulture,
                $"<title>{title} {name}{Both(": ", "：")}{E(r.Run.Job)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n<main>\n")
            .Append(CultureInfo.InvariantCulture,
                $"<h1>{title}</h1>\n<p class=\"sub\">{E(r.Run.Job)} · {Both("run", "运行")} {name} · {Figures.Moment(r.Run.Started)}</p>\n");
        Cards(text, r);
        text.Append("<h2>" + Both("Facts", "概况") + "</h2>\n<div class=\"wrap\"><table>\n");
        foreach (var (label, value) in ReportWords.Facts(r))
        {
            text.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{E(label)}</th><td>{E(value)}</td></tr>\n");
        }
        text.Append("</table></div>\n");
        Tables(text, r);
        text.Append("<h2>" + Both("What happened", "经过") + "</h2>\n<ol>\n");
        foreach (var e in r.Timeline)
        {
            if (EventLine.Of(e, e.At) is not { } line) continue;
            text.Append(CultureInfo.InvariantCulture, $"<li><time>{Figures.Moment(e.At)[11..19]}</time><span>{E(line)}</span></li>\n");
        }
        return text.Append("</ol>\n</main>\n</body>\n</html>\n").ToString();
    }

    private static void Cards(StringBuilder text, RecoveryReport r)
    {
        var proof = r.Proved ? ("good", Both("equal", "一致")) : r.Tables.Any(t => t.Verdict == "differs") ? ("bad", Both("differs", "不一致"))
            : ("", Both("not compared", "未比对"));
        var saved = r.SavedPercent.ToString("0.0", CultureInfo.InvariantCulture);
        text.Append("<div class=\"cards\">\n");
        Card(text, Figures.Full(r.RowsKept + r.RowsSkipped), Both("rows not copied again", "行无须重新复制"), "");
        Card(text, Figures.Full(r.RowsCopied), Both("rows copied by this run", "行由本次运行复制"), "");
        if (r.FirstRowMs is { } ms)
        {
            Card(text, Figures.Took(TimeSpan.FromMilliseconds(ms)), Both("until the first new row was durable", "后首个新行落盘"), "");
        }
        Card(text, proof.Item2, Both("source and target", "源端与目标端"), proof.Item1);
        text.Append(CultureInfo.InvariantCulture,
            $"</div>\n<div class=\"meter\" role=\"img\" aria-label=\"{Both($"{saved} percent kept", $"保留 {saved}%")}\">")
            .Append(CultureInfo.InvariantCulture, $"<i style=\"width:{saved}%\"></i></div>\n<p class=\"sub\">")
            .Append(Both($"{saved} % of the rows were durable already and stayed as they were.", $"{saved}% 的行早已落盘，原样保留。"))
            .Append("</p>\n");
    }

    private static void Card(StringBuilder text, string figure, string label, string style) =>
        text.Append(CultureInfo.InvariantCulture,
            $"<div class=\"card\"><b class=\"{style}\">{E(figure)}</b><span>{E(label)}</span></div>\n");

    private static void Tables(StringBuilder text, RecoveryReport r)
    {
        text.Append("<h2>" + Both("Tables", "各表") + "</h2>\n<div class=\"wrap\"><table>\n<tr>");
        foreach (var (heading, style) in ReportWords.Columns)
        {
            text.Append(CultureInfo.InvariantCulture, $"<th{(style ? " class=\"n\"" : "")}>{E(heading)}</th>");
        }
        text.Append("</tr>\n");
        foreach (var t in r.Tables)
        {
            var style = t.Proved ? "good" : t.Verdict.Length > 0 ? "bad" : "";
            text.Append(CultureInfo.InvariantCulture,
                $"<tr><td>{E(t.Source)}</td><td>{E(t.Target)}</td><td class=\"n\">{Figures.Full(t.RowsKept)}</td>")
                .Append(CultureInfo.InvariantCulture,
                    $"<td class=\"n\">{Figures.Full(t.RowsCopied)}</td><td class=\"n\">{Figures.Full(t.Rejected)}</td>")
                .Append(CultureInfo.InvariantCulture,
                    $"<td>{E(ReportWords.Guarantee(t))}</td><td class=\"{style}\">{E(ReportWords.Verdict(t))}</td></tr>\n");
        }
        text.Append("</table></div>\n");
    }

    private static string E(string text) => WebUtility.HtmlEncode(text);
}
