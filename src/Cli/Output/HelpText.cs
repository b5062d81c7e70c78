namespace Pawl.Cli.Output;

/// <summary>
/// Lays out advice. In the catalogue prose and commands alternate, divided by two or more spaces; a command stands on a line of its own,
/// unbroken, so that it can be copied.
/// </summary>
public static class HelpText
{
    public static IEnumerable<string> Lines(string text, int width, Paint paint)
    {
        var parts = text.Split("  ", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < parts.Length; i++)
        {
            if (i % 2 == 1) yield return "  " + paint.Cyan(parts[i]);
            else
            {
                foreach (var line in Cells.Wrap(parts[i], width)) yield return line;
            }
        }
    }
}
