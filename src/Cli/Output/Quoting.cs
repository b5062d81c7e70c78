namespace Pawl.Cli.Output;

/// <summary>Words of a command line as a POSIX shell reads them back.</summary>
public static class Quoting
{
    public static string Word(string text) =>
        text.Length > 0 && text.All(c => char.IsLetterOrDigit(c) || "_-./:@%+=,".Contains(c)) ? text
        : "'" + text.Replace("'", "'\\''") + "'";
}
