using System.Net;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// What the tool's pages have in common. A page is one file that needs no other. It follows the reader's choice of light or dark, and fits
/// the width of a phone.
/// </summary>
internal static class HtmlPage
{
    private const string Style = """
        :root {
          color-scheme: light dark;
          --page: #fcfcfb; --card: #fff; --text: #1c1d20; --soft: #5d626b; --line: #e1e3e6;
        }
        @media (prefers-color-scheme: dark) {
          :root { --page: #131417; --card: #1c1e22; --text: #e8e9eb; --soft: #a0a6b0; --line: #33363c; }
        }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1.25rem; max-width: 76rem; font: 16px/1.5 system-ui, sans-serif; }
        body { background: var(--page); color: var(--text); }
        h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; }
        p { margin: .4rem 0; color: var(--soft); }
        code { font: .85rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; color: var(--text); }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; margin: 1.25rem 0; }
        figure { margin: 0; padding: .8rem .8rem .3rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
        figcaption { font-weight: 600; }
        figcaption span { margin-right: .4rem; font-weight: 400; font-size: .875rem; color: var(--soft); white-space: nowrap; }
        svg { display: block; width: 100%; height: auto; font: 13px system-ui, sans-serif; }
        svg text { fill: var(--soft); }
        /* Charts shrink with the page; their numbers stay as large as can be read. */
        @media (max-width: 34rem) { body { padding: .9rem; } svg { font-size: 17px; } }
        .grid { stroke: var(--line); }
        .table { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
        summary { cursor: pointer; color: var(--soft); }
        """;

    internal const string End = "</body>\n</html>";

    /// <summary>The beginning of a page, up to the body's first element.</summary>
    /// <param name="title">The page's title, as plain text.</param>
    /// <param name="style">The page's own style sheet.</param>
    internal static string Begin(string title, string style) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title>{Text(title)}</title>
        <style>
        {Style}
        {style}
        </style>
        </head>
        <body>

        """;

    /// <summary>Plain text, encoded for HTML.</summary>
    internal static string Text(string text) => WebUtility.HtmlEncode(text);
}
